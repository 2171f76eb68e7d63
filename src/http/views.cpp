#include "http/views.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "http/wire_names.hpp"

namespace zl::http {
namespace {

constexpr std::size_t booking_bytes = 512;  // what a booking takes, or a little less

void write_station_members(JsonWriter& json, const domain::Station& station) {
  json.member("id", station.id)
      .member("name", station.name)
      .member("area", station.area)
      .member("kind", station.parent_id ? "service_point" : "station")
      .member("parent_id", station.parent_id)
      .member("version", station.version);
}

// An activity's members between those that change with its seats and with time: remaining, state, server_time.

void write_up_to_remaining(JsonWriter& json, const domain::Activity& activity, const domain::Station& station) {
  json.member("id", activity.id).member("programme_id", activity.programme_id).key("station").begin_object();
  json.member("id", station.id).member("name", station.name).end_object();
  json.member("kind", name_of(activity.kind))
      .member("title", activity.title)
      .member("description", activity.description)
      .member("age_min", activity.age_min)
      .member("age_max", activity.age_max)
      .member("capacity", activity.capacity);
}

void write_up_to_state(JsonWriter& json, const domain::Activity& activity, const domain::Programme& programme) {
  json.member("opens_at", programme.opens_at)
      .member("closes_at", programme.closes_at)
      .member("cancel_until", domain::cancel_until(programme, activity));
}

void write_up_to_server_time(JsonWriter& json, const domain::Activity& activity) {
  json.key("sessions").begin_array();
  for (const domain::Session& session : activity.sessions) {
    json.begin_object()
        .member("id", session.id)
        .member("starts_at", session.time.starts_at)
        .member("ends_at", session.time.ends_at)
        .member("venue", session.venue)
        .end_object();
  }
  json.end_array();
}

const domain::Station& station_of(const app::ActivityEntry& entry) {
  static const domain::Station unknown;
  return entry.station == nullptr ? unknown : *entry.station;
}

app::ActivityText make_text(const app::ActivityEntry& entry, int offset_minutes) {
  app::ActivityText made;
  JsonWriter json(made.text, offset_minutes);
  made.cuts = write_shell(json, entry);
  made.text.shrink_to_fit();
  return made;
}

void write_booking_members(JsonWriter& json, const domain::Booking& booking, const app::BookingIds& ids) {
  json.member("id", booking.id)
      .member("state", name_of(booking.state))
      .member("activity_id", booking.activity_id)
      .member("attendee_id", booking.attendee_id)
      .member("ticket", ids.ticket(booking.id))
      .member("created_at", booking.created_at)
      .key("receipt");
  write(json, booking.receipt);
}

void write_attendee_brief(JsonWriter& json, const base::AttendeeId& id, const std::string& name,
                          base::Date birth_date) {
  json.begin_object().member("id", id).member("name", name).member("birth_date", birth_date).end_object();
}

/// The members of a violation beside its code.
struct ViolationMembers {
  JsonWriter& json;

  void operator()(const domain::Closed& v) const { json.member("closed_at", v.closed_at); }
  void operator()(const domain::NotOpen& v) const { json.member("opens_at", v.opens_at); }
  void operator()(const domain::Ineligible& v) const {
    json.member("reason", v.age < v.age_min ? "too_young" : "too_old")
        .member("age", v.age)
        .member("age_min", v.age_min)
        .member("age_max", v.age_max);
  }
  void operator()(const domain::AlreadyBooked& v) const {
    if (v.booking_id) json.member("booking_id", *v.booking_id);
    json.member("provisional", v.provisional);
  }
  void operator()(const domain::LimitReached& v) const {
    json.member("scope", name_of(v.scope))
        .member("limit", v.limit)
        .member("used", v.used)
        .member("provisional", v.provisional);
  }
  void operator()(const domain::Overlaps& v) const {
    json.member("activity_id", v.activity_id).member("provisional", v.provisional);
  }
  void operator()(const domain::SoldOut& v) const {
    if (v.sold_out_at) json.member("sold_out_at", *v.sold_out_at);
    json.member("provisional", v.provisional);
  }
};

/// The id, or null for the one of which all bytes are zero: nobody's.
template <class IdType>
std::optional<IdType> unless_zero(const std::optional<IdType>& id) {
  return id && *id != IdType{} ? id : std::nullopt;
}

}  // namespace

void write(JsonWriter& json, const domain::User& user) {
  json.begin_object().member("id", user.id).member("nickname", user.nickname).end_object();
}

void write(JsonWriter& json, const domain::Attendee& attendee) {
  json.begin_object()
      .member("id", attendee.id)
      .member("name", attendee.name)
      .member("birth_date", attendee.birth_date)
      .member("relation", name_of(attendee.relation))
      .member("notes", attendee.notes)
      .member("version", attendee.version)
      .end_object();
}

void write(JsonWriter& json, const domain::Station& station) {
  json.begin_object();
  write_station_members(json, station);
  json.end_object();
}

void write_node(JsonWriter& json, const domain::Station& station, const app::Catalogue& catalogue) {
  json.begin_object();
  write_station_members(json, station);
  json.key("points").begin_array();
  for (const auto& other : catalogue.stations()) {
    if (other->parent_id == station.id) write(json, *other);
  }
  json.end_array().end_object();
}

void write(JsonWriter& json, const domain::Programme& programme) {
  json.begin_object()
      .member("id", programme.id)
      .member("station_id", programme.station_id)
      .member("title", programme.title)
      .member("opens_at", programme.opens_at)
      .member("closes_at", programme.closes_at);
  json.key("rules")
      .begin_object()
      .member("max_per_attendee", programme.rules.max_per_attendee)
      .member("max_per_user", programme.rules.max_per_user)
      .member("forbid_overlap", programme.rules.forbid_overlap)
      .member("cancel_hours", programme.rules.cancel_hours)
      .end_object();
  json.member("version", programme.version).end_object();
}

domain::PublicState state_of(const domain::Activity& activity, const ActivityContext& context) {
  return domain::public_state(context.programme, activity, context.remaining, context.now);
}

ActivityContext context_of(const app::ActivityEntry& entry, base::Instant now) {
  return {*entry.programme, station_of(entry), std::clamp(entry.remaining(), 0, entry.activity.capacity), now};
}

std::array<std::size_t, 3> write_shell(JsonWriter& json, const app::ActivityEntry& entry) {
  std::array<std::size_t, 3> cuts{};
  const auto cut = [&](std::size_t index, std::string_view name) {
    json.key(name).raw("");
    cuts[index] = json.size();
  };
  json.begin_object();
  write_up_to_remaining(json, entry.activity, station_of(entry));
  cut(0, "remaining");
  write_up_to_state(json, entry.activity, *entry.programme);
  cut(1, "state");
  write_up_to_server_time(json, entry.activity);
  cut(2, "server_time");
  json.end_object();
  return cuts;
}

const app::ActivityText& text_of(const app::ActivityEntry& entry, int offset_minutes) {
  return entry.text.get([&] { return make_text(entry, offset_minutes); });
}

std::string instant_text(base::Instant instant, int offset_minutes) {
  std::string text;
  JsonWriter(text, offset_minutes).value(instant);
  return text;
}

void write(JsonWriter& json, const app::ActivityEntry& entry, const ActivityContext& context,
           std::string_view server_time) {
  const app::ActivityText& made = text_of(entry, json.offset_minutes());
  const std::string_view text = made.text;
  const auto [remaining_at, state_at, time_at] = made.cuts;
  std::array<char, 12> digits{};
  const auto [end, fault] = std::to_chars(digits.data(), digits.data() + digits.size(), context.remaining);
  json.raw_parts({text.substr(0, remaining_at), std::string_view(digits.data(), end),
                  text.substr(remaining_at, state_at - remaining_at), "\"", name_of(state_of(entry.activity, context)),
                  "\"", text.substr(state_at, time_at - state_at), server_time, text.substr(time_at)});
}

void write_for_staff(JsonWriter& json, const domain::Activity& activity, const ActivityContext& context,
                     int seats_taken) {
  json.begin_object();
  write_up_to_remaining(json, activity, context.station);
  json.member("remaining", context.remaining);
  write_up_to_state(json, activity, context.programme);
  json.member("state", name_of(state_of(activity, context)));
  write_up_to_server_time(json, activity);
  json.member("server_time", context.now);
  json.member("status", name_of(activity.publication)).member("seats_taken", seats_taken).key("cancel_reason");
  if (activity.cancel_reason.empty()) {
    json.raw("null");
  } else {
    json.value(activity.cancel_reason);
  }
  json.member("version", activity.version).end_object();
}

void write(JsonWriter& json, const domain::Violation& violation) {
  json.begin_object().member("code", base::name(domain::code_of(violation)));
  std::visit(ViolationMembers{json}, violation);
  json.end_object();
}

void write(JsonWriter& json, const domain::Receipt& receipt, std::optional<base::Instant> sold_out_at) {
  json.begin_object()
      .member("arrival", receipt.arrival)
      .member("decided_at", receipt.decided_at)
      .member("opens_at", receipt.opens_at)
      .member("remaining", receipt.remaining);
  if (sold_out_at) json.member("sold_out_at", *sold_out_at);
  json.end_object();
}

void write(JsonWriter& json, const domain::Booking& booking, const app::BookingIds& ids) {
  json.reserve(booking_bytes);
  json.begin_object();
  write_booking_members(json, booking, ids);
  json.end_object();
}

void write_item(JsonWriter& json, const domain::Booking& booking, const app::BookingIds& ids,
                const domain::Activity& activity) {
  json.begin_object();
  write_booking_members(json, booking, ids);
  json.key("activity").begin_object().member("title", activity.title).member("starts_at", activity.first_start());
  json.end_object().end_object();
}

void write(JsonWriter& json, const app::RosterEntry& entry) {
  json.begin_object().member("booking_id", entry.booking.id).key("attendee");
  write_attendee_brief(json, entry.booking.attendee_id, entry.attendee_name, entry.birth_date);
  json.key("user").begin_object().member("id", entry.booking.user_id).member("nickname", entry.nickname).end_object();
  json.member("state", name_of(entry.booking.state)).member("created_at", entry.booking.created_at).key("receipt");
  write(json, entry.booking.receipt);
  json.key("attendance").begin_array();
  for (const app::CheckIn& check_in : entry.attendance) {
    json.begin_object()
        .member("session_id", check_in.session_id)
        .member("check_in_id", check_in.id)
        .member("at", check_in.at)
        .end_object();
  }
  json.end_array().end_object();
}

void write(JsonWriter& json, const app::CheckIn& check_in) {
  json.begin_object()
      .member("id", check_in.id)
      .member("booking_id", check_in.booking_id)
      .member("session_id", check_in.session_id)
      .key("attendee");
  write_attendee_brief(json, check_in.attendee_id, check_in.attendee_name, check_in.birth_date);
  json.member("state", "present").member("at", check_in.at).end_object();
}

void write(JsonWriter& json, const domain::Account& account) {
  json.begin_object()
      .member("id", account.id)
      .member("username", account.username)
      .member("role", name_of(account.role))
      .member("station_id", account.station_id)
      .member("blocked", account.blocked)
      .member("version", account.version)
      .end_object();
}

void write(JsonWriter& json, const app::AuditEntry& entry) {
  const std::optional<base::AccountId> actor = entry.actor_id;
  json.begin_object()
      .member("chain_id", entry.chain_id)
      .member("seq", entry.seq)
      .member("at", entry.at)
      .member("actor", unless_zero(actor))
      .member("action", entry.action)
      .member("subject", unless_zero(base::AccountId::parse(entry.subject)))
      .key("detail")
      .raw(entry.detail.empty() ? "{}" : entry.detail)
      .key("address");
  if (entry.address.empty()) {
    json.raw("null");
  } else {
    json.value(entry.address);
  }
  json.end_object();
}

}  // namespace zl::http
