// Time by the gate's clock: Redis's, carried forward by this host's monotonic clock. Opening times count by it.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "app/gate.hpp"
#include "base/clock.hpp"
#include "runtime/task_group.hpp"

namespace zl::app {

/// Around opening and closing, decisions this near are left to the gate.
inline constexpr base::Milliseconds clock_margin{250};

class GateClock {
 public:
  explicit GateClock(const base::Clock& clock) : clock_(clock) {}

  /// By the wall clock until the first answer came.
  base::Instant now() const { return at(clock_.steady_now()); }

  /// The same of a moment that was just read from the steady clock.
  base::Instant at(base::SteadyTime steady) const {
    if (!synchronised()) return clock_.wall_now();
    return {offset_ms_.load(std::memory_order_relaxed) + in_ms(steady)};
  }

  bool synchronised() const { return synchronised_.load(std::memory_order_acquire); }

  /// Asks the gate once; false where it did not answer. Answers that took longer than the margin are thrown away.
  asio::awaitable<bool> synchronise(Gate& gate);

  /// Asks every second until the group stops.
  asio::awaitable<void> keep(Gate& gate, runtime::TaskGroup& group);

 private:
  static std::int64_t in_ms(base::SteadyTime steady) {
    return std::chrono::duration_cast<base::Milliseconds>(steady.time_since_epoch()).count();
  }
  std::int64_t steady_ms() const { return in_ms(clock_.steady_now()); }

  const base::Clock& clock_;
  std::atomic<std::int64_t> offset_ms_ = 0;
  std::atomic<bool> synchronised_ = false;
};

}  // namespace zl::app
