// What becomes of a message, step by step: channels, answers, doubts and ends.
#include "app/message_plan.hpp"

#include <gtest/gtest.h>

#include "support/sample_message.hpp"

namespace zl::app {
namespace {

using base::Milliseconds;
using domain::BookingState;
using domain::MessageKind;
using domain::MessageState;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::sample_message;

constexpr MessageKind sent_kinds[] = {MessageKind::booked, MessageKind::cancelled_by_station,
                                      MessageKind::session_changed, MessageKind::reminder, MessageKind::offer};

class MessagePlanTest : public testing::Test {
 protected:
  Settlement after(const ClaimedMessage& message, SendVerdict verdict, Milliseconds wait = Milliseconds(0)) {
    const MessageStep step = next_step(message, setup);
    EXPECT_TRUE(step.channel);
    return settled(message, step, SendAnswer{verdict, "22409229427342621", 7, wait});
  }
  /// As it is claimed the next time.
  static ClaimedMessage next(ClaimedMessage message, const Settlement& settlement, Milliseconds later = seconds(2)) {
    message.attempt += 1;
    message.now = message.now + later;
    message.failed = settlement.failed;
    if (settlement.in_doubt) {
      message.in_doubt_for = message.in_doubt_for.value_or(Milliseconds(0)) + later;
    } else {
      message.in_doubt_for.reset();
    }
    if (settlement.unfollowed) message.recipient.follows = false;
    if (settlement.consent != ConsentUse::none) message.recipient.consents.clear();
    return message;
  }
  void expect_end(const ClaimedMessage& message, MessageState state, int error) {
    const MessageStep step = next_step(message, setup);
    EXPECT_FALSE(step.channel) << domain::name(message.kind);
    EXPECT_EQ(step.end, state) << domain::name(message.kind);
    EXPECT_EQ(step.error, error) << domain::name(message.kind);
  }

  MessageSetup setup = test::full_setup();
};

TEST_F(MessagePlanTest, goes_to_followers_first_then_to_who_asked_then_by_sms) {
  ClaimedMessage message = sample_message();
  EXPECT_EQ(next_step(message, setup).channel, Channel::template_message);
  EXPECT_EQ(next_step(message, setup).message_template->id, "T");
  message.recipient.follows = false;
  message.recipient.consents = {{"N", 1}};
  EXPECT_EQ(next_step(message, setup).channel, Channel::notice);
  EXPECT_EQ(next_step(message, setup).message_template->id, "N");
  message.recipient.consents = {{"N2", 1}};
  EXPECT_EQ(next_step(message, setup).channel, Channel::sms);
  setup.has_sms = false;
  expect_end(message, MessageState::failed, message_error::unreachable);
}

TEST_F(MessagePlanTest, who_has_no_account_is_reached_by_sms_alone) {
  ClaimedMessage message = sample_message(MessageKind::offer);
  message.recipient.openid.clear();
  message.recipient.consents = {{"N", 1}};
  EXPECT_EQ(next_step(message, setup).channel, Channel::sms);
}

TEST_F(MessagePlanTest, what_is_not_true_any_more_is_not_sent) {
  for (const MessageKind kind :
       {MessageKind::booked, MessageKind::reminder, MessageKind::session_changed, MessageKind::offer}) {
    ClaimedMessage message = sample_message(kind);
    message.content.booking_state = BookingState::cancelled;
    expect_end(message, MessageState::skipped, message_error::untrue);
  }
  ClaimedMessage accepted_offer = sample_message(MessageKind::offer);
  accepted_offer.content.booking_state = BookingState::confirmed;
  expect_end(accepted_offer, MessageState::skipped, message_error::untrue);
  ClaimedMessage cancelled = sample_message(MessageKind::cancelled_by_station);
  cancelled.content.booking_state = BookingState::cancelled;
  EXPECT_EQ(next_step(cancelled, setup).channel, Channel::template_message);
}

TEST_F(MessagePlanTest, what_the_parent_did_is_not_told_to_the_parent) {
  expect_end(sample_message(MessageKind::cancelled_by_user), MessageState::skipped, message_error::untrue);
}

TEST_F(MessagePlanTest, a_session_that_has_begun_is_not_announced) {
  for (const MessageKind kind : {MessageKind::booked, MessageKind::reminder}) {
    ClaimedMessage message = sample_message(kind);
    message.content.session.starts_at = message.now;
    expect_end(message, MessageState::skipped, message_error::untrue);
  }
}

TEST_F(MessagePlanTest, every_kind_has_its_time) {
  for (const MessageKind kind : sent_kinds) {
    ClaimedMessage message = sample_message(kind);
    const base::Instant next_month = message.now + hours(24 * 30);
    message.content.session = {next_month, next_month + hours(1)};
    message.content.until.reset();
    message.now = message.created_at + domain::policy_of(kind).lifetime;
    expect_end(message, MessageState::failed, message_error::expired);
  }
  ClaimedMessage offer = sample_message(MessageKind::offer);
  offer.now = *offer.content.until;
  expect_end(offer, MessageState::failed, message_error::expired);
}

TEST_F(MessagePlanTest, a_kind_without_a_template_is_not_sent_but_an_offer_is_never_silent) {
  setup = {};
  expect_end(sample_message(), MessageState::skipped, message_error::not_configured);
  expect_end(sample_message(MessageKind::offer), MessageState::failed, message_error::unreachable);
}

TEST_F(MessagePlanTest, an_accepted_message_has_the_platforms_id) {
  const Settlement settlement = after(sample_message(), SendVerdict::accepted);
  EXPECT_EQ(settlement.state, MessageState::accepted);
  EXPECT_EQ(settlement.message_id, "22409229427342621");
  EXPECT_EQ(settlement.channel, Channel::template_message);
  EXPECT_EQ(settlement.consent, ConsentUse::none);
}

TEST_F(MessagePlanTest, who_does_not_follow_gets_a_notice_and_then_an_sms) {
  ClaimedMessage message = sample_message(MessageKind::offer);
  message.recipient.consents = {{"N", 1}};
  const Settlement unfollowed = after(message, SendVerdict::not_following);
  EXPECT_EQ(unfollowed.state, MessageState::queued);
  EXPECT_TRUE(unfollowed.unfollowed);
  EXPECT_EQ(unfollowed.wait, Milliseconds(0));
  message = next(message, unfollowed);
  EXPECT_EQ(next_step(message, setup).channel, Channel::notice);
  const Settlement without_consent = after(message, SendVerdict::no_consent);
  EXPECT_EQ(without_consent.consent, ConsentUse::voided);
  EXPECT_EQ(without_consent.template_id, "N");
  message = next(message, without_consent);
  EXPECT_EQ(next_step(message, setup).channel, Channel::sms);
  message = next(message, after(message, SendVerdict::unknown_person));
  expect_end(message, MessageState::failed, message_error::unreachable);
}

TEST_F(MessagePlanTest, an_accepted_notice_spends_a_consent) {
  ClaimedMessage message = sample_message();
  message.recipient.follows = false;
  message.recipient.consents = {{"N", 1}};
  const Settlement settlement = after(message, SendVerdict::accepted);
  EXPECT_EQ(settlement.consent, ConsentUse::spent);
  EXPECT_EQ(settlement.openid, "o1");
  EXPECT_EQ(settlement.template_id, "N");
}

TEST_F(MessagePlanTest, an_unknown_outcome_is_tried_again_within_the_platforms_window) {
  for (const MessageKind kind : sent_kinds) {
    ClaimedMessage message = sample_message(kind);
    for (Milliseconds in_doubt{0}; in_doubt < repeat_window; in_doubt = *message.in_doubt_for) {
      ASSERT_EQ(next_step(message, setup).channel, Channel::template_message) << domain::name(kind);
      const Settlement settlement = after(message, SendVerdict::unknown);
      ASSERT_EQ(settlement.state, MessageState::queued);
      ASSERT_TRUE(settlement.in_doubt);
      message = next(message, settlement, minutes(2));
    }
  }
}

TEST_F(MessagePlanTest, past_the_window_only_what_is_worth_a_double_is_sent_again_and_once) {
  ClaimedMessage reminder = sample_message(MessageKind::reminder);
  reminder.in_doubt_for = repeat_window;
  expect_end(reminder, MessageState::failed, message_error::in_doubt);
  for (const MessageKind kind :
       {MessageKind::booked, MessageKind::cancelled_by_station, MessageKind::session_changed, MessageKind::offer}) {
    ClaimedMessage message = sample_message(kind);
    message.in_doubt_for = repeat_window;
    EXPECT_EQ(next_step(message, setup).channel, Channel::template_message);
    message = next(message, after(message, SendVerdict::unknown));
    EXPECT_NE(next_step(message, setup).channel, Channel::template_message) << domain::name(kind);
  }
}

TEST_F(MessagePlanTest, a_notice_in_doubt_is_repeated_only_where_a_double_does_no_harm) {
  for (const MessageKind kind : {MessageKind::reminder, MessageKind::offer}) {
    ClaimedMessage message = sample_message(kind);
    message.recipient.follows = false;
    message.recipient.consents = {{"N", 2}};
    message = next(message, after(message, SendVerdict::unknown));
    if (kind == MessageKind::reminder) {
      expect_end(message, MessageState::failed, message_error::in_doubt);
    } else {
      EXPECT_EQ(next_step(message, setup).channel, Channel::notice);
    }
  }
}

TEST_F(MessagePlanTest, an_attempt_that_was_not_sent_leaves_an_earlier_doubt) {
  ClaimedMessage message = sample_message();
  EXPECT_FALSE(after(message, SendVerdict::later).in_doubt);
  message.in_doubt_for = seconds(5);
  EXPECT_TRUE(after(message, SendVerdict::later).in_doubt);
}

TEST_F(MessagePlanTest, a_stopped_channel_is_waited_for_but_what_must_arrive_goes_another_way) {
  for (const MessageKind kind : {MessageKind::booked, MessageKind::reminder}) {
    const Settlement waiting = after(sample_message(kind), SendVerdict::later, hours(5));
    EXPECT_EQ(waiting.state, MessageState::queued);
    EXPECT_EQ(waiting.wait, hours(5));
  }
  for (const MessageKind kind : {MessageKind::cancelled_by_station, MessageKind::session_changed, MessageKind::offer}) {
    const ClaimedMessage urgent = sample_message(kind);
    EXPECT_EQ(next_step(next(urgent, after(urgent, SendVerdict::later, hours(5))), setup).channel, Channel::sms);
    EXPECT_EQ(after(urgent, SendVerdict::later, seconds(30)).wait, seconds(30));
  }
}

TEST_F(MessagePlanTest, what_must_arrive_waits_for_a_stopped_channel_where_no_other_is_left) {
  setup.has_sms = false;
  const ClaimedMessage cancelled = sample_message(MessageKind::cancelled_by_station);
  const Settlement settlement = after(cancelled, SendVerdict::later, hours(5));
  EXPECT_EQ(settlement.wait, hours(5));
  EXPECT_EQ(next_step(next(cancelled, settlement), setup).channel, Channel::template_message);
  const MessageStep step = next_step(cancelled, setup);
  EXPECT_EQ(held_back(cancelled, step, {seconds(20), hours(5), 45009}).wait, seconds(20));
}

TEST_F(MessagePlanTest, who_is_held_back_was_not_sent_and_waits_for_the_channel) {
  ClaimedMessage message = sample_message();
  const Settlement settlement = held_back(message, next_step(message, setup), {seconds(20), hours(5), 45009});
  EXPECT_EQ(settlement.state, MessageState::queued);
  EXPECT_EQ(settlement.wait, seconds(20));
  EXPECT_EQ(settlement.error, 45009);
  EXPECT_FALSE(settlement.in_doubt);
  EXPECT_FALSE(settlement.channel);
  message.in_doubt_for = seconds(5);
  EXPECT_TRUE(held_back(message, next_step(message, setup), {}).in_doubt) << "an earlier attempt's";
}

TEST_F(MessagePlanTest, a_channel_is_left_alone_where_it_told_to_wait) {
  using enum Channel;
  EXPECT_EQ(hold_after(template_message, {SendVerdict::later, {}, 45009, hours(5)}), seconds(30));
  EXPECT_EQ(hold_after(sms, {SendVerdict::later, {}, 429, seconds(7)}), seconds(7));
  EXPECT_EQ(hold_after(template_message, {SendVerdict::later, {}, 43108, seconds(2)}), Milliseconds(0));
  EXPECT_EQ(hold_after(template_message, {SendVerdict::accepted, "1", 0, {}}), Milliseconds(0));
  EXPECT_EQ(hold_after(template_message, {SendVerdict::unknown, {}, 0, {}}), Milliseconds(0));
  EXPECT_EQ(hold_after(sms, {SendVerdict::unknown, {}, 0, {}}), seconds(30)) << "a hook that says nothing";
  EXPECT_EQ(hold_after(sms, {SendVerdict::unknown, {}, 500, {}}), Milliseconds(0)) << "it may be the message";
}

TEST_F(MessagePlanTest, a_fault_of_the_account_is_waited_for_unless_the_message_must_arrive) {
  EXPECT_EQ(after(sample_message(), SendVerdict::misconfigured).wait, minutes(10));
  const ClaimedMessage cancelled = sample_message(MessageKind::cancelled_by_station);
  EXPECT_EQ(next_step(next(cancelled, after(cancelled, SendVerdict::misconfigured)), setup).channel, Channel::sms);
}

TEST_F(MessagePlanTest, refused_content_ends_the_channel) {
  setup.has_sms = false;
  const ClaimedMessage message = sample_message();
  expect_end(next(message, after(message, SendVerdict::refused)), MessageState::failed, message_error::unreachable);
}

TEST_F(MessagePlanTest, reminds_of_tomorrow_from_an_hour_on_and_of_today_until_noon) {
  const auto names = [](base::Milliseconds of_day, int hour) {
    std::string text;
    for (const base::Date day : days_to_remind(test::message_time - hours(9) + of_day, hour, 480)) {
      text += base::format_date(day) + ' ';
    }
    return text;
  };
  EXPECT_EQ(names(hours(0), 18), "2026-07-06 ");
  EXPECT_EQ(names(hours(12) - Milliseconds(1), 18), "2026-07-06 ");
  EXPECT_EQ(names(hours(12), 18), "");
  EXPECT_EQ(names(hours(18), 18), "2026-07-07 ");
  EXPECT_EQ(names(hours(8), 8), "2026-07-06 2026-07-07 ");
}

TEST_F(MessagePlanTest, pauses_double_up_to_ten_minutes) {
  EXPECT_EQ(pause_after(1), seconds(2));
  EXPECT_EQ(pause_after(2), seconds(4));
  EXPECT_EQ(pause_after(9), seconds(512));
  EXPECT_EQ(pause_after(10), minutes(10));
  EXPECT_EQ(pause_after(4'000'000'000U), minutes(10));
}

TEST_F(MessagePlanTest, whatever_the_channels_answer_every_message_comes_to_an_end) {
  for (const MessageKind kind : sent_kinds) {
    for (int verdict = 1; verdict <= static_cast<int>(SendVerdict::unknown); ++verdict) {
      ClaimedMessage message = sample_message(kind);
      message.recipient.consents = {{"N", 3}};
      message.content.session.starts_at = message.now + hours(24 * 30);
      message.content.session.ends_at = message.now + hours(24 * 30 + 1);
      int steps = 0;
      for (; steps < 5000; ++steps) {
        if (!next_step(message, setup).channel) break;
        const Settlement settlement = after(message, static_cast<SendVerdict>(verdict));
        if (settlement.state != MessageState::queued) break;
        message = next(message, settlement, std::max(settlement.wait, Milliseconds(1)));
      }
      EXPECT_LT(steps, 5000) << domain::name(kind) << verdict;
    }
  }
}

}  // namespace
}  // namespace zl::app
