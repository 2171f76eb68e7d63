#include "store/redis/gate_replies.hpp"

#include <charconv>
#include <utility>

namespace zl::redis {
namespace {

base::Unknown unreadable() {
  return {"redis: an answer of another shape than the functions give"};
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::int64_t number_at(const Reply& reply, std::size_t index) {
  return reply.item(index).number().value_or(0);
}

int int_at(const Reply& reply, std::size_t index) {
  return static_cast<int>(number_at(reply, index));
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    out.push_back(text.substr(0, space));
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return out;
}

std::optional<base::Instant> parse_when(std::string_view text) {
  const auto ms = parse_number(text);
  if (!ms) return std::nullopt;
  return base::Instant{static_cast<std::int64_t>(*ms)};
}

/// Whether the items [first, end) are numbers.
bool are_numbers(const Reply& reply, std::size_t first, std::size_t end) {
  for (std::size_t i = first; i < end; ++i) {
    if (!reply.item(i).number()) return false;
  }
  return true;
}

std::optional<domain::Violation> read_time_violation(std::string_view kind, std::string_view when) {
  const auto moment = parse_when(when);
  if (moment && kind == "closed") return domain::Closed{*moment};
  if (moment && kind == "not_open") return domain::NotOpen{*moment};
  return std::nullopt;
}

std::optional<domain::Violation> read_limit(const std::vector<std::string_view>& word) {
  const auto limit = parse_number(word[2]);
  const auto used = parse_number(word[3]);
  const bool of_attendee = word[1] == "attendee";
  if (!limit || !used || (!of_attendee && word[1] != "user")) return std::nullopt;
  return domain::LimitReached{of_attendee ? domain::CapScope::attendee : domain::CapScope::user,
                              static_cast<int>(*limit), static_cast<int>(*used), word[4] == "1"};
}

/// One broken rule, as gate.lua words it: "limit attendee 2 2 0".
std::optional<domain::Violation> read_violation(std::string_view text) {
  const std::vector<std::string_view> word = words(text);
  if (word.size() == 2) return read_time_violation(word[0], word[1]);
  if (word.size() == 5 && word[0] == "limit") return read_limit(word);
  if (word.size() != 3) return std::nullopt;
  const bool provisional = word[2] == "1";
  if (word[0] == "already") {
    if (const auto id = base::BookingId::parse(word[1])) return domain::AlreadyBooked{id, provisional};
  } else if (word[0] == "overlaps") {
    if (const auto id = base::ActivityId::parse(word[1])) return domain::Overlaps{*id, provisional};
  } else if (word[0] == "sold_out") {
    if (word[1] == "-" || parse_when(word[1])) return domain::SoldOut{parse_when(word[1]), provisional};
  }
  return std::nullopt;
}

/// Positions in the answer of zl_book after its first word.
enum Position : std::size_t {
  at_epoch = 1,
  at_arrival,
  at_first,
  at_decided,
  at_opens,
  at_remaining,
  at_change,
  at_used,
  at_capacity,
  at_again,
  at_violations
};

domain::Receipt read_receipt(const Reply& reply) {
  domain::Receipt receipt;
  receipt.arrival = static_cast<std::uint64_t>(number_at(reply, at_first));
  receipt.decided_at = {number_at(reply, at_decided)};
  receipt.opens_at = {number_at(reply, at_opens)};
  receipt.remaining = int_at(reply, at_remaining);
  return receipt;
}

}  // namespace

std::string format_grant(domain::GrantNumber grant) {
  return std::to_string(grant.epoch()) + "." + std::to_string(grant.arrival());
}

std::optional<domain::GrantNumber> parse_grant(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto epoch = parse_number(text.substr(0, dot));
  const auto arrival = parse_number(text.substr(dot + 1));
  if (!epoch || !arrival) return std::nullopt;
  return domain::GrantNumber::of(*epoch, *arrival);
}

base::Outcome<app::GateDecision> read_decision(const Reply& reply, const base::ActivityId& activity_id) {
  if (auto none = no_answer<app::GateDecision>(reply)) return *std::move(none);
  const std::string& word = reply.item(0).text();
  if (word == "lost") return app::GateDecision(app::GateLost{});
  if (word == "conflict") {
    return base::Refused{base::Code::idempotency_conflict, "this Idempotency-Key was used for another booking", {}, 0};
  }
  if (!are_numbers(reply, at_epoch, at_violations)) return unreadable();

  const auto epoch = static_cast<std::uint64_t>(number_at(reply, at_epoch));
  const app::SeatCount seats{activity_id,
                             {epoch, static_cast<std::uint64_t>(number_at(reply, at_change))},
                             int_at(reply, at_used),
                             int_at(reply, at_capacity)};
  if (word == "granted") {
    const auto grant = domain::GrantNumber::of(epoch, static_cast<std::uint64_t>(number_at(reply, at_arrival)));
    return app::GateDecision(app::Granted{grant, read_receipt(reply), seats, number_at(reply, at_again) == 1});
  }
  if (word != "refused") return unreadable();
  domain::Refusal refusal{{}, read_receipt(reply)};
  for (std::size_t i = at_violations; i < reply.items().size(); ++i) {
    auto violation = read_violation(reply.item(i).text());
    if (!violation) return unreadable();
    refusal.violations.push_back(*std::move(violation));
  }
  if (refusal.violations.empty()) return unreadable();
  domain::sort_by_weight(refusal.violations);
  return app::GateDecision(app::GateRefused{std::move(refusal), seats});
}

base::Outcome<base::Done> read_change(const Reply& reply) {
  if (auto none = no_answer<base::Done>(reply)) return *std::move(none);
  if (reply.text() == "OK") return base::Done{};
  if (reply.text() == "used") return base::Refused{base::Code::invalid_state, "more seats are taken", {}, 0};
  if (reply.text() == "lost") return base::Refused{base::Code::unavailable, "the gate is lost", {}, 1};
  return unreadable();
}

base::Outcome<std::optional<app::GateSeats>> read_seats(const Reply& reply) {
  using Result = std::optional<app::GateSeats>;
  if (auto none = no_answer<Result>(reply)) return *std::move(none);
  if (reply.item(0).text() == "lost") return Result();
  constexpr std::size_t head = 3;
  constexpr std::size_t row = 6;
  if (reply.item(0).text() != "seats" || !are_numbers(reply, 1, head)) return unreadable();
  if ((reply.items().size() - head) % row != 0) return unreadable();
  app::GateSeats seats{static_cast<std::uint64_t>(number_at(reply, 1)), {number_at(reply, 2)}, {}};
  for (std::size_t i = head; i < reply.items().size(); i += row) {
    const auto id = base::ActivityId::parse(reply.item(i).text());
    if (!id || !are_numbers(reply, i + 1, i + row)) return unreadable();
    const app::GateVersion version{seats.epoch, static_cast<std::uint64_t>(number_at(reply, i + 1))};
    seats.activities.push_back(
        {{*id, version, int_at(reply, i + 2), int_at(reply, i + 3)}, number_at(reply, i + 4), int_at(reply, i + 5)});
  }
  return Result(std::move(seats));
}

base::Outcome<std::optional<app::GateHolders>> read_holders(const Reply& reply) {
  using Result = std::optional<app::GateHolders>;
  if (auto none = no_answer<Result>(reply)) return *std::move(none);
  if (reply.item(0).text() == "lost") return Result();
  constexpr std::size_t head = 4;
  constexpr std::size_t row = 4;
  if (reply.item(0).text() != "holders" || !are_numbers(reply, 1, head)) return unreadable();
  if ((reply.items().size() - head) % row != 0) return unreadable();
  app::GateHolders holders;
  holders.version = {static_cast<std::uint64_t>(number_at(reply, 1)), static_cast<std::uint64_t>(number_at(reply, 2))};
  if (number_at(reply, 3) > 0) holders.sold_out_at = base::Instant{number_at(reply, 3)};
  for (std::size_t i = head; i < reply.items().size(); i += row) {
    const auto id = base::BookingId::parse(reply.item(i).text());
    const auto attendee = base::AttendeeId::parse(reply.item(i + 1).text());
    const auto grant = parse_grant(reply.item(i + 2).text());
    const std::string& state = reply.item(i + 3).text();
    if (!id || !attendee || !grant || (state != "p" && state != "c")) return unreadable();
    holders.holders.push_back({*id, *attendee, *grant, state == "p"});
  }
  return Result(std::move(holders));
}

base::Outcome<std::vector<app::ExpiredHold>> read_expired(const Reply& reply) {
  using Result = std::vector<app::ExpiredHold>;
  if (auto none = no_answer<Result>(reply)) return *std::move(none);
  if (reply.item(0).text() == "lost") return Result();
  if (reply.item(0).text() != "expired" || (reply.items().size() - 1) % 3 != 0) return unreadable();
  Result expired;
  for (std::size_t i = 1; i < reply.items().size(); i += 3) {
    const auto activity = base::ActivityId::parse(reply.item(i).text());
    const auto id = base::BookingId::parse(reply.item(i + 1).text());
    const auto grant = parse_grant(reply.item(i + 2).text());
    if (!activity || !id || !grant) return unreadable();
    expired.push_back({{*id, *grant}, *activity});
  }
  return expired;
}

base::Outcome<base::Instant> read_time(const Reply& reply) {
  if (auto none = no_answer<base::Instant>(reply)) return *std::move(none);
  const auto seconds = reply.item(0).number();
  const auto microseconds = reply.item(1).number();
  constexpr std::int64_t farthest_s = std::int64_t{1} << 40;  // thirty thousand years: no clock, and still milliseconds
  if (!seconds || !microseconds || *seconds < 0 || *seconds > farthest_s) return unreadable();
  return base::Instant{*seconds * 1000 + *microseconds / 1000};
}

}  // namespace zl::redis
