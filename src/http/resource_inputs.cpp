// What makes and changes things: bodies of creating calls, and merge-patches.
#include "http/inputs.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/limits.hpp"
#include "domain/validation.hpp"

namespace zl::http {
namespace {

namespace limits = base::limits;

/// A body that makes a thing has all required members; a patch has any.
enum class Form { whole = 1, patch };

Need need_in(Form form) {
  return form == Form::whole ? Need::required : Need::optional;
}

// Things within all bounds. What can't be read leaves its field as it is here, so that bounds are judged of what could.
constexpr base::Instant long_ago{std::numeric_limits<std::int64_t>::min() / 4};
constexpr base::Instant far_ahead{std::numeric_limits<std::int64_t>::max() / 4};

/// No two of different index meet.
domain::Interval sound_interval(std::size_t index) {
  const base::Instant start = long_ago + std::chrono::hours(index);
  return {start, start + std::chrono::hours(1)};
}

domain::Attendee sound_attendee(base::Date today) {
  domain::Attendee attendee;
  attendee.name = "x";
  attendee.birth_date = today;
  return attendee;
}

domain::Station sound_station() {
  domain::Station station;
  station.name = "x";
  return station;
}

domain::Programme sound_programme() {
  domain::Programme programme;
  programme.title = "x";
  programme.opens_at = long_ago;
  programme.closes_at = far_ahead;
  return programme;
}

domain::Activity sound_activity() {
  domain::Activity activity;
  activity.title = "x";
  activity.age_max = limits::age_max;
  activity.capacity = limits::capacity_min;
  activity.sessions.push_back({{}, sound_interval(0), {}});
  return activity;
}

AccountInput sound_account() {
  AccountInput input;
  input.account.username = std::string(limits::username_min, 'x');
  input.password = std::string(limits::password_min, 'x');
  return input;
}

void read_members(ObjectReader& reader, Form form, domain::Attendee& attendee, Faults& /*faults*/) {
  reader.text("name", need_in(form), attendee.name);
  reader.date("birth_date", need_in(form), attendee.birth_date);
  reader.choice("relation", need_in(form), attendee.relation);
  if (form == Form::patch) {
    reader.text_or_null("notes", attendee.notes);
  } else {
    reader.text("notes", Need::optional, attendee.notes);
  }
}

void read_members(ObjectReader& reader, Form form, domain::Station& station, Faults& /*faults*/) {
  reader.text("name", need_in(form), station.name);
  reader.text_or_null("area", station.area);
  if (form == Form::whole) reader.id_or_null("parent_id", station.parent_id);
}

void read_members(ObjectReader& reader, Form form, domain::Programme& programme, Faults& faults) {
  if (form == Form::whole) reader.id("station_id", Need::required, programme.station_id);
  reader.text("title", need_in(form), programme.title);
  reader.instant("opens_at", need_in(form), programme.opens_at);
  reader.instant("closes_at", need_in(form), programme.closes_at);
  const JsonMembers* members = reader.object("rules", Need::optional);
  if (members == nullptr) return;
  ObjectReader rules(*members, reader.pointer("rules"), faults);
  rules.integer_or_null("max_per_attendee", programme.rules.max_per_attendee);
  rules.integer_or_null("max_per_user", programme.rules.max_per_user);
  rules.boolean("forbid_overlap", Need::optional, programme.rules.forbid_overlap);
  rules.integer("cancel_hours", Need::optional, programme.rules.cancel_hours);
  rules.finish();
}

domain::Session read_session(const JsonValue& value, std::string pointer, std::size_t index, Faults& faults) {
  domain::Session session;
  session.time = sound_interval(index);
  const auto* members = std::get_if<JsonMembers>(&value.content);
  if (members == nullptr) {
    add_fault(faults, std::move(pointer), "has the wrong type", "object");
    return session;
  }
  ObjectReader reader(*members, std::move(pointer), faults);
  domain::Interval time;
  const bool has_start = reader.instant("starts_at", Need::required, time.starts_at);
  const bool has_end = reader.instant("ends_at", Need::required, time.ends_at);
  if (has_start && has_end) session.time = time;
  reader.text("venue", Need::optional, session.venue);
  reader.finish();
  return session;
}

void read_members(ObjectReader& reader, Form form, domain::Activity& activity, Faults& faults) {
  if (form == Form::whole) {
    reader.id("programme_id", Need::required, activity.programme_id);
    reader.choice("kind", Need::required, activity.kind);
    reader.text("description", Need::optional, activity.description);
  } else {
    reader.text_or_null("description", activity.description);
  }
  reader.text("title", need_in(form), activity.title);
  reader.integer("age_min", Need::optional, activity.age_min);
  reader.integer("age_max", Need::optional, activity.age_max);
  reader.integer("capacity", need_in(form), activity.capacity);
  const JsonArray* sessions = reader.array("sessions", need_in(form));
  if (sessions == nullptr) return;
  activity.sessions.assign(sessions->size(), {});
  // Of too many the count is told and nothing else.
  if (sessions->size() > limits::sessions_per_activity) return;
  for (std::size_t i = 0; i < sessions->size(); ++i) {
    activity.sessions[i] = read_session((*sessions)[i], pointer_to(reader.pointer("sessions"), i), i, faults);
  }
}

void read_members(ObjectReader& reader, Form form, AccountInput& input, Faults& /*faults*/) {
  if (form == Form::whole) {
    reader.text_as_sent("username", Need::required, input.account.username);
  } else {
    reader.boolean("blocked", Need::optional, input.account.blocked);
  }
  reader.text_as_sent("password", need_in(form), input.password);
  reader.choice("role", need_in(form), input.account.role);
  reader.id_or_null("station_id", input.account.station_id);
}

/// Reads a body into a thing that is sound before; the members for a later merge.
template <class Thing>
Patch read_into(std::string_view body, Form form, Thing& thing, Faults& faults) {
  std::optional<JsonMembers> members = read_object(body, faults);
  if (!members) return {};
  ObjectReader reader(*members, "", faults);
  read_members(reader, form, thing, faults);
  reader.finish();
  return *std::move(members);
}

template <class Thing>
void merge_members(const Patch& patch, Thing& thing) {
  Faults none;
  ObjectReader reader(patch, "", none);
  read_members(reader, Form::patch, thing, none);
}

}  // namespace

AccountInput read_account(std::string_view body, Faults& faults) {
  AccountInput input = sound_account();
  read_into(body, Form::whole, input, faults);
  add_faults(faults, domain::check_username(input.account.username));
  add_faults(faults, domain::check_password(input.password));
  // Whether role and station fit is only to be judged of what could be read.
  if (faults.empty()) add_faults(faults, domain::check_account(input.account));
  return input;
}

domain::Attendee read_attendee(std::string_view body, base::Date today, Faults& faults) {
  domain::Attendee attendee = sound_attendee(today);
  read_into(body, Form::whole, attendee, faults);
  add_faults(faults, domain::check_attendee(attendee, today));
  return attendee;
}

domain::Station read_station(std::string_view body, Faults& faults) {
  domain::Station station = sound_station();
  read_into(body, Form::whole, station, faults);
  // Its id is made later: an all-zero parent must not pass for it.
  station.id.bytes.fill(0xFF);
  add_faults(faults, domain::check_station(station));
  return station;
}

domain::Programme read_programme(std::string_view body, Faults& faults) {
  domain::Programme programme = sound_programme();
  read_into(body, Form::whole, programme, faults);
  add_faults(faults, domain::check_programme(programme));
  return programme;
}

domain::Activity read_activity(std::string_view body, Faults& faults) {
  domain::Activity activity = sound_activity();
  read_into(body, Form::whole, activity, faults);
  add_faults(faults, domain::check_activity(activity));
  return activity;
}

bool has_member(const Patch& patch, std::string_view name) {
  return std::ranges::any_of(patch, [name](const JsonMember& member) { return member.name == name; });
}

Patch read_attendee_patch(std::string_view body, base::Date today, Faults& faults) {
  domain::Attendee attendee = sound_attendee(today);
  Patch patch = read_into(body, Form::patch, attendee, faults);
  add_faults(faults, domain::check_attendee(attendee, today));
  return patch;
}

Patch read_station_patch(std::string_view body, Faults& faults) {
  domain::Station station = sound_station();
  Patch patch = read_into(body, Form::patch, station, faults);
  add_faults(faults, domain::check_station(station));
  return patch;
}

Patch read_programme_patch(std::string_view body, Faults& faults) {
  domain::Programme programme = sound_programme();
  Patch patch = read_into(body, Form::patch, programme, faults);
  add_faults(faults, domain::check_programme(programme));
  return patch;
}

Patch read_activity_patch(std::string_view body, Faults& faults) {
  domain::Activity activity = sound_activity();
  Patch patch = read_into(body, Form::patch, activity, faults);
  add_faults(faults, domain::check_activity(activity));
  return patch;
}

Patch read_account_patch(std::string_view body, Faults& faults) {
  AccountInput input = sound_account();
  Patch patch = read_into(body, Form::patch, input, faults);
  add_faults(faults, domain::check_password(input.password));
  return patch;
}

void merge(const Patch& patch, domain::Attendee& attendee) {
  merge_members(patch, attendee);
}
void merge(const Patch& patch, domain::Station& station) {
  merge_members(patch, station);
}
void merge(const Patch& patch, domain::Programme& programme) {
  merge_members(patch, programme);
}
void merge(const Patch& patch, domain::Activity& activity) {
  merge_members(patch, activity);
}
void merge(const Patch& patch, AccountInput& account) {
  merge_members(patch, account);
}

}  // namespace zl::http
