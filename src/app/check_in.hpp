// The use cases of the door: check in, undo, and the roster.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "app/access.hpp"
#include "app/attendance_store.hpp"
#include "app/booking_ids.hpp"
#include "app/catalogue.hpp"
#include "app/gate_clock.hpp"
#include "base/random.hpp"

namespace zl::app {

/// The first check-in of a booking to a session; `earlier` where it is not this call's.
using CheckInAnswer = CheckInResult;

class CheckInDesk {
 public:
  CheckInDesk(AttendanceStore& store, const CatalogueHolder& catalogue, const BookingIds& ids, const GateClock& time,
              base::Random& random, base::Milliseconds early)
      : store_(store), catalogue_(catalogue), ids_(ids), time_(time), random_(random), early_(early) {}

  template <class T>
  using Answer = asio::awaitable<base::Outcome<T>>;

  /// `idempotency_key` may be empty. With a key, a repetition is the same check-in; without, it is Refused by the edge
  /// as already_checked_in. Refused: not_found (session, booking), forbidden, wrong_session, invalid_state, not_open.
  Answer<CheckInAnswer> check_in(base::SessionId session, base::BookingId booking, std::string idempotency_key,
                                 Claims who, Actor actor);
  /// By the attendee's own family, which the caller vouches for, under the same rules. `earlier` where another call was
  /// first: with this key a repetition is the same check-in.
  Answer<CheckInAnswer> check_in_own(base::SessionId session, base::BookingId booking, std::string idempotency_key,
                                     Actor actor);
  Answer<base::Done> undo(base::CheckInId id, Claims who, Actor actor);
  Answer<RosterPage> roster(base::ActivityId activity, std::optional<base::BookingId> after, std::size_t limit,
                            Claims who);
  /// Likewise the confirmed bookings alone.
  Answer<RosterPage> confirmed(base::ActivityId activity, std::optional<base::BookingId> after, std::size_t limit,
                               Claims who);
  /// Whether rosters of the activity are for them. Refused: not_found, forbidden.
  base::Outcome<base::Done> shows_roster(const base::ActivityId& activity, const Claims& who) const;

  /// From when on a session with this start can be checked in to.
  base::Instant begins_at(base::Instant starts_at) const { return starts_at - early_; }

 private:
  Answer<CheckInAnswer> enter(const domain::Activity& activity, base::SessionId session, base::BookingId booking,
                              base::CheckInId id, Actor actor);

  AttendanceStore& store_;
  const CatalogueHolder& catalogue_;
  const BookingIds& ids_;
  const GateClock& time_;
  base::Random& random_;
  const base::Milliseconds early_;
};

}  // namespace zl::app
