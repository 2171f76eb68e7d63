#include "app/manage_people.hpp"

#include <algorithm>
#include <utility>

#include "app/refusals.hpp"

namespace zl::app {
base::Date ManagePeople::today() const {
  return base::civil_day(time_.now(), offset_minutes_);
}

ManagePeople::Answer<Me> ManagePeople::me(base::UserId user) {
  const base::Outcome<std::optional<domain::User>> found = co_await people_.find_user(user);
  if (!found) co_return found.as<Me>();
  if (!*found) co_return base::Code::not_found;
  base::Outcome<std::vector<domain::Attendee>> attendees = co_await people_.attendees_of(user);
  if (!attendees) co_return attendees.as<Me>();
  co_return Me{**found, std::move(*attendees)};
}

ManagePeople::Answer<Created<domain::Attendee>> ManagePeople::create(base::UserId user, domain::Attendee attendee,
                                                                     Actor actor, std::optional<CreationMark> mark) {
  domain::Faults faults = domain::check_attendee(attendee, today());
  if (!faults.empty()) co_return invalid(std::move(faults));
  attendee.id = random_.next_id<base::AttendeeId>();
  const AttendeeCache::Ticket ticket = cache_.ticket(attendee.id);
  base::Outcome<Created<domain::Attendee>> created = co_await people_.create_attendee(user, attendee, actor, mark);
  if (created && !created->earlier) cache_.keep({attendee.id, attendee.birth_date, {user}}, ticket);
  co_return created;
}

ManagePeople::Answer<domain::Attendee> ManagePeople::find(base::UserId user, base::AttendeeId id) {
  const base::Outcome<std::vector<domain::Attendee>> attendees = co_await people_.attendees_of(user);
  if (!attendees) co_return attendees.as<domain::Attendee>();
  const auto found = std::ranges::find(*attendees, id, &domain::Attendee::id);
  if (found == attendees->end()) co_return base::Code::not_found;
  co_return *found;
}

ManagePeople::Answer<domain::Attendee> ManagePeople::update(base::UserId user, domain::Attendee attendee,
                                                            std::uint64_t expected_version, Actor actor) {
  domain::Faults faults = domain::check_attendee(attendee, today());
  if (!faults.empty()) co_return invalid(std::move(faults));
  base::Outcome<domain::Attendee> updated = co_await people_.update_attendee(user, attendee, expected_version, actor);
  if (updated.is_refused()) co_return updated;
  cache_.forget(attendee.id);
  gate_.announce_change();
  co_return updated;
}

ManagePeople::Answer<base::Done> ManagePeople::remove(base::UserId user, base::AttendeeId id, Actor actor) {
  base::Outcome<base::Done> removed = co_await people_.delete_attendee(user, id, actor);
  if (removed.is_refused()) co_return removed;
  cache_.forget(id);
  gate_.announce_change();
  co_return removed;
}

}  // namespace zl::app
