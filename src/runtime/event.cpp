#include "runtime/event.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/timer.hpp"

namespace zl::runtime {

namespace asio = boost::asio;

class Event::State {
 public:
  struct Waiter {
    Waiter(const asio::any_io_executor& executor, base::Milliseconds timeout) : timer(executor, timeout) {}

    asio::steady_timer timer;  ///< touched on its own loop only
    bool saw_set = false;      ///< under the state's mutex
  };
  using WaiterPtr = std::shared_ptr<Waiter>;

  explicit State(std::size_t waiter_limit) : waiter_limit_(waiter_limit) {}

  bool admit(const WaiterPtr& waiter) {
    const std::lock_guard lock(mutex_);
    if (set_) waiter->saw_set = true;
    if (set_ || closed_ || waiters_.size() >= waiter_limit_) return false;
    waiters_.push_back(waiter);
    return true;
  }

  void leave(const WaiterPtr& waiter) {
    const std::lock_guard lock(mutex_);
    std::erase(waiters_, waiter);
  }

  /// Lets a waiter leave when its wait ends, also when the waiting coroutine is destroyed.
  class Leaving {
   public:
    Leaving(State& state, WaiterPtr waiter) : state_(state), waiter_(std::move(waiter)) {}
    Leaving(const Leaving&) = delete;
    Leaving& operator=(const Leaving&) = delete;
    ~Leaving() { state_.leave(waiter_); }

   private:
    State& state_;
    const WaiterPtr waiter_;
  };

  bool saw_set(const Waiter& waiter) const {
    const std::lock_guard lock(mutex_);
    return waiter.saw_set;
  }

  void set() {
    std::vector<WaiterPtr> woken;
    {
      const std::lock_guard lock(mutex_);
      if (set_) return;
      set_ = true;
      for (const WaiterPtr& waiter : waiters_) waiter->saw_set = true;
      woken.swap(waiters_);
    }
    wake(std::move(woken));
  }

  void reset() {
    const std::lock_guard lock(mutex_);
    set_ = false;
  }

  /// Nobody will set this any more.
  void close() {
    std::vector<WaiterPtr> woken;
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      woken.swap(waiters_);
    }
    wake(std::move(woken));
  }

  bool is_set() const {
    const std::lock_guard lock(mutex_);
    return set_;
  }

  std::size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return waiters_.size();
  }

 private:
  static void wake(std::vector<WaiterPtr> waiters) {
    for (WaiterPtr& waiter : waiters) {
      const asio::any_io_executor executor = waiter->timer.get_executor();
      // Moved, so that a timer is never destroyed on this thread after its loop has gone on.
      asio::post(executor, [waiter = std::move(waiter)] { waiter->timer.cancel(); });
    }
  }

  const std::size_t waiter_limit_;

  mutable std::mutex mutex_;
  std::vector<WaiterPtr> waiters_;  // under mutex_
  bool set_ = false;                // under mutex_
  bool closed_ = false;             // under mutex_
};

Event::Event(std::size_t waiter_limit) : state_(std::make_shared<State>(waiter_limit)) {}

Event::~Event() {
  state_->close();
}

asio::awaitable<bool> Event::wait(base::Milliseconds timeout) {
  return wait_for(state_, timeout);
}

asio::awaitable<bool> Event::wait_for(std::shared_ptr<State> state, base::Milliseconds timeout) {
  const auto executor = co_await asio::this_coro::executor;
  const auto waiter = std::make_shared<State::Waiter>(executor, bounded_wait(timeout));
  if (state->admit(waiter)) {
    const State::Leaving leaving(*state, waiter);
    co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  co_return state->saw_set(*waiter);
}

void Event::set() {
  const std::shared_ptr<State> state = state_;  // whom this wakes may destroy the event
  state->set();
}

void Event::reset() {
  state_->reset();
}

bool Event::is_set() const {
  return state_->is_set();
}

std::size_t Event::waiting() const {
  return state_->waiting();
}

}  // namespace zl::runtime
