// The use case of a push: dealt with once, however often the platform repeats it and in whatever process, and answered
// within the five seconds that the platform waits.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "app/converse.hpp"
#include "app/followers.hpp"
#include "app/identity_store.hpp"
#include "app/message_receipts.hpp"
#include "app/platform_messages.hpp"
#include "app/push_store.hpp"
#include "base/clock.hpp"
#include "runtime/event.hpp"
#include "runtime/metrics.hpp"
#include "runtime/task_group.hpp"

namespace zl::app {

struct PushMetrics {
  std::array<runtime::Counter*, std::variant_size_v<PushContent>> by_kind{};  ///< pushes that were dealt with
  runtime::Counter& repeated;                                                 ///< answered as before
  runtime::Counter& late;    ///< answered without words, which were not ready in time
  runtime::Counter& failed;  ///< left to the platform's repetition

  static PushMetrics of(runtime::Metrics& metrics);
};

/// Times of a push. The platform gives up after 5 s and repeats; a turn must have lapsed by then, so that what a
/// crashed process has left undone is done by the next repetition.
struct PushTimes {
  base::Milliseconds patience{4000};   ///< then it is answered without words, and the work goes on
  base::Milliseconds turn{3000};       ///< of one process with one push
  base::Milliseconds look_again{100};  ///< at a push that somebody else deals with
};

class HandlePush {
 public:
  struct Parts {
    PushStore& pushes;
    Converse& converse;
    IdentityStore& identities;
    MessageReceipts* receipts = nullptr;  ///< null where no messages are sent: what is told of them is let go
    Followers* followers = nullptr;       ///< likewise
    const GateClock& time;
    int offset_minutes = 0;
    runtime::TaskGroup& group;  ///< where the work goes on when the platform waits no longer
    const base::Clock& clock;
    PushMetrics metrics;
    PushTimes times = {};
  };

  explicit HandlePush(Parts parts) : parts_(std::move(parts)) {}

  /// The words to answer with, empty for none. Refused{unavailable, overloaded}: not dealt with; it is to be repeated.
  /// Words that come too late are kept for a repetition and not said: what was done shows on the pages, and asking
  /// again does no harm.
  asio::awaitable<base::Outcome<std::string>> operator()(Push push, std::string request_id);

 private:
  /// Of one push, shared by who waits for it and who does it.
  struct Work {
    Work(Push of, std::string id) : push(std::move(of)), request_id(std::move(id)) {}

    const Push push;
    const std::string request_id;
    std::atomic<bool> begun = false;
    std::optional<base::Outcome<std::string>> answer;  ///< before `done` is set
    runtime::Event done{1};
  };
  /// What came of a push, before it is kept.
  struct Deed {
    std::string words;
    std::optional<FollowCount> count;
  };

  asio::awaitable<void> work_on(std::shared_ptr<Work> work);
  asio::awaitable<base::Outcome<std::string>> answer_of(Work& work);
  /// A turn, or the answer that another has found meanwhile; neither where another is still at it.
  asio::awaitable<base::Outcome<PushBegun>> begin(const Work& work);
  /// Refused or unknown: it is to be begun anew. Everything that it does may be done twice.
  asio::awaitable<base::Outcome<Deed>> deal_with(const Work& work);
  /// What is told of messages, to who sends them.
  asio::awaitable<base::Outcome<base::Done>> pass_on(const Push& push);
  asio::awaitable<base::Outcome<Deed>> bind_again(const Push& push, std::string scene, std::string request_id);
  asio::awaitable<base::Outcome<Deed>> unbind(const Push& push);
  FollowCount one(FollowEvent event, std::string_view scene) const;

  Parts parts_;
};

}  // namespace zl::app
