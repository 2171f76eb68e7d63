// What people and their receipts tell, in any order: the loop is closed, consents are counted, who left is let go.
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <thread>

#include "message_harness.hpp"

namespace zl::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

using MessageReceiptsTest = MessageStoreTest;

TEST_F(MessageReceiptsTest, a_receipt_closes_the_loop_before_or_after_the_answer) {
  a_message();
  a_message();
  const ClaimedMessage first = claim().value();
  const ClaimedMessage second = claim().value();
  EXPECT_TRUE(settle(accepted(first, "3557254367693750277")));
  const auto effects = receipt("3557254367693750277");
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(effects[0].kind, MessageKind::booked);
  EXPECT_EQ(effects[0].state, MessageState::delivered);
  EXPECT_EQ(state_of(first.id), MessageState::delivered);
  EXPECT_TRUE(receipt("3557254367693750277").empty()) << "once";

  EXPECT_TRUE(receipt("3557254367693750278").empty());
  EXPECT_TRUE(settle(accepted(second, "3557254367693750278")));
  EXPECT_EQ(state_of(second.id), MessageState::delivered);
  EXPECT_TRUE(receipt("no number'").empty());
}

TEST_F(MessageReceiptsTest, a_receipt_that_races_with_the_answer_is_never_lost) {
  for (int i = 0; i < 30; ++i) {
    a_message();
    const ClaimedMessage message = claim().value();
    const std::string id = std::to_string(7'000'000 + i);
    std::thread pusher([&] {
      asio::io_context loop;
      asio::co_spawn(loop, push(*other_, id), [](const std::exception_ptr& error) { EXPECT_FALSE(error); });
      loop.run();
    });
    EXPECT_TRUE(settle(accepted(message, id)));
    pusher.join();
    EXPECT_EQ(state_of(message.id), MessageState::delivered);
  }
}

TEST_F(MessageReceiptsTest, a_message_that_did_not_arrive_has_its_turn_again_without_that_channel) {
  a_message();
  const ClaimedMessage message = claim().value();
  EXPECT_TRUE(settle(accepted(message, "41")));
  ASSERT_EQ(receipt("41", app::Delivery::blocked_by_user).size(), 1U);
  const ClaimedMessage again = claim().value();
  EXPECT_EQ(again.id, message.id);
  EXPECT_TRUE(again.failed.has(Channel::template_message));
  Settlement by_notice = accepted(again, "42");
  by_notice.channel = Channel::notice;
  EXPECT_TRUE(settle(by_notice));
  EXPECT_TRUE(receipt("41", app::Delivery::failed).empty()) << "the old one is told again";
  EXPECT_EQ(state_of(message.id), MessageState::accepted);
  EXPECT_EQ(receipt("42").size(), 1U);
  EXPECT_EQ(state_of(message.id), MessageState::delivered);
}

TEST_F(MessageReceiptsTest, an_accepted_offer_without_a_receipt_has_its_turn_again_without_that_channel) {
  const auto an_offer = [&] {
    const base::UserId user = a_user();
    const base::BookingId booking = a_booking(activity(), user, an_attendee());
    EXPECT_TRUE(wait(pool_.write([&](mysql::Write& write) -> Outcome<base::Done> {
      tell_of_offer(write, booking, user, clock_.now + hours(1));
      return base::Done{};
    })));
    return claim().value();
  };
  const auto accepted_by = [](const ClaimedMessage& message, const std::string& id, Channel channel) {
    Settlement settlement = accepted(message, id);
    settlement.channel = channel;
    return settlement;
  };
  const auto silent = [&] { return wait(store_->retry_silent_offers(minutes(2))).value(); };
  const ClaimedMessage by_template = an_offer();
  const ClaimedMessage told = an_offer();
  const ClaimedMessage by_sms = an_offer();
  EXPECT_TRUE(settle(accepted_by(by_template, "91", Channel::template_message)));
  EXPECT_TRUE(settle(accepted_by(told, "92", Channel::template_message)));
  EXPECT_TRUE(settle(accepted_by(by_sms, "", Channel::sms)));
  EXPECT_EQ(receipt("92").size(), 1U);
  a_message();
  EXPECT_TRUE(settle(accepted(claim().value(), "93")));
  EXPECT_EQ(silent(), 0U) << "not yet";
  connection_.execute("UPDATE outbox SET next_attempt_at = next_attempt_at - 120000");
  EXPECT_EQ(silent(), 1U);
  EXPECT_EQ(silent(), 0U) << "once";
  const ClaimedMessage again = claim().value();
  EXPECT_EQ(again.id, by_template.id);
  EXPECT_TRUE(again.failed.has(Channel::template_message));
  EXPECT_FALSE(again.in_doubt_for);
  // A late receipt ends it, whatever comes of the attempt under way.
  EXPECT_EQ(receipt("91").size(), 1U);
  EXPECT_EQ(state_of(again.id), MessageState::delivered);
  EXPECT_FALSE(settle(accepted_by(again, "", Channel::sms)));
}

TEST_F(MessageReceiptsTest, a_notice_has_no_id_and_its_receipt_is_matched_by_person_and_template) {
  const base::UserId user = a_person("o-notice");
  const auto notice_of = [](const ClaimedMessage& message) {
    Settlement settlement = settlement_of(message, MessageState::accepted);
    settlement.channel = Channel::notice;
    settlement.openid = "o-notice";
    settlement.template_id = "N";
    settlement.consent = app::ConsentUse::spent;
    return settlement;
  };
  const auto told = [&](const std::string& message_id, const std::string& template_id) {
    return wait(store_->add_receipts("o-notice", {{message_id, template_id, app::Delivery::delivered, ""}})).value();
  };
  for (int i = 0; i < 2; ++i) queue(MessageKind::booked, a_booking(activity(), user, an_attendee()), user, clock_.now);
  const ClaimedMessage first = claim().value();
  EXPECT_TRUE(settle(notice_of(first)));
  EXPECT_TRUE(told("71", "OTHER").empty());
  EXPECT_EQ(state_of(first.id), MessageState::accepted);
  EXPECT_EQ(told("72", "N").size(), 1U);
  EXPECT_EQ(state_of(first.id), MessageState::delivered);
  EXPECT_TRUE(told("72", "N").empty()) << "once";
  // And before the answer.
  const ClaimedMessage second = claim().value();
  EXPECT_TRUE(told("73", "N").empty());
  EXPECT_TRUE(settle(notice_of(second)));
  EXPECT_EQ(state_of(second.id), MessageState::delivered);
}

TEST_F(MessageReceiptsTest, a_message_in_doubt_takes_a_receipt_that_nobody_else_waits_for) {
  const base::UserId user = a_person("o-doubt");
  const auto told = [&](const std::string& message_id, app::Delivery delivery) {
    return wait(store_->add_receipts("o-doubt", {{message_id, "N", delivery, ""}})).value();
  };
  EXPECT_TRUE(told("76", app::Delivery::delivered).empty());
  connection_.execute("UPDATE message_receipts SET at = at - 1000");  // of another time
  for (const app::Delivery delivery : {app::Delivery::delivered, app::Delivery::blocked_by_user}) {
    connection_.execute(
        "INSERT INTO message_consents (openid, template_id, notices_left) VALUES ('o-doubt', 'N', 1) "
        "ON DUPLICATE KEY UPDATE notices_left = 1");
    queue(MessageKind::booked, a_booking(activity(), user, an_attendee()), user, clock_.now);
    const ClaimedMessage lost = claim().value();
    let_claims_lapse();
    EXPECT_EQ(claim().value().id, lost.id) << "no receipt has come yet";
    const bool arrived = delivery == app::Delivery::delivered;
    EXPECT_TRUE(told(arrived ? "77" : "78", delivery).empty());
    let_claims_lapse();
    const auto again = claim();
    EXPECT_EQ(again.has_value(), !arrived);
    EXPECT_EQ(state_of(lost.id), arrived ? MessageState::delivered : MessageState::queued);
    if (again) {
      EXPECT_TRUE(again->failed.has(Channel::notice));
    }
    EXPECT_EQ(number("SELECT COALESCE(SUM(notices_left), 0) FROM message_consents"), 0U);
  }
}

TEST_F(MessageReceiptsTest, consents_are_counted_spent_and_void) {
  const base::UserId user = a_person("o-consents");
  const auto left = [&] { return number("SELECT COALESCE(SUM(notices_left), 0) FROM message_consents"); };
  for (int i = 0; i < 2; ++i) queue(MessageKind::booked, a_booking(activity(), user, an_attendee()), user, clock_.now);
  for (const char* key : {"e1", "e2", "e3"}) change_consents("o-consents", {{"N", app::Consent::given}}, key);
  EXPECT_EQ(left(), 3U);
  Settlement spent = accepted(claim().value(), "51");
  spent.openid = "o-consents";
  spent.template_id = "N";
  spent.consent = app::ConsentUse::spent;
  EXPECT_TRUE(settle(spent));
  EXPECT_EQ(left(), 2U);
  Settlement voided = settlement_of(claim().value(), MessageState::queued);
  voided.openid = "o-consents";
  voided.template_id = "N";
  voided.consent = app::ConsentUse::voided;
  EXPECT_TRUE(settle(voided));
  EXPECT_EQ(left(), 0U);
  change_consents("o-consents", {{"N", app::Consent::given}}, "e4");
  change_consents("o-consents", {{"N", app::Consent::withdrawn}}, "e5");
  EXPECT_EQ(left(), 0U);
}

TEST_F(MessageReceiptsTest, a_consent_that_is_told_again_counts_once) {
  const auto left = [&] { return number("SELECT COALESCE(SUM(notices_left), 0) FROM message_consents"); };
  std::vector<asio::awaitable<Outcome<base::Done>>> turns;
  for (app::MessageStore* process : {store_.get(), other_.get()}) {
    for (int i = 0; i < 4; ++i) {
      turns.push_back(process->change_consents("o1", {{"N", app::Consent::given}, {"M", app::Consent::given}}, "e1"));
    }
  }
  for (const auto& turn : all(std::move(turns))) EXPECT_TRUE(turn);
  EXPECT_EQ(left(), 2U);
  change_consents("o1", {{"N", app::Consent::withdrawn}}, "e2");
  change_consents("o1", {{"N", app::Consent::given}}, "e3");
  change_consents("o1", {{"N", app::Consent::withdrawn}}, "e2");
  EXPECT_EQ(left(), 2U) << "what was withdrawn before it was given again";
}

TEST_F(MessageReceiptsTest, news_of_before_the_newest_changes_nothing) {
  change_consents("o1", {{"N", app::Consent::given}}, "e1");
  const auto follows = [&] { return number("SELECT follows FROM message_people WHERE openid = 'o1'"); };
  const auto consents = [&] { return number("SELECT COUNT(*) FROM message_consents WHERE openid = 'o1'"); };
  ASSERT_TRUE(wait(store_->set_following("o1", true, 20)));
  ASSERT_TRUE(wait(store_->set_following("o1", false, 19)));
  EXPECT_EQ(follows(), 1U);
  EXPECT_EQ(consents(), 1U);
  ASSERT_TRUE(wait(store_->set_following("o1", false, 20)));
  EXPECT_EQ(follows(), 0U);
  EXPECT_EQ(consents(), 0U);
  ASSERT_TRUE(wait(store_->set_following("o1", true, 19)));
  EXPECT_EQ(follows(), 0U);
}

TEST_F(MessageReceiptsTest, knows_who_follows_until_a_day_has_gone_by) {
  const base::UserId user = a_person("o-follows");
  queue(MessageKind::booked, a_booking(activity(), user, an_attendee()), user, clock_.now);
  Settlement unfollowed = settlement_of(claim().value(), MessageState::queued);
  unfollowed.openid = "o-follows";
  unfollowed.unfollowed = true;
  EXPECT_TRUE(settle(unfollowed));
  const auto follows = [&] {
    let_claims_lapse();
    return claim().value().recipient.follows;
  };
  EXPECT_FALSE(follows());
  EXPECT_TRUE(wait(store_->set_following("o-follows", true, 10)));
  EXPECT_TRUE(follows());
  EXPECT_TRUE(wait(store_->set_following("o-follows", false, 10)));
  EXPECT_FALSE(follows());
  connection_.execute("UPDATE message_people SET at = at - 86400001");
  EXPECT_TRUE(follows());
}

TEST_F(MessageReceiptsTest, who_was_unbound_is_reached_by_no_account) {
  const base::UserId user = a_person("o-gone");
  connection_.execute("UPDATE identities SET unbound_at = 1 WHERE openid = 'o-gone'");
  queue(MessageKind::booked, a_booking(activity(), user, an_attendee()), user, clock_.now);
  EXPECT_EQ(claim().value().recipient.openid, "");
}

}  // namespace
}  // namespace zl::test
