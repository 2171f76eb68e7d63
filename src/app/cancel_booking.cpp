#include "app/cancel_booking.hpp"

#include <utility>

#include "base/crash_point.hpp"

namespace zl::app {
namespace {

// Before each try of the seat's way back, where the gate doesn't answer; after the last the reconciler finds it.
constexpr base::Milliseconds pauses[] = {base::Milliseconds(0), base::Milliseconds(100), base::Milliseconds(400),
                                         base::Milliseconds(1600)};

}  // namespace

asio::awaitable<base::Outcome<domain::Booking>> CancelBooking::operator()(base::UserId user, base::BookingId id,
                                                                          Actor actor) {
  const base::Outcome<std::optional<domain::Booking>> found = co_await ledger_.find(id);
  if (!found) co_return found.as<domain::Booking>();
  if (!*found || (*found)->user_id != user) co_return base::Code::not_found;
  const domain::Booking booking = **found;
  if (!domain::is_active(booking.state)) co_return booking;

  const ActivityEntry* entry = catalogue_.current().activity(booking.activity_id);
  if (entry == nullptr) co_return base::Refused{base::Code::unavailable, "the activity is not known here yet", {}, 1};
  const base::Instant until = domain::cancel_until(*entry->programme, entry->activity);
  const base::Instant now = time_.now();
  if (now >= until) co_return base::Refused{base::Code::closed, "cancelling ended at cancel_until", {}, 0};

  ZL_CRASH_POINT("cancel.found");
  base::Outcome<Cancelled> cancelled = co_await ledger_.cancel(id, booking.programme_id, actor, now);
  if (!cancelled) co_return cancelled.as<domain::Booking>();
  ZL_CRASH_POINT("cancel.known");
  // On this loop, before the answer: who presses again at once asks the gate after it, on the same link.
  group_.spawn(co_await asio::this_coro::executor, free_seat(cancelled->booking), "free_seat");
  co_return cancelled->booking;
}

asio::awaitable<void> CancelBooking::free_seat(domain::Booking booking) {
  for (const base::Milliseconds pause : pauses) {
    if (pause > base::Milliseconds(0)) co_await group_.sleeper().sleep_for(pause);
    if (co_await gate_.remove_cancelled(booking.programme_id, booking.activity_id, booking.id)) break;
    if (group_.stopping()) break;
  }
  ZL_CRASH_POINT("cancel.freed");
}

}  // namespace zl::app
