// How long what comes in on a loop waits before the loop gets to it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <vector>

#include "base/clock.hpp"
#include "base/time.hpp"
#include "runtime/task_group.hpp"

namespace zl::runtime {

/// The lateness of a timer, from its being armed to its firing and beyond. Pure: time is passed in.
class Lateness {
 public:
  /// The timer is to fire then.
  void expect(base::SteadyTime due) {
    due_ = due;
    waiting_ = true;
  }
  void came(base::SteadyTime now) {
    last_ = now - due_;
    waiting_ = false;
  }
  /// What the timer was late the last time, or is by now.
  base::SteadyTime::duration now(base::SteadyTime now) const {
    return waiting_ && now - due_ > last_ ? now - due_ : last_;
  }

 private:
  base::SteadyTime due_;
  base::SteadyTime::duration last_{0};
  bool waiting_ = false;
};

/// A timer on each loop. Timers and sockets become ready through the same queue of the kernel's, first come first
/// served, so a timer is as late as a request that comes in.
class LoopLag {
 public:
  LoopLag(std::size_t loops, base::Milliseconds target, const base::Clock& clock)
      : slots_(loops), target_(target), clock_(clock) {}

  /// Watches the loop that it is started on, one task a loop, until the group stops.
  boost::asio::awaitable<void> watch(std::size_t loop, TaskGroup& group);

  /// True where the loop of this thread is later than the target.
  bool is_late(base::SteadyTime now) const;

 private:
  struct alignas(64) Slot {
    Lateness lateness;
  };

  std::vector<Slot> slots_;  ///< each is used on its loop only
  const base::Milliseconds target_;
  const base::Clock& clock_;
};

}  // namespace zl::runtime
