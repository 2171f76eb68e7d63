// runtime::Event on virtual time. It takes the place of src/runtime/event.cpp in the simulation's programs, and with it
// every sleep and every wait of the application runs on the schedule.
#include "runtime/event.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "runtime/timer.hpp"
#include "sim/schedule.hpp"

namespace zl::runtime {

namespace asio = boost::asio;
using sim::Schedule;

class Event::State {
 public:
  struct Waiter {
    std::shared_ptr<sim::Call<bool>> call;  ///< null until it waits
    bool saw_set = false;
  };
  using WaiterPtr = std::shared_ptr<Waiter>;

  explicit State(std::size_t waiter_limit) : waiter_limit_(waiter_limit) {}

  bool admit(const WaiterPtr& waiter) {
    if (set_) waiter->saw_set = true;
    if (set_ || closed_ || waiters_.size() >= waiter_limit_) return false;
    waiters_.push_back(waiter);
    return true;
  }

  /// Lets a waiter leave when its wait ends, also when the waiting coroutine is destroyed.
  class Leaving {
   public:
    Leaving(State& state, WaiterPtr waiter) : state_(state), waiter_(std::move(waiter)) {}
    Leaving(const Leaving&) = delete;
    Leaving& operator=(const Leaving&) = delete;
    ~Leaving() { std::erase(state_.waiters_, waiter_); }

   private:
    State& state_;
    const WaiterPtr waiter_;
  };

  void set() {
    if (set_) return;
    set_ = true;
    for (const WaiterPtr& waiter : waiters_) waiter->saw_set = true;
    wake();
  }

  void close() {
    closed_ = true;
    wake();
  }

  void reset() { set_ = false; }
  bool is_set() const { return set_; }
  std::size_t waiting() const { return waiters_.size(); }

 private:
  void wake() {
    for (const WaiterPtr& waiter : std::exchange(waiters_, {})) {
      if (waiter->call) waiter->call->answer(true);
    }
  }

  const std::size_t waiter_limit_;
  std::vector<WaiterPtr> waiters_;
  bool set_ = false;
  bool closed_ = false;
};

Event::Event(std::size_t waiter_limit) : state_(std::make_shared<State>(waiter_limit)) {}

Event::~Event() {
  state_->close();
}

asio::awaitable<bool> Event::wait(base::Milliseconds timeout) {
  return wait_for(state_, timeout);
}

asio::awaitable<bool> Event::wait_for(std::shared_ptr<State> state, base::Milliseconds timeout) {
  const auto waiter = std::make_shared<State::Waiter>();
  if (state->admit(waiter)) {
    const State::Leaving leaving(*state, waiter);
    const std::int64_t timeout_us = bounded_wait(timeout).count() * 1000;
    co_await suspend<bool>([waiter, timeout_us](Resumption<bool> resumption) {
      Schedule& schedule = Schedule::current();
      waiter->call = sim::Call<bool>::start(schedule, std::move(resumption));
      schedule.after_us(timeout_us, schedule.running(), [weak = std::weak_ptr(waiter->call)] {
        if (const auto call = weak.lock()) call->answer(false);
      });
    });
  }
  co_return waiter->saw_set;
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
