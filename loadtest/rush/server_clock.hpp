// The server's clock as seen from here: it decides when the release is.
#pragma once

#include <chrono>

#include "rush/model.hpp"

namespace zl::rush {

class ServerClock {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  /// The server said `instant` at `here`, give or take `error_ms`.
  ServerClock(Instant instant, SteadyTime here, double error_ms)
      : instant_(instant), here_(here), error_ms_(error_ms) {}

  Instant now() const {
    const auto passed = std::chrono::steady_clock::now() - here_;
    return instant_ + std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
  }

  SteadyTime when(Instant instant, double later_ms = 0) const {
    const std::chrono::duration<double, std::milli> away(static_cast<double>(instant - instant_) + later_ms);
    return here_ + std::chrono::duration_cast<std::chrono::nanoseconds>(away);
  }

  /// Milliseconds from `instant` to `moment`.
  double ms_since(Instant instant, SteadyTime moment) const {
    return std::chrono::duration<double, std::milli>(moment - when(instant)).count();
  }

  /// Half of the round trip in which the clock was read.
  double error_ms() const { return error_ms_; }

 private:
  Instant instant_;
  SteadyTime here_;
  double error_ms_;
};

}  // namespace zl::rush
