#include "fuzz/support/stores.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace zl::fuzz {
namespace {

/// The thing of this id among `things`, replaced where the version is the expected one.
template <class Thing>
base::Outcome<Thing> replace(std::vector<Thing>& things, Thing thing, std::uint64_t expected_version, int& writes) {
  const auto known = std::ranges::find(things, thing.id, &Thing::id);
  if (known == things.end()) return base::Code::not_found;
  if (known->version != expected_version) return base::Code::version_mismatch;
  thing.version = known->version + 1;
  *known = thing;
  ++writes;
  return thing;
}

template <class Thing>
app::Created<Thing> add(std::vector<Thing>& things, const Thing& thing, int& writes) {
  ++writes;
  return {things.emplace_back(thing), false};
}

}  // namespace

Answer<app::CatalogueContent> CatalogueInMemory::load() {
  co_return engine_.content;
}

Answer<std::vector<domain::Station>> CatalogueInMemory::load_stations() {
  co_return engine_.content.stations;
}

Answer<app::ProgrammeContent> CatalogueInMemory::load_programme(const base::ProgrammeId& id) {
  const auto& programmes = engine_.content.programmes;
  const auto known = std::ranges::find(programmes, id, &domain::Programme::id);
  if (known == programmes.end()) co_return base::Code::not_found;
  app::ProgrammeContent content{*known, {}};
  for (const domain::Activity& activity : engine_.content.activities) {
    if (activity.programme_id == id) content.activities.push_back(activity);
  }
  co_return content;
}

Answer<app::Created<domain::Station>> CatalogueInMemory::create_station(const domain::Station& station,
                                                                        const app::Actor&,
                                                                        std::optional<app::CreationMark>) {
  co_return add(engine_.content.stations, station, writes_);
}

Answer<domain::Station> CatalogueInMemory::update_station(const domain::Station& station,
                                                          std::uint64_t expected_version, const app::Actor&) {
  co_return replace(engine_.content.stations, station, expected_version, writes_);
}

Answer<app::Created<domain::Programme>> CatalogueInMemory::create_programme(const domain::Programme& programme,
                                                                            const app::Actor&,
                                                                            std::optional<app::CreationMark>) {
  engine_.ledger.model.put(programme);
  co_return add(engine_.content.programmes, programme, writes_);
}

Answer<domain::Programme> CatalogueInMemory::update_programme(const domain::Programme& programme,
                                                              std::uint64_t expected_version, const app::Actor&) {
  const auto replaced = replace(engine_.content.programmes, programme, expected_version, writes_);
  if (replaced) engine_.ledger.model.put(programme);
  co_return replaced;
}

Answer<app::Created<domain::Activity>> CatalogueInMemory::create_activity(const domain::Activity& activity,
                                                                          const app::Actor&,
                                                                          std::optional<app::CreationMark>) {
  engine_.ledger.model.put(activity);
  co_return add(engine_.content.activities, activity, writes_);
}

Answer<domain::Activity> CatalogueInMemory::update_activity(const domain::Activity& activity,
                                                            std::uint64_t expected_version, const app::Actor&) {
  if (activity.capacity < engine_.ledger.model.taken(activity.id)) co_return base::Code::invalid_state;
  const auto replaced = replace(engine_.content.activities, activity, expected_version, writes_);
  if (replaced) engine_.ledger.model.activity(activity.id).content = *replaced;
  co_return replaced;
}

base::Outcome<domain::Activity> CatalogueInMemory::set_publication(const base::ActivityId& id,
                                                                   domain::Publication publication) {
  auto& activities = engine_.content.activities;
  const auto known = std::ranges::find(activities, id, &domain::Activity::id);
  if (known == activities.end()) return base::Code::not_found;
  if (known->publication == domain::Publication::cancelled && publication == domain::Publication::published) {
    return base::Code::invalid_state;
  }
  known->publication = publication;
  ++known->version;
  ++writes_;
  engine_.ledger.model.activity(id).content = *known;
  return *known;
}

Answer<domain::Activity> CatalogueInMemory::publish(const base::ActivityId& id, const app::Actor&) {
  co_return set_publication(id, domain::Publication::published);
}

Answer<domain::Activity> CatalogueInMemory::cancel(const base::ActivityId& id, const std::string& reason,
                                                   const app::Actor&, base::Instant now) {
  base::Outcome<domain::Activity> cancelled = set_publication(id, domain::Publication::cancelled);
  if (!cancelled) co_return cancelled;
  std::ranges::find(engine_.content.activities, id, &domain::Activity::id)->cancel_reason = reason;
  engine_.ledger.model.activity(id).open = false;
  for (const app::GateBooking& booking : engine_.ledger.model.active_bookings(id)) {
    (void)engine_.ledger.model.cancel(booking.id, now);
  }
  co_return cancelled;
}

Answer<std::vector<app::Change>> CatalogueInMemory::changes_since(std::uint64_t, std::size_t) {
  co_return std::vector<app::Change>();
}

Answer<std::uint64_t> CatalogueInMemory::newest() {
  co_return std::uint64_t{0};
}

Answer<domain::User> PeopleInMemory::sign_in(const std::string& openid, const std::string& nickname) {
  ++writes_;
  const domain::User user{test::id_of<base::UserId>(1000 + openid.size()), nickname, 1, false};
  users[user.id] = user;
  co_return user;
}

Answer<std::optional<domain::User>> PeopleInMemory::find_user(const base::UserId& id) {
  const auto known = users.find(id);
  co_return known == users.end() ? std::optional<domain::User>() : known->second;
}

Answer<std::vector<domain::Attendee>> PeopleInMemory::attendees_of(const base::UserId& user_id) {
  co_return attendees[user_id];
}

Answer<std::optional<app::AttendeeFacts>> PeopleInMemory::facts(const base::AttendeeId& id) {
  return engine_.people.facts(id);
}

Answer<app::Created<domain::Attendee>> PeopleInMemory::create_attendee(const base::UserId& user_id,
                                                                       const domain::Attendee& attendee,
                                                                       const app::Actor&,
                                                                       std::optional<app::CreationMark>) {
  if (attendees[user_id].size() >= base::limits::attendees_per_user) co_return base::Code::invalid_state;
  engine_.people.known[attendee.id] = {attendee.id, attendee.birth_date, {user_id}};
  co_return add(attendees[user_id], attendee, writes_);
}

Answer<domain::Attendee> PeopleInMemory::update_attendee(const base::UserId& user_id, const domain::Attendee& attendee,
                                                         std::uint64_t expected_version, const app::Actor&) {
  co_return replace(attendees[user_id], attendee, expected_version, writes_);
}

Answer<base::Done> PeopleInMemory::delete_attendee(const base::UserId& user_id, const base::AttendeeId& id,
                                                   const app::Actor&) {
  if (std::erase_if(attendees[user_id], [&id](const auto& known) { return known.id == id; }) == 0) {
    co_return base::Code::not_found;
  }
  engine_.people.known.erase(id);
  ++writes_;
  co_return base::Done{};
}

Answer<std::optional<app::AccountWithHash>> AccountsInMemory::find_by_username(const std::string&) {
  co_return std::optional<app::AccountWithHash>();
}

Answer<std::optional<domain::Account>> AccountsInMemory::find(const base::AccountId& id) {
  const auto known = accounts.find(id);
  co_return known == accounts.end() ? std::optional<domain::Account>() : known->second;
}

Answer<app::AccountPage> AccountsInMemory::list(std::optional<base::AccountId> after, std::size_t limit) {
  app::AccountPage page;
  for (auto next = after ? accounts.upper_bound(*after) : accounts.begin(); next != accounts.end(); ++next) {
    page.more = page.items.size() == limit;
    if (page.more) break;
    page.items.push_back(next->second);
  }
  co_return page;
}

Answer<app::Created<domain::Account>> AccountsInMemory::create(const app::AccountWithHash& account, const app::Actor&,
                                                               std::optional<app::CreationMark>) {
  accounts[account.account.id] = account.account;
  ++writes_;
  co_return app::Created<domain::Account>{account.account, false};
}

Answer<domain::Account> AccountsInMemory::update(const app::AccountWithHash& account, std::uint64_t expected_version,
                                                 const app::Actor&) {
  const auto known = accounts.find(account.account.id);
  if (known == accounts.end()) co_return base::Code::not_found;
  if (known->second.version != expected_version) co_return base::Code::version_mismatch;
  known->second = account.account;
  known->second.version = static_cast<std::uint32_t>(expected_version + 1);
  ++writes_;
  co_return known->second;
}

Answer<base::Done> AccountsInMemory::end_all_tokens(const base::AccountId&, const app::Actor&) {
  ++writes_;
  co_return base::Done{};
}

Answer<base::Done> AccountsInMemory::end_token(const base::TokenId&, base::Instant, const app::Actor&) {
  ++writes_;
  co_return base::Done{};
}

Answer<app::VoidedTokens> AccountsInMemory::voided_since(base::Instant) {
  co_return app::VoidedTokens();
}

std::optional<app::CheckIn> AttendanceInMemory::of_booking(const base::BookingId& booking_id,
                                                           const base::SessionId& session_id) const {
  for (const auto& [id, known] : check_ins_) {
    if (known.first.booking_id == booking_id && known.first.session_id == session_id) return known.first;
  }
  return std::nullopt;
}

Answer<app::CheckInResult> AttendanceInMemory::check_in(app::CheckInItem item) {
  if (const auto same = check_ins_.find(item.id); same != check_ins_.end()) {
    const app::CheckIn& known = same->second.first;
    if (known.booking_id != item.booking_id || known.session_id != item.session_id) {
      co_return base::Code::idempotency_conflict;
    }
    co_return app::CheckInResult{known, true};
  }
  const domain::Booking* booking = engine_.ledger.model.find(item.booking_id);
  if (booking == nullptr) co_return base::Code::not_found;
  if (booking->activity_id != item.activity_id) co_return base::Code::wrong_session;
  if (!domain::is_active(booking->state)) co_return base::Code::invalid_state;
  if (const auto earlier = of_booking(item.booking_id, item.session_id)) co_return app::CheckInResult{*earlier, true};
  const app::CheckIn made{item.id,
                          item.booking_id,
                          item.session_id,
                          booking->attendee_id,
                          "小明",
                          item.at,
                          *base::parse_date("2016-07-06")};
  check_ins_[item.id] = {made, item.activity_id};
  ++writes_;
  co_return app::CheckInResult{made, false};
}

Answer<std::optional<base::ActivityId>> AttendanceInMemory::activity_of(const base::CheckInId& id) {
  const auto known = check_ins_.find(id);
  co_return known == check_ins_.end() ? std::optional<base::ActivityId>() : known->second.second;
}

Answer<base::Done> AttendanceInMemory::undo(const base::CheckInId& id, const app::Actor&) {
  check_ins_.erase(id);
  ++writes_;
  co_return base::Done{};
}

Answer<app::RosterPage> AttendanceInMemory::roster(const base::ActivityId& activity_id,
                                                   std::optional<base::BookingId> after, std::size_t limit) {
  app::RosterPage page;
  for (const app::GateBooking& booked : engine_.ledger.model.active_bookings(activity_id)) {
    if (after && booked.id <= *after) continue;
    page.more = page.items.size() == limit;
    if (page.more) break;
    page.items.push_back({*engine_.ledger.model.find(booked.id), "小明", *base::parse_date("2016-07-06"), "妈妈", {}});
  }
  co_return page;
}

Answer<app::AuditPage> AttendanceInMemory::list(const app::AuditQuery& query) {
  if (!query.after.empty() && query.after.size() != 24) {
    co_return base::Refused{base::Code::invalid_request, "no such place", {}, 0};
  }
  app::AuditEntry entry;
  entry.at = test::opening;
  entry.actor_role = "town_admin";
  entry.action = "activity.publish";
  entry.subject = test::id_of<base::ActivityId>(1).hex();
  entry.detail = "{}";
  entry.address = "127.0.0.1";
  co_return app::AuditPage{{entry}, query.limit == 1 ? std::string(24, 'x') : std::string()};
}

}  // namespace zl::fuzz
