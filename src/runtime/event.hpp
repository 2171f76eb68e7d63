// A flag that coroutines on any loop can wait for and any thread can set.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>

#include "base/time.hpp"

namespace zl::runtime {

/// Thread-safe. Starts unset; once set it stays set, and lets everybody pass, until reset(). It may be destroyed while
/// coroutines wait: they get false.
class Event {
 public:
  /// At most `waiter_limit` coroutines wait at a time.
  explicit Event(std::size_t waiter_limit = 1024);
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event();

  /// True as soon as the event is set, at once where it is; false after `timeout`, and at once beyond the limit of
  /// waiters. The caller resumes on its own loop.
  boost::asio::awaitable<bool> wait(base::Milliseconds timeout);

  /// Wakes all who wait now; wakes none where it is set already.
  void set();

  void reset();

  bool is_set() const;
  std::size_t waiting() const;

 private:
  class State;

  static boost::asio::awaitable<bool> wait_for(std::shared_ptr<State> state, base::Milliseconds timeout);

  std::shared_ptr<State> state_;  ///< shared with those who wait: set() may end after the event was destroyed
};

}  // namespace zl::runtime
