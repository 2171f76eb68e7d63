// The sender on a model of the outbox and scripted channels: whose turn, in what order, how fast, and crashes between
// any two steps.
#include "app/send_messages.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "support/message_store_model.hpp"
#include "unit/wechat/support.hpp"

namespace zl::app {
namespace {

using base::Milliseconds;
using domain::MessageKind;
using domain::MessageState;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::Fate;

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
    if (!deduplicates || seen == seen_.end() || now - seen->second >= minutes(10)) {
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
      store_.add(MessageKind::booked, user).message.recipient.follows = false;
      store_.add(MessageKind::booked, each + user);
    }
    platform_.sms_outage = outage;
    send_all();
    EXPECT_EQ(platform_.arrived.size(), each);
    EXPECT_EQ(platform_.sms_refused, 1) << "the hook is left alone for a while";
    clock_.advance(seconds(30));
    send_all();
    EXPECT_EQ(platform_.sms_refused, 2);
    platform_.sms_outage.reset();
    for (int i = 0; i < 20; ++i) {
      clock_.advance(seconds(30));
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

TEST_F(SendMessagesTest, sends_what_is_queued_and_counts_it) {
  store_.add(MessageKind::booked, 1);
  store_.add(MessageKind::cancelled_by_station, 2);
  EXPECT_EQ(send_all(), 2);
  EXPECT_EQ(platform_.arrived, (std::vector<std::string>{"o1", "o2"}));
  EXPECT_EQ(store_.rows[0].state, MessageState::accepted);
  EXPECT_EQ(store_.rows[0].message_id, "1");
  EXPECT_NE(metrics_text().find(R"(zhonglou_messages_total{kind="booked",state="accepted"} 1)"), std::string::npos)
      << metrics_text();
}

TEST_F(SendMessagesTest, without_the_turn_sends_nothing) {
  store_.add(MessageKind::booked, 1);
  store_.leads = false;
  EXPECT_EQ(send_all(), 0);
  EXPECT_EQ(store_.claim_calls.count(), 0);
}

TEST_F(SendMessagesTest, a_turn_that_is_not_renewed_ends) {
  store_.add(MessageKind::booked, 1);
  (void)sender();
  clock_.advance(seconds(4));
  EXPECT_FALSE(loop_.run(sender().send_next()));
  store_.lead_calls.next(Fate::answer_lost);
  run_pass();
  EXPECT_FALSE(loop_.run(sender().send_next()));
  run_pass();
  EXPECT_TRUE(loop_.run(sender().send_next()));
}

TEST_F(SendMessagesTest, a_users_messages_keep_their_order_while_others_go_on) {
  store_.add(MessageKind::booked, 1);
  store_.add(MessageKind::session_changed, 1);
  store_.add(MessageKind::booked, 2);
  platform_.answers = {{SendVerdict::unknown, {}, -1, {}}};
  send_all();
  EXPECT_EQ(platform_.arrived, (std::vector<std::string>{"o2"}));
  clock_.advance(seconds(2));
  send_all();
  EXPECT_EQ(platform_.arrived, (std::vector<std::string>{"o2", "o1", "o1"}));
  EXPECT_EQ(store_.rows[1].state, MessageState::accepted);
}

TEST_F(SendMessagesTest, keeps_the_rate) {
  rules_.per_second = 1;
  for (std::uint64_t user = 1; user <= 5; ++user) store_.add(MessageKind::booked, user);
  (void)sender();
  const auto before = clock_.wall_now();
  std::vector<test::Eventual<bool>> lanes;
  lanes.reserve(5);
  for (int lane = 0; lane < 5; ++lane) lanes.push_back(loop_.start(sender().send_next()));
  EXPECT_EQ(platform_.arrived.size(), 1U) << "the others wait for their turn of the rate";
  EXPECT_EQ(clock_.wall_now(), before);
  group_.stop();
  for (int i = 0; i < 50 && platform_.arrived.size() < 5; ++i) loop_.settle();
  EXPECT_EQ(platform_.arrived.size(), 5U);
}

TEST_F(SendMessagesTest, who_was_stopped_between_claim_and_call_sends_nothing) {
  rules_.per_second = 1;
  for (std::uint64_t user = 1; user <= 2; ++user) store_.add(MessageKind::reminder, user);
  EXPECT_TRUE(loop_.run(sender().send_next()));
  const auto late = loop_.start(sender().send_next());
  EXPECT_FALSE(late->has_value()) << "it waits for its turn of the rate";
  clock_.advance(seconds(46));
  group_.stop();
  for (int i = 0; i < 50 && !late->has_value(); ++i) loop_.settle();
  EXPECT_TRUE(late->has_value());
  EXPECT_EQ(platform_.arrived.size(), 1U);
  EXPECT_EQ(send_all(), 1) << "it has its turn again, and without a doubt";
  EXPECT_EQ(platform_.arrived.size(), 2U);
}

TEST_F(SendMessagesTest, who_was_stopped_for_longer_than_a_claim_lasts_leaves_the_message_to_who_has_it) {
  rules_.per_second = 1;
  for (std::uint64_t user = 1; user <= 2; ++user) store_.add(MessageKind::reminder, user);
  EXPECT_TRUE(loop_.run(sender().send_next()));
  const auto late = loop_.start(sender().send_next());
  clock_.advance(seconds(61));
  EXPECT_TRUE(loop_.run(store_.claim()).value()) << "another process has it";
  group_.stop();
  for (int i = 0; i < 50 && !late->has_value(); ++i) loop_.settle();
  EXPECT_TRUE(late->has_value());
  EXPECT_EQ(platform_.arrived.size(), 1U);
  EXPECT_GT(store_.rows[1].next_attempt_at, clock_.wall_now()) << "its claim stands";
}

TEST_F(SendMessagesTest, who_dies_after_claiming_loses_nothing) {
  store_.add(MessageKind::booked, 1);
  (void)sender();
  EXPECT_TRUE(loop_.run(store_.claim()).value());
  restart();
  EXPECT_EQ(send_all(), 0) << "the claim lasts";
  clock_.advance(minutes(1));
  EXPECT_EQ(send_all(), 1);
  EXPECT_EQ(platform_.arrived.size(), 1U);
}

TEST_F(SendMessagesTest, who_dies_after_sending_doubles_nothing) {
  store_.add(MessageKind::booked, 1);
  store_.settle_calls.next(Fate::request_lost, 3);
  send_all();
  EXPECT_EQ(store_.rows[0].state, MessageState::queued);
  restart();
  clock_.advance(minutes(1));
  EXPECT_EQ(send_all(), 1);
  EXPECT_EQ(platform_.arrived.size(), 1U);
  EXPECT_EQ(store_.rows[0].state, MessageState::accepted);
}

TEST_F(SendMessagesTest, a_lost_answer_to_settling_is_asked_for_again) {
  store_.add(MessageKind::booked, 1);
  store_.settle_calls.next(Fate::answer_lost);
  EXPECT_EQ(send_all(), 1);
  EXPECT_EQ(store_.rows[0].state, MessageState::accepted);
  EXPECT_EQ(platform_.arrived.size(), 1U);
}

TEST_F(SendMessagesTest, lost_answers_of_the_platform_double_nothing_within_its_window) {
  store_.add(MessageKind::reminder, 1);
  platform_.lose_answers = true;
  for (int i = 0; i < 100; ++i) {
    send_all();
    clock_.advance(seconds(6));
  }
  EXPECT_EQ(platform_.arrived.size(), 1U);
  EXPECT_EQ(store_.rows[0].state, MessageState::failed);
  EXPECT_EQ(store_.rows[0].error, message_error::in_doubt);
}

TEST_F(SendMessagesTest, past_the_window_what_must_be_known_is_sent_once_more_and_then_another_way) {
  store_.add(MessageKind::cancelled_by_station, 1);
  platform_.lose_answers = true;
  for (int i = 0; i < 400; ++i) {
    send_all();
    clock_.advance(seconds(6));
  }
  const auto by_platform = std::ranges::count(platform_.arrived, std::string("o1"));
  EXPECT_LE(by_platform, 2);
  EXPECT_GE(platform_.texts.size(), 1U);
}

TEST_F(SendMessagesTest, an_offer_that_reaches_nobody_is_an_alarm) {
  rules_.setup.has_sms = false;
  store_.add(MessageKind::offer, 1);
  platform_.answers = {{SendVerdict::not_following, {}, 43004, {}}};
  EXPECT_EQ(send_all(), 2);
  EXPECT_EQ(store_.rows[0].state, MessageState::failed);
  EXPECT_NE(metrics_text().find("zhonglou_message_alarms_total 1"), std::string::npos);
  EXPECT_NE(metrics_text().find(R"(zhonglou_messages_total{kind="offer",state="failed"} 1)"), std::string::npos);
}

TEST_F(SendMessagesTest, an_offer_goes_by_sms_where_the_platform_reaches_nobody) {
  store_.add(MessageKind::offer, 1);
  platform_.answers = {{SendVerdict::not_following, {}, 43004, {}}};
  EXPECT_EQ(send_all(), 2);
  ASSERT_EQ(platform_.texts.size(), 1U);
  EXPECT_EQ(platform_.texts[0],
            "【钟楼站】*明的“书法”（2026年7月7日 09:00，二楼教室）有名额了，请在2026年7月6日 "
            "11:00前确认，过时名额将让给下一位。");
}

TEST_F(SendMessagesTest, a_hook_that_takes_nothing_holds_up_nobody_who_follows) {
  expect_followers_served_during({SendVerdict::later, {}, 503, seconds(30)});
}

TEST_F(SendMessagesTest, a_hook_that_says_nothing_holds_up_nobody_who_follows) {
  expect_followers_served_during({SendVerdict::unknown, {}, 0, {}});
}

TEST_F(SendMessagesTest, what_is_held_back_takes_nothing_of_the_rate) {
  rules_.per_second = 1;
  for (std::uint64_t user = 1; user <= 5; ++user) store_.add(MessageKind::booked, user);
  for (auto& row : store_.rows) row.message.recipient.follows = false;
  platform_.sms_outage = {SendVerdict::later, {}, 503, seconds(30)};
  (void)sender();
  EXPECT_TRUE(loop_.run(sender().send_next()));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(loop_.start(sender().send_next())->has_value()) << "at once";
  EXPECT_EQ(platform_.sms_refused, 1);
}

TEST_F(SendMessagesTest, one_persons_stall_holds_up_nobody_else) {
  const MessageId stalled = store_.add(MessageKind::booked, 1).message.id;
  for (std::uint64_t user = 2; user <= 4; ++user) store_.add(MessageKind::booked, user);
  // After so many attempts its own pause is long.
  store_.set_attempts(stalled, 9);
  platform_.answers = {{SendVerdict::later, {}, 43108, seconds(2)}};
  EXPECT_EQ(send_all(), 4);
  EXPECT_EQ(platform_.arrived, (std::vector<std::string>{"o2", "o3", "o4"}));
}

TEST_F(SendMessagesTest, an_offer_does_not_wait_with_a_held_channel) {
  store_.add(MessageKind::booked, 1);
  platform_.answers = {{SendVerdict::later, {}, 45009, hours(2)}};
  send_all();
  store_.add(MessageKind::offer, 2);
  store_.add(MessageKind::booked, 3);
  send_all();
  EXPECT_EQ(platform_.texts.size(), 1U);
  EXPECT_EQ(store_.rows[1].state, MessageState::accepted);
  EXPECT_EQ(store_.rows[2].state, MessageState::queued);
}

TEST_F(SendMessagesTest, a_cancellation_passes_what_waits_for_an_operator_and_makes_it_untrue) {
  store_.add(MessageKind::booked, 1);
  platform_.answers = {{SendVerdict::misconfigured, {}, 40037, {}}};
  EXPECT_EQ(send_all(), 1);
  store_.add(MessageKind::cancelled_by_station, 1);
  store_.rows[0].message.content.booking_state = domain::BookingState::cancelled;
  EXPECT_EQ(send_all(), 1);
  EXPECT_EQ(store_.rows[1].state, MessageState::accepted);
  clock_.advance(minutes(10));
  send_all();
  EXPECT_EQ(store_.rows[0].state, MessageState::skipped);
  EXPECT_EQ(store_.rows[0].error, message_error::untrue);
  EXPECT_EQ(platform_.arrived.size(), 1U);
}

TEST_F(SendMessagesTest, an_offer_without_a_receipt_goes_another_way_and_in_the_end_is_an_alarm) {
  store_.add(MessageKind::offer, 1);
  store_.add(MessageKind::cancelled_by_station, 2);
  EXPECT_EQ(send_all(), 2);
  clock_.advance(minutes(2) - seconds(1));
  EXPECT_EQ(send_all(), 0);
  clock_.advance(seconds(1));
  EXPECT_EQ(send_all(), 1);
  EXPECT_EQ(platform_.texts.size(), 1U);
  EXPECT_EQ(store_.rows[0].state, MessageState::accepted);
  clock_.advance(minutes(2));
  EXPECT_EQ(send_all(), 0) << "the hook gives no receipts";

  restart();
  rules_.setup.has_sms = false;
  store_.add(MessageKind::offer, 3);
  EXPECT_EQ(send_all(), 1);
  clock_.advance(minutes(2));
  EXPECT_EQ(send_all(), 1);
  EXPECT_EQ(store_.rows[2].state, MessageState::failed);
  EXPECT_NE(metrics_text().find("zhonglou_message_alarms_total 1"), std::string::npos);
}

TEST_F(SendMessagesTest, a_used_up_quota_holds_all_for_a_while) {
  for (std::uint64_t user = 1; user <= 3; ++user) store_.add(MessageKind::booked, user);
  platform_.answers = {{SendVerdict::later, {}, 45009, hours(2)}};
  send_all();
  EXPECT_TRUE(platform_.arrived.empty());
  clock_.advance(seconds(30));
  send_all();
  EXPECT_EQ(platform_.arrived.size(), 2U);
  EXPECT_EQ(store_.rows[0].state, MessageState::queued);
  clock_.advance(hours(2));
  EXPECT_EQ(send_all(), 1);
}

TEST_F(SendMessagesTest, reminds_of_tomorrow_once_from_the_set_hour_on) {
  rules_.reminder_hour = 18;
  const base::Instant evening = test::message_time + hours(9);
  clock_.set_wall(test::message_time + hours(3));
  (void)sender();
  clock_.set_wall(evening - Milliseconds(1));
  run_pass();
  EXPECT_TRUE(store_.reminded.empty());
  clock_.set_wall(evening);
  store_.remind_calls.next(Fate::request_lost);
  run_pass();
  EXPECT_TRUE(store_.reminded.empty());
  run_pass();
  run_pass();
  EXPECT_EQ(store_.remind_calls.count(), 2) << "once more after the outage, and then not again";
  ASSERT_TRUE(store_.reminded.contains("2026-07-07"));
  EXPECT_EQ(store_.reminded.at("2026-07-07").starts_at, test::message_time + hours(15));
  EXPECT_EQ(store_.reminded.at("2026-07-07").ends_at, test::message_time + hours(39));
  clock_.set_wall(evening + hours(24));
  run_pass();
  EXPECT_EQ(store_.reminded.size(), 2U);
}

TEST_F(SendMessagesTest, reminds_of_today_until_noon_where_nobody_sent_yesterday) {
  const base::Instant midnight = test::message_time - hours(9);
  clock_.set_wall(midnight + hours(12) - Milliseconds(1));
  (void)sender();
  run_pass();
  EXPECT_EQ(store_.remind_calls.count(), 1);
  ASSERT_TRUE(store_.reminded.contains("2026-07-06"));
  EXPECT_EQ(store_.reminded.at("2026-07-06").starts_at, midnight);
  restart();
  store_.reminded.clear();
  clock_.set_wall(midnight + hours(12));
  (void)sender();
  EXPECT_TRUE(store_.reminded.empty()) << "it would come too late";
}

}  // namespace
}  // namespace zl::app
