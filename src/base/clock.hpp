// Time as a dependency: every part that needs the time is given a clock, so that a test or a simulation can run it.
#pragma once

#include <chrono>

#include "base/time.hpp"

namespace zl::base {

/// Monotonic time of this process; only differences mean something.
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;

  /// This host's wall clock: for logs and token expiry. Opening times count by the gate's clock, not by this one.
  virtual Instant wall_now() const = 0;

  virtual SteadyTime steady_now() const = 0;
};

}  // namespace zl::base
