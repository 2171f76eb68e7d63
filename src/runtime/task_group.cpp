#include "runtime/task_group.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <limits>
#include <mutex>
#include <utility>

#include "runtime/event.hpp"
#include "runtime/log.hpp"

namespace zl::runtime {

namespace asio = boost::asio;

class TaskGroup::State {
 public:
  explicit State(std::size_t task_limit) : task_limit_(task_limit) { idle_.set(); }

  bool enter() {
    const std::lock_guard lock(mutex_);
    if (stopped_.is_set() || running_ >= task_limit_) return false;
    if (running_++ == 0) idle_.reset();
    return true;
  }

  void leave() {
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) idle_.set();
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_.set();
  }

  std::size_t running() const {
    const std::lock_guard lock(mutex_);
    return running_;
  }

  Event& stopped() { return stopped_; }
  Event& idle() { return idle_; }

 private:
  const std::size_t task_limit_;
  Event stopped_{std::numeric_limits<std::size_t>::max()};  ///< waited for by tasks, which are bounded
  Event idle_;                                              ///< set exactly while running_ is 0

  mutable std::mutex mutex_;
  std::size_t running_ = 0;  // under mutex_
};

/// One task's place in the group, given back when its coroutine ends or is destroyed unrun.
class TaskGroup::Place {
 public:
  explicit Place(std::shared_ptr<State> state) : state_(std::move(state)) {}
  Place(Place&&) noexcept = default;
  Place& operator=(Place&&) = delete;
  ~Place() {
    if (state_) state_->leave();
  }

 private:
  std::shared_ptr<State> state_;
};

class TaskGroup::GroupSleeper final : public Sleeper {
 public:
  explicit GroupSleeper(std::shared_ptr<State> state) : state_(std::move(state)) {}

  asio::awaitable<void> sleep_for(base::Milliseconds duration) override { return sleep(state_, duration); }

 private:
  static asio::awaitable<void> sleep(std::shared_ptr<State> state, base::Milliseconds duration) {
    // Others run at least once, so that a task that forgets to ask stopping() can't take the loop for itself.
    if (state->stopped().is_set() || duration <= base::Milliseconds(0)) {
      co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
      co_return;
    }
    co_await state->stopped().wait(duration);
  }

  std::shared_ptr<State> state_;
};

TaskGroup::TaskGroup(asio::any_io_executor executor, std::size_t task_limit)
    : executor_(std::move(executor)),
      state_(std::make_shared<State>(task_limit)),
      sleeper_(std::make_unique<GroupSleeper>(state_)) {}

TaskGroup::~TaskGroup() {
  stop();
}

namespace {

/// Of the exception that is being handled.
void log_failure(const std::string& task) {
  try {
    throw;
  } catch (const std::exception& exception) {
    log::error("task_failed", {{"task", task}, {"what", exception.what()}});
  } catch (...) {
    log::error("task_failed", {{"task", task}, {"what", "not a std::exception"}});
  }
}

}  // namespace

asio::awaitable<void> TaskGroup::supervise(Place, asio::awaitable<void> task, std::string name) {
  try {
    co_await std::move(task);
  } catch (...) {
    log_failure(name);
  }
}

asio::awaitable<void> TaskGroup::supervise_for_good(Place, std::shared_ptr<State> state,
                                                    std::function<asio::awaitable<void>()> begin, std::string name) {
  GroupSleeper sleeper(state);
  for (bool ended = false; !ended && !state->stopped().is_set();) {
    try {
      co_await begin();
      ended = true;
    } catch (...) {
      log_failure(name);
    }
    if (!ended) co_await sleeper.sleep_for(restart_pause);
  }
}

bool TaskGroup::spawn(asio::awaitable<void> task, std::string name) {
  return spawn(executor_, std::move(task), std::move(name));
}

bool TaskGroup::spawn(const asio::any_io_executor& executor, asio::awaitable<void> task, std::string name) {
  if (!state_->enter()) return false;
  Place place(state_);
  asio::co_spawn(executor, supervise(std::move(place), std::move(task), std::move(name)), asio::detached);
  return true;
}

bool TaskGroup::spawn_for_good(std::function<asio::awaitable<void>()> begin, std::string name) {
  if (!state_->enter()) return false;
  Place place(state_);
  asio::co_spawn(executor_, supervise_for_good(std::move(place), state_, std::move(begin), std::move(name)),
                 asio::detached);
  return true;
}

void TaskGroup::stop() {
  state_->stop();
}

bool TaskGroup::stopping() const {
  return state_->stopped().is_set();
}

Sleeper& TaskGroup::sleeper() {
  return *sleeper_;
}

asio::awaitable<bool> TaskGroup::join(base::Milliseconds timeout) {
  return state_->idle().wait(timeout);
}

std::size_t TaskGroup::running() const {
  return state_->running();
}

}  // namespace zl::runtime
