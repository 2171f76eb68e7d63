// A clock that the test moves, for both kinds of time.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.hpp"

namespace zl::test {

/// Thread-safe. Wall and steady time read the same number until the wall clock is moved by itself.
class ManualClock final : public base::Clock {
 public:
  base::Instant wall_now() const override { return {steady_ms_.load() + wall_ahead_ms_.load()}; }
  base::SteadyTime steady_now() const override { return base::SteadyTime(base::Milliseconds(steady_ms_.load())); }

  void advance(base::Milliseconds duration) { steady_ms_ += duration.count(); }

  /// Sets the wall clock; steady time stays as it is.
  void set_wall(base::Instant now) { wall_ahead_ms_ = now.unix_ms - steady_ms_.load(); }

 private:
  std::atomic<std::int64_t> steady_ms_ = 1'000'000;
  std::atomic<std::int64_t> wall_ahead_ms_ = 0;
};

}  // namespace zl::test
