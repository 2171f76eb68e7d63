// Reading is strict where the audit depends on it and silent about everything that a rush does not need.
#include "rush/wire.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <stdexcept>

#include "rush/instant.hpp"

namespace zl::rush {
namespace {

namespace json = boost::json;

constexpr std::size_t answer_memory_bytes = 4096;
constexpr std::size_t page_memory_bytes = 65'536;

Instant read_instant(const json::value& value, std::string_view key) {
  const std::string text(value.at(key).as_string());
  const auto instant = parse_instant(text);
  if (!instant) {
    throw std::runtime_error(fmt::format("{} is no instant: {}", key, text));
  }
  return *instant;
}

std::optional<Instant> read_decided_at(const json::value& value) {
  const json::value* receipt = value.as_object().if_contains("receipt");
  if (receipt == nullptr || !receipt->is_object()) {
    return std::nullopt;
  }
  const auto text = read_text(*receipt, "decided_at");
  return text ? parse_instant(*text) : std::nullopt;
}

std::optional<int> read_cap(const json::value& rules, std::string_view key) {
  const json::value* cap = rules.as_object().if_contains(key);
  return cap == nullptr || cap->is_null() ? std::nullopt : std::optional(cap->to_number<int>());
}

bool names_sold_out(const json::value& problem) {
  const json::value* violations = problem.as_object().if_contains("violations");
  if (violations == nullptr) {
    return false;
  }
  for (const json::value& violation : violations->as_array()) {
    const json::value* provisional = violation.as_object().if_contains("provisional");
    const bool may_change = provisional != nullptr && provisional->is_bool() && provisional->as_bool();
    if (violation.at("code").as_string() == "sold_out" && !may_change) {
      return true;
    }
  }
  return false;
}

Verdict judge_booking(const json::value& booking) {
  const std::string state(booking.at("state").as_string());
  // A repeat of a key whose booking was cancelled meanwhile is answered with the booking as it is.
  const std::string code = state == "confirmed" ? "granted" : state;
  return {.outcome = Outcome::granted,
          .code = code,
          .booking_id = std::string(booking.at("id").as_string()),
          .decided_at = read_decided_at(booking),
          .told_sold_out = false};
}

Verdict judge_problem(const json::value& problem) {
  const std::string code(problem.at("code").as_string());
  const bool definite = code != "outcome_unknown" && code != "internal";
  return {.outcome = definite ? Outcome::refused : Outcome::unknown,
          .code = code,
          .booking_id = {},
          .decided_at = read_decided_at(problem),
          .told_sold_out = names_sold_out(problem)};
}

}  // namespace

Verdict judge(unsigned status, std::string_view body) {
  try {
    std::array<unsigned char, answer_memory_bytes> memory;
    json::monotonic_resource resource(memory.data(), memory.size());
    const json::value answer = json::parse(json::string_view(body.data(), body.size()), &resource);
    return status == 200 || status == 201 ? judge_booking(answer) : judge_problem(answer);
  } catch (const std::exception&) {
    Verdict unreadable;
    unreadable.code = fmt::format("http {}", status);
    return unreadable;
  }
}

Activity read_activity(const json::value& value) {
  Activity activity;
  activity.id = value.at("id").as_string();
  activity.title = value.at("title").as_string();
  activity.capacity = value.at("capacity").to_number<int>();
  activity.remaining = value.at("remaining").to_number<int>();
  activity.age_min = read_cap(value, "age_min").value_or(0);
  activity.age_max = read_cap(value, "age_max").value_or(150);
  for (const json::value& session : value.at("sessions").as_array()) {
    activity.sessions.push_back(
        {.starts_at = read_instant(session, "starts_at"), .ends_at = read_instant(session, "ends_at")});
  }
  if (activity.sessions.empty()) {
    throw std::runtime_error(fmt::format("activity {} has no session", activity.id));
  }
  activity.first_day = day_of(activity.sessions.front().starts_at);
  return activity;
}

Programme read_programme(const json::value& value) {
  Programme programme;
  programme.id = value.at("id").as_string();
  programme.title = value.at("title").as_string();
  programme.opens_at = read_instant(value, "opens_at");
  const json::value& rules = value.at("rules");
  programme.rules.max_per_attendee = read_cap(rules, "max_per_attendee");
  programme.rules.max_per_user = read_cap(rules, "max_per_user");
  programme.rules.forbid_overlap = rules.at("forbid_overlap").as_bool();
  return programme;
}

RosterEntry read_roster_entry(const json::value& value, std::size_t activity) {
  return {.activity = activity,
          .booking_id = std::string(value.at("booking_id").as_string()),
          .user_id = std::string(value.at("user").at("id").as_string()),
          .attendee_id = std::string(value.at("attendee").at("id").as_string()),
          .active = value.at("state").as_string() != "cancelled",
          .decided_at = read_decided_at(value)};
}

void read_seats(std::string_view page, const std::function<void(std::string_view id, int remaining)>& tell) {
  // Ten thousand parents look at one time. Their pages are read in memory that this thread has touched before: a page
  // of memory that is touched for the first time costs as much as reading what is in it.
  thread_local std::array<unsigned char, page_memory_bytes> memory;
  json::monotonic_resource resource(memory.data(), memory.size());
  const json::value list = json::parse(json::string_view(page.data(), page.size()), &resource);
  for (const json::value& item : list.at("items").as_array()) {
    const json::string& id = item.at("id").as_string();
    tell({id.data(), id.size()}, item.at("remaining").to_number<int>());
  }
}

std::optional<std::string> read_text(const json::value& value, std::string_view key) {
  const json::value* text = value.as_object().if_contains(json::string_view(key.data(), key.size()));
  return text == nullptr || !text->is_string() ? std::nullopt : std::optional(std::string(text->as_string()));
}

}  // namespace zl::rush
