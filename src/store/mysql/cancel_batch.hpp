// The group commit of cancellations by users: each gives its seat back once.
#pragma once

#include <vector>

#include "app/booking_ledger.hpp"
#include "store/mysql/batch_runner.hpp"

namespace zl::mysql {

using CancelAnswer = base::Outcome<app::Cancelled>;

struct CancelItem {
  base::BookingId id;
  app::Actor actor;
  base::Instant now;
};

/// The answers in the order of the items; they are final. One transaction: the activities' seats are locked, then the
/// bookings, each by id; a booking that is cancelled already is answered as earlier.
std::vector<CancelAnswer> cancel_batch(BatchRunner& runner, const std::vector<CancelItem>& items);

}  // namespace zl::mysql
