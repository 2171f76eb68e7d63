// What the tests of the sender share: a sender on a model of the outbox, and channels that answer as the test says.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/send_messages.hpp"
#include "runtime/metrics.hpp"
#include "runtime/task_group.hpp"
#include "support/manual_clock.hpp"
#include "support/message_store_model.hpp"
#include "support/sample_message.hpp"
#include "unit/wechat/support.hpp"

namespace zl::app {

/// A platform that knows repetitions by their id for ten minutes.
class PlatformModel final : public MessageChannel, public SmsChannel {
 public:
  explicit PlatformModel(const base::Clock& clock) : clock_(clock) {}

  asio::awaitable<SendAnswer> send_template(PlatformMessage message) override {
    co_return answer(message.id, message.openid, true);
  }
  asio::awaitable<SendAnswer> send_notice(PlatformMessage message) override {
    co_return answer(message.id, message.openid, false);
  }
  asio::awaitable<SendAnswer> send(SmsMessage message) override {
    if (sms_outage) {
      ++sms_refused;
      co_return *sms_outage;
    }
    texts.push_back(message.text);
    co_return answer(message.id, message.user_id.hex(), false);
  }

  std::deque<SendAnswer> answers;  ///< then accepted
  bool lose_answers = false;       ///< what was accepted is not told
  std::optional<SendAnswer> sms_outage;
  int sms_refused = 0;
  std::vector<std::string> arrived;
  std::vector<std::string> texts;

 private:
  SendAnswer answer(const MessageId& id, const std::string& to, bool deduplicates) {
    if (!answers.empty()) {
      SendAnswer next = answers.front();
      answers.pop_front();
      return next;
    }
    const base::Instant now = clock_.wall_now();
    const auto seen = seen_.find(id);
    if (!deduplicates || seen == seen_.end() || now - seen->second >= std::chrono::minutes(10)) {
      arrived.push_back(to);
      seen_[id] = now;
    }
    if (lose_answers) return {};
    return {SendVerdict::accepted, "1", 0, {}};
  }

  const base::Clock& clock_;
  std::map<MessageId, base::Instant> seen_;
};

class SendMessagesTest : public testing::Test {
 protected:
  SendMessagesTest() {
    clock_.set_wall(test::message_time);
    rules_.setup = test::full_setup();
    rules_.per_second = 1000;
  }

  SendMessages& sender() {
    if (!sender_) {
      sender_.emplace(SendMessages::Parts{store_, platform_, &platform_, clock_, group_, metrics_, rules_});
      run_pass();
    }
    return *sender_;
  }
  /// Another process with the same outbox.
  void restart() { sender_.reset(); }

  void run_pass() { loop_.run(test::ManualLoop::done(sender_->pass())); }
  /// Sends while there is something to send, as the lead.
  int send_all() {
    int sent = 0;
    (void)sender();
    for (run_pass(); loop_.run(sender_->send_next()); ++sent) run_pass();
    return sent;
  }
  /// And then all of the others by SMS, once it is over.
  void expect_followers_served_during(const SendAnswer& outage) {
    constexpr std::uint64_t each = 10;
    for (std::uint64_t user = 1; user <= each; ++user) {
      store_.add(domain::MessageKind::booked, user).message.recipient.follows = false;
      store_.add(domain::MessageKind::booked, each + user);
    }
    platform_.sms_outage = outage;
    send_all();
    EXPECT_EQ(platform_.arrived.size(), each);
    EXPECT_EQ(platform_.sms_refused, 1) << "the hook is left alone for a while";
    clock_.advance(std::chrono::seconds(30));
    send_all();
    EXPECT_EQ(platform_.sms_refused, 2);
    platform_.sms_outage.reset();
    for (int i = 0; i < 20; ++i) {
      clock_.advance(std::chrono::seconds(30));
      send_all();
    }
    EXPECT_EQ(platform_.texts.size(), each);
  }
  std::string metrics_text() const { return registry_.render(); }

  test::ManualLoop loop_;
  test::ManualClock clock_;
  runtime::Metrics registry_;
  MessageMetrics metrics_{registry_};
  runtime::TaskGroup group_{loop_.context.get_executor()};
  test::MessageStoreModel store_{clock_};
  PlatformModel platform_{clock_};
  SendingRules rules_;
  std::optional<SendMessages> sender_;
};

}  // namespace zl::app
