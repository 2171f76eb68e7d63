// The sender where a channel takes nothing, or nothing arrives by it: what goes another way, what waits, and who has to
// wait with it.
#include "app/send_messages.hpp"

#include <gtest/gtest.h>

#include "unit/app/send_messages_fixture.hpp"

namespace zl::app {
namespace {

using domain::MessageKind;
using domain::MessageState;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

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

}  // namespace
}  // namespace zl::app
