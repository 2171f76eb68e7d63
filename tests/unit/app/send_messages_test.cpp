// The sender on a model of the outbox and scripted channels: whose turn, in what order, how fast, crashes between any
// two steps, and whom it reminds when.
#include "app/send_messages.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/app/send_messages_fixture.hpp"

namespace zl::app {
namespace {

using base::Milliseconds;
using domain::MessageKind;
using domain::MessageState;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::Fate;

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
