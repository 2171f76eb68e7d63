#include "domain/validation.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "domain/kinds/kind.hpp"

namespace zl::domain {
namespace {

namespace limits = base::limits;

void add(Faults& out, std::string_view pointer, std::string detail, std::string limit = {}) {
  out.push_back({std::string(pointer), std::move(detail), std::move(limit)});
}

std::string between(std::int64_t min, std::int64_t max) {
  return std::to_string(min) + ".." + std::to_string(max);
}

std::string between(std::size_t min, std::size_t max, std::string_view unit) {
  return std::to_string(min) + ".." + std::to_string(max) + " " + std::string(unit);
}

void check_session(const Session& session, std::size_t index, Faults& out) {
  const std::string pointer = "/sessions/" + std::to_string(index);
  check_text(session.venue, pointer + "/venue", 0, limits::venue_length, false, out);
  if (session.time.ends_at <= session.time.starts_at) {
    add(out, pointer + "/ends_at", "a session ends after it starts", "> starts_at");
  } else if (session.time.ends_at - session.time.starts_at > std::chrono::hours(limits::session_hours_max)) {
    add(out, pointer + "/ends_at", "a session is too long",
        "<= " + std::to_string(limits::session_hours_max) + " hours");
  }
}

void check_sessions(const Activity& activity, Faults& out) {
  const KindPolicy& policy = policy_of(activity.kind);
  const std::size_t count = activity.sessions.size();
  if (count < policy.sessions_min || count > policy.sessions_max) {
    add(out, "/sessions", "a " + std::string(policy.name) + " has too many or too few sessions",
        between(policy.sessions_min, policy.sessions_max, "sessions"));
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    check_session(activity.sessions[i], i, out);
    for (std::size_t j = 0; j < i; ++j) {
      if (overlap(activity.sessions[i].time, activity.sessions[j].time)) {
        add(out, "/sessions/" + std::to_string(i), "meets at the same time as session " + std::to_string(j));
      }
    }
  }
}

}  // namespace

void check_text(std::string_view text, std::string_view pointer, std::size_t min, std::size_t max, bool line_breaks,
                Faults& out) {
  const auto length = base::utf8_length(text);
  if (!length) {
    add(out, pointer, "is not well-formed UTF-8");
  } else if (base::has_control_characters(text, line_breaks)) {
    add(out, pointer, "control characters are not allowed");
  } else if (*length > max || base::utf8_length(base::trimmed(text)).value_or(0) < min) {
    add(out, pointer, "the text is too long or too short", between(min, max, "characters"));
  }
}

void check_number(std::int64_t value, std::string_view pointer, std::int64_t min, std::int64_t max, Faults& out) {
  if (value < min || value > max) add(out, pointer, "the number is out of bounds", between(min, max));
}

Faults check_station(const Station& station) {
  Faults out;
  check_text(station.name, "/name", 1, limits::name_length, false, out);
  check_text(station.area, "/area", 0, limits::area_length, false, out);
  if (station.parent_id && *station.parent_id == station.id) add(out, "/parent_id", "a station is not its own parent");
  return out;
}

Faults check_programme(const Programme& programme) {
  Faults out;
  check_text(programme.title, "/title", 1, limits::title_length, false, out);
  if (programme.closes_at <= programme.opens_at) {
    add(out, "/closes_at", "a programme closes after it opens", "> opens_at");
  }
  const Rules& rules = programme.rules;
  if (rules.max_per_attendee) {
    check_number(*rules.max_per_attendee, "/rules/max_per_attendee", 1, limits::cap_max, out);
  }
  if (rules.max_per_user) check_number(*rules.max_per_user, "/rules/max_per_user", 1, limits::cap_max, out);
  check_number(rules.cancel_hours, "/rules/cancel_hours", 0, limits::cancel_hours_max, out);
  return out;
}

Faults check_activity(const Activity& activity) {
  Faults out;
  check_text(activity.title, "/title", 1, limits::title_length, false, out);
  check_text(activity.description, "/description", 0, limits::description_length, true, out);
  check_number(activity.age_min, "/age_min", 0, limits::age_max, out);
  check_number(activity.age_max, "/age_max", 0, limits::age_max, out);
  if (activity.age_max < activity.age_min) add(out, "/age_max", "the ages are reversed", ">= age_min");
  check_number(activity.capacity, "/capacity", limits::capacity_min, limits::capacity_max, out);
  check_sessions(activity, out);
  return out;
}

Faults check_attendee(const Attendee& attendee, base::Date today) {
  Faults out;
  check_text(attendee.name, "/name", 1, limits::name_length, false, out);
  check_text(attendee.notes, "/notes", 0, limits::notes_length, true, out);
  if (attendee.birth_date > today) {
    add(out, "/birth_date", "nobody is born in the future", "<= " + base::format_date(today));
  } else if (base::age_on(attendee.birth_date, today) > limits::age_max) {
    add(out, "/birth_date", "the age is out of bounds", "0.." + std::to_string(limits::age_max) + " years");
  }
  return out;
}

Faults check_username(std::string_view username) {
  Faults out;
  const bool characters_fit = std::ranges::all_of(username, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
  if (!characters_fit || username.size() < limits::username_min || username.size() > limits::username_max) {
    add(out, "/username", "a user name is made of a-z, 0-9, '.', '_' and '-'",
        between(limits::username_min, limits::username_max, "characters"));
  }
  return out;
}

Faults check_password(std::string_view password) {
  Faults out;
  if (!base::utf8_length(password)) {
    add(out, "/password", "is not well-formed UTF-8");
  } else if (base::has_control_characters(password, false)) {
    add(out, "/password", "control characters are not allowed");
  } else if (password.size() < limits::password_min || password.size() > limits::password_max) {
    add(out, "/password", "the password is too long or too short",
        between(limits::password_min, limits::password_max, "bytes"));
  }
  return out;
}

Faults check_account(const Account& account) {
  Faults out = check_username(account.username);
  const bool needs_station = account.role == Role::station_admin || account.role == Role::staff;
  if (needs_station && !account.station_id) add(out, "/station_id", "this role belongs to a station", "required");
  if (account.role == Role::town_admin && account.station_id) {
    add(out, "/station_id", "a town admin belongs to no station", "null");
  }
  return out;
}

}  // namespace zl::domain
