// Calls without an answer, in the order in which their answers will come, and their deadlines. Pure: time is passed in.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/invariant.hpp"
#include "base/time.hpp"

namespace zl::redis {

/// Answers carry no name: the first one belongs to the oldest call. So a call that is given up stays in its place until
/// its late answer comes. `Waiter` is what is told of the answer.
template <class Waiter>
class PendingCalls {
 public:
  struct Answered {
    std::optional<Waiter> waiter;
    bool given_up = false;  ///< expire() told the waiter before
  };

  explicit PendingCalls(base::Milliseconds timeout) : timeout_(timeout) {}

  /// `now` never goes back. Without a waiter nobody is told.
  void push(std::optional<Waiter> waiter, base::SteadyTime now) { calls_.push_back(Call{std::move(waiter), now}); }

  /// The oldest call, which is answered now.
  Answered pop() {
    base::invariant(!calls_.empty(), "an answer belongs to a call");
    Answered answered{std::move(calls_.front().waiter), given_up_ > 0};
    calls_.pop_front();
    if (given_up_ > 0) --given_up_;
    return answered;
  }

  /// Gives up the calls that waited for `timeout`; `give_up` is told each of their waiters, and must not come back
  /// here.
  template <class GiveUp>
  void expire(base::SteadyTime now, GiveUp give_up) {
    // All calls have the same timeout: those given up are always the oldest.
    while (given_up_ < calls_.size() && calls_[given_up_].sent_at + timeout_ <= now) {
      std::optional<Waiter>& waiter = calls_[given_up_].waiter;
      ++given_up_;
      if (waiter) give_up(*waiter);
    }
  }

  /// True where the oldest call is so late that the connection has to be given up, not only the call.
  bool stuck(base::SteadyTime now) const { return !calls_.empty() && calls_.front().sent_at + 2 * timeout_ <= now; }

  /// When to look at expire() and stuck() again; nothing while nothing is pending.
  std::optional<base::SteadyTime> next_deadline() const {
    if (calls_.empty()) return std::nullopt;
    const base::SteadyTime stuck_at = calls_.front().sent_at + 2 * timeout_;
    if (given_up_ == calls_.size()) return stuck_at;
    return std::min(stuck_at, calls_[given_up_].sent_at + timeout_);
  }

  /// When the oldest call was sent; nothing while nothing is pending.
  std::optional<base::SteadyTime> oldest() const {
    if (calls_.empty()) return std::nullopt;
    return calls_.front().sent_at;
  }

  /// True while somebody may still wait.
  bool waited_for() const { return given_up_ < calls_.size(); }

  bool empty() const { return calls_.empty(); }
  std::size_t size() const { return calls_.size(); }

 private:
  struct Call {
    std::optional<Waiter> waiter;
    base::SteadyTime sent_at;
  };

  const base::Milliseconds timeout_;
  std::deque<Call> calls_;
  std::size_t given_up_ = 0;  ///< the first ones of calls_
};

}  // namespace zl::redis
