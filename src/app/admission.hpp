// Who may go on to the stores, and who is told at once to come again: decided before anything is asked of anybody.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "app/booking_ledger.hpp"
#include "app/gate.hpp"
#include "app/turned_away.hpp"
#include "base/clock.hpp"
#include "domain/booking.hpp"
#include "runtime/guard.hpp"
#include "runtime/metrics.hpp"

namespace zl::app {

/// Where there was no room.
enum class Bottleneck { loop = 1, gate, ledger };

/// By Bottleneck; the first is unused.
using AdmissionMetrics = std::array<runtime::Counter*, 4>;

/// Callable on any loop.
class Admission {
 public:
  struct Parts {
    const Gate& gate;
    BookingLedger& ledger;
    std::function<bool(base::SteadyTime)> loop_is_late;  ///< whether what comes in on this loop waits too long
    AdmissionMetrics turned_away;
    std::size_t remembered = 131'072;  ///< of those turned away: as many as a few seconds bring, 8 bytes each
  };

  explicit Admission(Parts parts) : parts_(std::move(parts)), turned_away_(parts_.remembered) {}

  /// A place in the writers' queue, or nothing where the wish would wait too long on its way: the caller is overloaded.
  /// Of those who were turned away before, and have waited, more are let in.
  std::optional<runtime::CountGuard> admit(const domain::BookingWish& wish, base::SteadyTime now);

 private:
  std::optional<runtime::CountGuard> turn_away(const domain::BookingWish& wish, base::SteadyTime now, Bottleneck where);

  const Parts parts_;
  TurnedAway turned_away_;
  std::atomic<std::int64_t> next_line_ns_ = 0;  ///< when the log may say it again
};

}  // namespace zl::app
