// Bodies of requests: JSON into values, and into every input of the API. The first byte chooses the input, the rest is
// the body. What is accepted keeps to the limits, and written out again it is read as the same.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "fuzz/support/fuzz.hpp"
#include "http/inputs.hpp"
#include "http/json_writer.hpp"

namespace zl::fuzz {
namespace {

namespace limits = base::limits;
using namespace std::chrono_literals;
using http::Faults;
using http::JsonWriter;

constexpr base::Date today{2026y / 7 / 6};

void require_text(std::string_view text, std::size_t min, std::size_t max, bool line_breaks = false) {
  const auto length = base::utf8_length(text);
  require(length && *length >= min && *length <= max, "a text within its limits", text);
  require(!base::has_control_characters(text, line_breaks), "a text without control characters", text);
  require(min == 0 || !base::trimmed(text).empty(), "a text that isn't blank", text);
}

void require_between(std::int64_t number, std::int64_t min, std::int64_t max) {
  require(number >= min && number <= max, "a number within its limits");
}

/// Years 1900 to 2199, with a day to spare for offsets.
void require_instant(base::Instant instant) {
  constexpr auto first = std::chrono::sys_days(1900y / 1 / 1) - std::chrono::days(1);
  constexpr auto last = std::chrono::sys_days(2200y / 1 / 1) + std::chrono::days(1);
  require_between(instant.unix_ms, std::chrono::milliseconds(first.time_since_epoch()).count(),
                  std::chrono::milliseconds(last.time_since_epoch()).count());
}

// Each input as a value: how it is read, what holds of it, and how it is written.

struct DevLogin {
  static http::DevLogin read(std::string_view body, Faults& faults) { return http::read_dev_login(body, faults); }
  static void check(const http::DevLogin& login) {
    require_text(login.openid, 1, limits::openid_length);
    require_text(login.nickname, 1, limits::nickname_length);
  }
  static void write(JsonWriter& json, const http::DevLogin& login) {
    json.member("openid", login.openid).member("nickname", login.nickname);
  }
};

struct StaffLogin {
  static http::StaffLogin read(std::string_view body, Faults& faults) { return http::read_staff_login(body, faults); }
  static void check(const http::StaffLogin& login) {
    require_text(login.username, limits::username_min, limits::username_max);
    require_between(static_cast<std::int64_t>(login.password.size()), limits::password_min, limits::password_max);
    require_text(login.password, 0, limits::password_max);
  }
  static void write(JsonWriter& json, const http::StaffLogin& login) {
    json.member("username", login.username).member("password", login.password);
  }
};

struct Booking {
  static base::AttendeeId read(std::string_view body, Faults& faults) { return http::read_booking(body, faults); }
  static void check(const base::AttendeeId&) {}
  static void write(JsonWriter& json, const base::AttendeeId& id) { json.member("attendee_id", id); }
};

struct CancelReason {
  static std::string read(std::string_view body, Faults& faults) { return http::read_cancel_reason(body, faults); }
  static void check(const std::string& reason) { require_text(reason, 1, limits::reason_length, true); }
  static void write(JsonWriter& json, const std::string& reason) { json.member("reason", reason); }
};

struct CheckIn {
  static http::CheckInWish read(std::string_view body, Faults& faults) { return http::read_check_in(body, faults); }
  static void check(const http::CheckInWish& wish) {
    require(wish.booking_id.has_value() != !wish.ticket.empty(), "a booking or a ticket");
    require_text(wish.ticket, 0, 200);
  }
  static void write(JsonWriter& json, const http::CheckInWish& wish) {
    json.member("session_id", wish.session_id);
    if (wish.booking_id) json.member("booking_id", wish.booking_id);
    if (!wish.ticket.empty()) json.member("ticket", wish.ticket);
  }
};

struct Account {
  static http::AccountInput read(std::string_view body, Faults& faults) { return http::read_account(body, faults); }
  static void check(const http::AccountInput& input) {
    require_text(input.account.username, limits::username_min, limits::username_max);
    require_between(static_cast<std::int64_t>(input.password.size()), limits::password_min, limits::password_max);
    require(!http::name_of(input.account.role).empty(), "a known role");
    require(!input.account.blocked && input.account.version == 1, "nothing that a body may not say");
  }
  static void write(JsonWriter& json, const http::AccountInput& input) {
    json.member("username", input.account.username).member("password", input.password);
    json.member("role", http::name_of(input.account.role)).member("station_id", input.account.station_id);
  }
};

struct Attendee {
  static domain::Attendee read(std::string_view body, Faults& faults) {
    return http::read_attendee(body, today, faults);
  }
  static void check(const domain::Attendee& attendee) {
    require_text(attendee.name, 1, limits::name_length);
    require_text(attendee.notes, 0, limits::notes_length, true);
    require_between(base::age_on(attendee.birth_date, today), 0, limits::age_max);
    require(attendee.birth_date.ok() && attendee.birth_date <= today, "a birth date that was");
    require(attendee.id == base::AttendeeId() && attendee.version == 1, "nothing that a body may not say");
  }
  static void write(JsonWriter& json, const domain::Attendee& attendee) {
    json.member("name", attendee.name).member("birth_date", attendee.birth_date);
    json.member("relation", http::name_of(attendee.relation)).member("notes", attendee.notes);
  }
};

struct Station {
  static domain::Station read(std::string_view body, Faults& faults) { return http::read_station(body, faults); }
  static void check(const domain::Station& station) {
    require_text(station.name, 1, limits::name_length);
    require_text(station.area, 0, limits::area_length);
  }
  static void write(JsonWriter& json, const domain::Station& station) {
    json.member("name", station.name).member("area", station.area).member("parent_id", station.parent_id);
  }
};

struct Programme {
  static domain::Programme read(std::string_view body, Faults& faults) { return http::read_programme(body, faults); }
  static void check(const domain::Programme& programme) {
    require_text(programme.title, 1, limits::title_length);
    require_instant(programme.opens_at);
    require_instant(programme.closes_at);
    require(programme.opens_at < programme.closes_at, "a programme opens before it closes");
    const domain::Rules& rules = programme.rules;
    require_between(rules.max_per_attendee.value_or(1), 1, limits::cap_max);
    require_between(rules.max_per_user.value_or(1), 1, limits::cap_max);
    require_between(rules.cancel_hours, 0, limits::cancel_hours_max);
  }
  static void write(JsonWriter& json, const domain::Programme& programme) {
    json.member("station_id", programme.station_id).member("title", programme.title);
    json.member("opens_at", programme.opens_at).member("closes_at", programme.closes_at).key("rules").begin_object();
    json.member("max_per_attendee", programme.rules.max_per_attendee);
    json.member("max_per_user", programme.rules.max_per_user);
    json.member("forbid_overlap", programme.rules.forbid_overlap);
    json.member("cancel_hours", programme.rules.cancel_hours).end_object();
  }
};

struct Activity {
  static domain::Activity read(std::string_view body, Faults& faults) { return http::read_activity(body, faults); }
  static void check(const domain::Activity& activity) {
    require_text(activity.title, 1, limits::title_length);
    require_text(activity.description, 0, limits::description_length, true);
    require_between(activity.age_min, 0, limits::age_max);
    require_between(activity.age_max, activity.age_min, limits::age_max);
    require_between(activity.capacity, limits::capacity_min, limits::capacity_max);
    require_between(static_cast<std::int64_t>(activity.sessions.size()), 1, limits::sessions_per_activity);
    for (const domain::Session& session : activity.sessions) {
      require_text(session.venue, 0, limits::venue_length);
      require_instant(session.time.starts_at);
      require_instant(session.time.ends_at);
      const auto met = [&session](const domain::Session& s) { return domain::overlap(s.time, session.time); };
      require(std::ranges::count_if(activity.sessions, met) == 1, "sessions that don't meet");
    }
    require(activity.publication == domain::Publication::draft && activity.seats_taken == 0,
            "a draft without bookings");
  }
  static void write(JsonWriter& json, const domain::Activity& activity) {
    json.member("programme_id", activity.programme_id).member("kind", http::name_of(activity.kind));
    json.member("title", activity.title).member("description", activity.description);
    json.member("age_min", activity.age_min).member("age_max", activity.age_max).member("capacity", activity.capacity);
    json.key("sessions").begin_array();
    for (const domain::Session& session : activity.sessions) {
      json.begin_object().member("starts_at", session.time.starts_at).member("ends_at", session.time.ends_at);
      json.member("venue", session.venue).end_object();
    }
    json.end_array();
  }
};

template <class Input, class Value>
std::string written(const Value& value) {
  std::string body;
  JsonWriter json(body, 480);
  json.begin_object();
  Input::write(json, value);
  json.end_object();
  return body;
}

/// Numbers and flags that were taken over are those that were sent, as another reader understands them.
void require_as_sent(const boost::json::object& taken, const boost::json::object& sent) {
  for (const auto& [name, value] : taken) {
    const boost::json::value* other = sent.if_contains(name);
    if (other == nullptr || other->is_null()) continue;
    if (value.is_object() && other->is_object()) require_as_sent(value.as_object(), other->as_object());
    if (value.is_bool() || value.is_number()) require(value == *other, "a value as it was sent", name);
  }
}

boost::json::object object_of(std::string_view body) {
  return boost::json::parse({body.data(), body.size()}).as_object();
}

template <class Input>
void read_and_write(std::string_view body) {
  Faults faults;
  const auto value = Input::read(body, faults);
  if (!faults.empty()) {
    for (const base::FieldError& fault : faults) require(!fault.detail.empty(), "a fault says what is wrong");
    require(faults.size() <= 50, "at most fifty faults");
    return;
  }
  Input::check(value);
  const std::string once = written<Input>(value);
  require_as_sent(object_of(once), object_of(body));
  Faults none;
  const auto again = Input::read(once, none);
  require(none.empty(), "what was written is accepted", once);
  require(written<Input>(again) == once, "what was read again is the same", once);
}

/// A patch that is accepted leaves a thing within its limits, where only one field was changed or all fit together.
template <class Input, class Value, class Read>
void patch(std::string_view body, Value sound, Read read) {
  Faults faults;
  const http::Patch members = read(body, faults);
  if (!faults.empty()) return;
  http::merge(members, sound);
  const std::string once = written<Input>(sound);
  http::merge(members, sound);
  require(written<Input>(sound) == once, "a patch applied twice changes nothing more", once);
}

template <class Input>
auto sound(std::string_view body) {
  Faults faults;
  auto value = Input::read(body, faults);
  require(faults.empty(), "the sound thing is sound", body);
  return value;
}

void patch_something(std::string_view body, std::size_t which) {
  static const auto attendee =
      sound<Attendee>(R"({"name":"x","birth_date":"2016-05-05","relation":"parent","notes":"n"})");
  static const auto station = sound<Station>(R"({"name":"x","area":"y"})");
  static const auto programme = sound<Programme>(
      R"({"station_id":"00000000000000000000000000000001","title":"x","opens_at":"2026-07-06T09:00:00Z","closes_at":"2026-07-07T09:00:00Z"})");
  static const auto activity = sound<Activity>(
      R"({"programme_id":"00000000000000000000000000000001","kind":"class","title":"x","capacity":1,"sessions":[{"starts_at":"2026-07-06T09:00:00Z","ends_at":"2026-07-06T10:00:00Z"}]})");
  static const auto account = sound<Account>(R"({"username":"guard","password":"long-enough","role":"auditor"})");
  switch (which) {
    case 0:
      return patch<Attendee>(body, attendee,
                             [](auto text, Faults& faults) { return http::read_attendee_patch(text, today, faults); });
    case 1:
      return patch<Station>(body, station, http::read_station_patch);
    case 2:
      return patch<Programme>(body, programme, http::read_programme_patch);
    case 3:
      return patch<Activity>(body, activity, http::read_activity_patch);
    case 4:
      return patch<Account>(body, account, http::read_account_patch);
    default:
      return;
  }
}

boost::json::value tree_of(const http::JsonValue& value) {
  if (const auto* flag = std::get_if<bool>(&value.content)) return *flag;
  if (const auto* number = std::get_if<std::int64_t>(&value.content)) return *number;
  if (const auto* number = std::get_if<std::uint64_t>(&value.content)) return *number;
  if (std::holds_alternative<http::JsonReal>(value.content)) return "a real";
  if (const auto* text = std::get_if<std::string>(&value.content)) return boost::json::string(*text);
  if (const auto* items = std::get_if<http::JsonArray>(&value.content)) {
    boost::json::array array;
    for (const auto& item : *items) array.push_back(tree_of(item));
    return array;
  }
  if (const auto* members = std::get_if<http::JsonMembers>(&value.content)) {
    boost::json::object object;
    for (const auto& member : *members) object.emplace(member.name, tree_of(member.value));
    return object;
  }
  return nullptr;
}

/// The tree agrees with another reader's, and is the same when it was written and read once more.
void read_json(std::string_view body) {
  const auto parsed = http::parse_json(body);
  boost::system::error_code error;
  boost::json::parse_options options;
  options.max_depth = http::json_depth_limit;
  const boost::json::value other = boost::json::parse(body, error, {}, options);
  const auto* value = std::get_if<http::JsonValue>(&parsed);
  if (value == nullptr) {
    const bool doubled = std::get<http::JsonFault>(parsed).detail == "stands there twice";
    require(error || doubled, "what is refused is not JSON, or names something twice", body);
    return;
  }
  require(!error, "what is accepted is JSON", body);
  const std::string once = boost::json::serialize(tree_of(*value));
  const auto again = http::parse_json(once);
  require(std::holds_alternative<http::JsonValue>(again), "a tree that was written can be read", once);
  require(boost::json::serialize(tree_of(std::get<http::JsonValue>(again))) == once, "the same tree again", once);
  if (once.find("a real") == std::string::npos)
    require(boost::json::serialize(other) == once, "as others read it", once);
}

constexpr void (*readers[])(std::string_view) = {
    read_json,
    read_and_write<DevLogin>,
    read_and_write<StaffLogin>,
    read_and_write<Booking>,
    read_and_write<CancelReason>,
    read_and_write<CheckIn>,
    read_and_write<Account>,
    read_and_write<Attendee>,
    read_and_write<Station>,
    read_and_write<Programme>,
    read_and_write<Activity>,
    [](std::string_view body) { patch_something(body, 0); },
    [](std::string_view body) { patch_something(body, 1); },
    [](std::string_view body) { patch_something(body, 2); },
    [](std::string_view body) { patch_something(body, 3); },
    [](std::string_view body) { patch_something(body, 4); },
};

}  // namespace

void feed(std::string_view input) {
  readers[take_choice(input, std::size(readers))](input);
}

}  // namespace zl::fuzz
