// The use case of giving a seat back: ledger first, then gate; a crash between leaves the gate too strict, which the
// reconciler mends.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "app/booking_ledger.hpp"
#include "app/catalogue.hpp"
#include "app/gate.hpp"
#include "app/gate_clock.hpp"
#include "runtime/task_group.hpp"

namespace zl::app {

class CancelBooking {
 public:
  CancelBooking(Gate& gate, BookingLedger& ledger, const CatalogueHolder& catalogue, const GateClock& time,
                runtime::TaskGroup& group)
      : gate_(gate), ledger_(ledger), catalogue_(catalogue), time_(time), group_(group) {}

  /// The booking, cancelled; cancelled again is done. Refused: not_found (somebody else's too), closed after
  /// cancel_until, overloaded, unavailable.
  asio::awaitable<base::Outcome<domain::Booking>> operator()(base::UserId user, base::BookingId id, Actor actor);

 private:
  asio::awaitable<void> free_seat(domain::Booking booking);

  Gate& gate_;
  BookingLedger& ledger_;
  const CatalogueHolder& catalogue_;
  const GateClock& time_;
  runtime::TaskGroup& group_;
};

}  // namespace zl::app
