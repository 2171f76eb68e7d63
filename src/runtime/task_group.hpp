// Background work runs in a group, which bounds it, logs what escapes from it, and waits for it at shutdown.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/time.hpp"
#include "runtime/timer.hpp"

namespace zl::runtime {

/// Thread-safe. Stopping only asks: a task ends by itself, soon after it sees stopping() or a sleep that ended early.
class TaskGroup {
 public:
  /// At most `task_limit` tasks run at a time, on `executor` unless spawn is told otherwise.
  explicit TaskGroup(boost::asio::any_io_executor executor, std::size_t task_limit = 1024);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  /// stop(); waits for nobody.
  ~TaskGroup();

  /// Starts a task. False, and the task never starts, when the group is full or stopping. An exception that leaves the
  /// task is logged under `name` and ends that task only.
  bool spawn(boost::asio::awaitable<void> task, std::string name);
  bool spawn(const boost::asio::any_io_executor& executor, boost::asio::awaitable<void> task, std::string name);

  /// Starts a task that the group can't do without while it lasts: after an exception that left it, it begins anew,
  /// `restart_pause` later.
  bool spawn_for_good(std::function<boost::asio::awaitable<void>()> begin, std::string name);
  static constexpr base::Milliseconds restart_pause{1000};

  /// Takes no more tasks and ends the sleeps of those that run.
  void stop();
  bool stopping() const;

  /// Sleeps that end when the group stops; for the group's tasks. Lives as long as the group.
  Sleeper& sleeper();

  /// True when no task runs any more, false after `timeout`. Never to be awaited by a task of this group.
  boost::asio::awaitable<bool> join(base::Milliseconds timeout);

  std::size_t running() const;

 private:
  class State;
  class Place;
  class GroupSleeper;

  static boost::asio::awaitable<void> supervise(Place place, boost::asio::awaitable<void> task, std::string name);
  static boost::asio::awaitable<void> supervise_for_good(Place place, std::shared_ptr<State> state,
                                                         std::function<boost::asio::awaitable<void>()> begin,
                                                         std::string name);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<State> state_;  ///< shared with the tasks, which may outlive the group
  std::unique_ptr<Sleeper> sleeper_;
};

}  // namespace zl::runtime
