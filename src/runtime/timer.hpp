// Sleeping as a dependency: who waits for time to pass is given a Sleeper, so that a simulation can run it.
#pragma once

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "base/time.hpp"

namespace zl::runtime {

/// Waits are cut to this, so that no caller's "for ever" overflows a clock.
inline constexpr base::Milliseconds longest_wait = std::chrono::hours(24 * 365);

/// Within 0 and longest_wait.
constexpr base::Milliseconds bounded_wait(base::Milliseconds wait) {
  return std::clamp(wait, base::Milliseconds(0), longest_wait);
}

class Sleeper {
 public:
  virtual ~Sleeper() = default;

  /// Resumes the caller on its own loop after `duration`, or earlier where the sleeper's owner stops: a loop that
  /// sleeps asks its stop condition again after each sleep. A duration of zero or less lets others run once.
  virtual boost::asio::awaitable<void> sleep_for(base::Milliseconds duration) = 0;
};

/// Sleeps on the caller's executor and never wakes early. Background tasks take their TaskGroup's sleeper instead.
class AsioSleeper final : public Sleeper {
 public:
  boost::asio::awaitable<void> sleep_for(base::Milliseconds duration) override;
};

}  // namespace zl::runtime
