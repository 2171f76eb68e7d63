#include "app/check_in.hpp"

#include <algorithm>
#include <utility>

#include "base/crash_point.hpp"

namespace zl::app {

CheckInDesk::Answer<CheckInAnswer> CheckInDesk::check_in(base::SessionId session, base::BookingId booking,
                                                         std::string idempotency_key, Claims who, Actor actor) {
  const std::shared_ptr<const Catalogue> catalogue = catalogue_.share();
  const ActivityEntry* entry = catalogue->activity_of(session);
  if (entry == nullptr) co_return base::Code::not_found;
  const domain::Activity& activity = entry->activity;
  if (!reaches(who, *catalogue, activity.id)) co_return base::Code::forbidden;

  const base::CheckInId id =
      idempotency_key.empty() ? random_.next_id<base::CheckInId>() : ids_.check_in(who.account, idempotency_key);
  co_return co_await enter(activity, session, booking, id, std::move(actor));
}

CheckInDesk::Answer<CheckInAnswer> CheckInDesk::check_in_own(base::SessionId session, base::BookingId booking,
                                                             std::string idempotency_key, Actor actor) {
  const std::shared_ptr<const Catalogue> catalogue = catalogue_.share();
  const ActivityEntry* entry = catalogue->activity_of(session);
  if (entry == nullptr) co_return base::Code::not_found;
  const base::CheckInId id = ids_.check_in(actor.id, idempotency_key);
  base::Outcome<CheckInAnswer> entered = co_await enter(entry->activity, session, booking, id, std::move(actor));
  if (entered && entered->check_in.id == id) entered->earlier = false;
  co_return entered;
}

/// `activity` is the session's and outlives the call.
CheckInDesk::Answer<CheckInAnswer> CheckInDesk::enter(const domain::Activity& activity, base::SessionId session,
                                                      base::BookingId booking, base::CheckInId id, Actor actor) {
  const base::Instant now = time_.now();
  const auto meeting = std::ranges::find(activity.sessions, session, &domain::Session::id);
  if (now < begins_at(meeting->time.starts_at)) {
    co_return base::Refused{base::Code::not_open, "check-in has not begun", {}, 0};
  }
  CheckInItem item{id, booking, session, activity.id, activity.programme_id, now, std::move(actor)};
  ZL_CRASH_POINT("check_in.asked");
  base::Outcome<CheckInResult> checked_in = co_await store_.check_in(std::move(item));
  ZL_CRASH_POINT("check_in.known");
  co_return checked_in;
}

CheckInDesk::Answer<base::Done> CheckInDesk::undo(base::CheckInId id, Claims who, Actor actor) {
  const base::Outcome<std::optional<base::ActivityId>> activity = co_await store_.activity_of(id);
  if (!activity) co_return activity.as<base::Done>();
  if (!*activity) co_return base::Code::not_found;
  if (!reaches(who, catalogue_.current(), **activity)) co_return base::Code::forbidden;
  ZL_CRASH_POINT("undo.found");
  const base::Outcome<base::Done> undone = co_await store_.undo(id, actor);
  ZL_CRASH_POINT("undo.known");
  co_return undone;
}

CheckInDesk::Answer<RosterPage> CheckInDesk::roster(base::ActivityId activity, std::optional<base::BookingId> after,
                                                    std::size_t limit, Claims who) {
  const base::Outcome<base::Done> shown = shows_roster(activity, who);
  if (!shown) co_return shown.as<RosterPage>();
  co_return co_await store_.roster(activity, after, limit);
}

CheckInDesk::Answer<RosterPage> CheckInDesk::confirmed(base::ActivityId activity, std::optional<base::BookingId> after,
                                                       std::size_t limit, Claims who) {
  const base::Outcome<base::Done> shown = shows_roster(activity, who);
  if (!shown) co_return shown.as<RosterPage>();
  co_return co_await store_.confirmed(activity, after, limit);
}

base::Outcome<base::Done> CheckInDesk::shows_roster(const base::ActivityId& activity, const Claims& who) const {
  if (catalogue_.current().activity(activity) == nullptr) return base::Code::not_found;
  if (!reaches(who, catalogue_.current(), activity)) return base::Code::forbidden;
  return base::Done{};
}

}  // namespace zl::app
