// How calls to a fake store fare: served, refused, lost on the way there or back, or late.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "base/outcome.hpp"
#include "runtime/resumption.hpp"

namespace zl::test {

enum class Fate {
  served = 1,
  refused,       ///< unavailable; it took no effect
  request_lost,  ///< unknown; it took no effect
  answer_lost,   ///< unknown, although it took effect
  late,          ///< served, but only once the test lets it arrive
  late_answer,   ///< served at once, but the answer waits for the test
};

/// What happened on all fakes of a test, in order: "gate.book", "ledger.place".
using Trace = std::vector<std::string>;

/// The calls of one method of a fake.
class Calls {
 public:
  Calls(Trace& trace, std::string name) : trace_(trace), name_(std::move(name)) {}

  /// The next calls fare so, one each; after them the usual fate.
  void next(Fate fate, int times = 1) { fates_.insert(fates_.end(), static_cast<std::size_t>(times), fate); }
  void always(Fate fate) { usual_ = fate; }
  /// All is well from now on.
  void forget_fates() {
    fates_.clear();
    usual_ = Fate::served;
  }

  int count() const { return count_; }
  std::size_t waiting() const { return waiting_.size(); }

  /// Lets everything late go on.
  void release() {
    for (auto& waiting : std::exchange(waiting_, {})) std::move(waiting)(true);
  }

  Fate arrive() {
    ++count_;
    trace_.push_back(name_);
    if (fates_.empty()) return usual_;
    const Fate fate = fates_.front();
    fates_.pop_front();
    return fate;
  }

  boost::asio::awaitable<bool> wait() {
    return runtime::suspend<bool>(
        [this](runtime::Resumption<bool> resumption) { waiting_.push_back(std::move(resumption)); });
  }

 private:
  Trace& trace_;
  std::string name_;
  int count_ = 0;
  std::deque<Fate> fates_;
  Fate usual_ = Fate::served;
  std::vector<runtime::Resumption<bool>> waiting_;
};

/// One call: `model` is asked for the answer where the call arrives.
template <class T, class Model>
boost::asio::awaitable<base::Outcome<T>> serve(Calls& calls, Model model) {
  const Fate fate = calls.arrive();
  if (fate == Fate::refused) co_return base::Refused{base::Code::unavailable, "the fake refuses", {}, 1};
  if (fate == Fate::request_lost) co_return base::Unknown{"the request was lost"};
  if (fate == Fate::late) co_await calls.wait();
  base::Outcome<T> answer = model();
  if (fate == Fate::late_answer) co_await calls.wait();
  if (fate == Fate::answer_lost) co_return base::Unknown{"the answer was lost"};
  co_return answer;
}

}  // namespace zl::test
