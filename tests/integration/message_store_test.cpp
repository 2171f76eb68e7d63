// The outbox on a real MariaDB: claimed by one at a time, in order, and settled by the latest claim alone.
#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "message_harness.hpp"
#include "store/mysql/lease.hpp"
#include "support/sample_message.hpp"

namespace zl::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST_F(MessageStoreTest, one_process_leads_until_its_turn_lapses) {
  EXPECT_TRUE(wait(store_->lead()).value());
  EXPECT_FALSE(wait(other_->lead()).value());
  EXPECT_TRUE(wait(store_->lead()).value());
  connection_.execute("UPDATE leases SET until_ms = 1 WHERE name = 'messages'");
  EXPECT_TRUE(wait(other_->lead()).value());
  EXPECT_FALSE(wait(store_->lead()).value());
}

TEST_F(MessageStoreTest, a_turn_is_kept_within_one_millisecond_and_not_for_longer_where_the_clock_goes_back) {
  const auto mine = id_of<mysql::LeaseOwner>(1);
  const auto theirs = id_of<mysql::LeaseOwner>(2);
  connection_.execute("SET timestamp = 2000000000.123");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(take_turn(connection_, "messages", mine)) << i;
  EXPECT_FALSE(take_turn(connection_, "messages", theirs));
  connection_.execute("SET timestamp = 1999996400.123");
  EXPECT_TRUE(take_turn(connection_, "messages", theirs)) << "it would have been mine for another hour";
  EXPECT_FALSE(take_turn(connection_, "messages", mine));
  connection_.execute("SET timestamp = DEFAULT");
}

TEST_F(MessageStoreTest, a_claim_tells_all_that_the_message_needs) {
  const base::UserId user = a_person("o-tells-all");
  const base::BookingId booking = a_booking(activity(), user, an_attendee("张小明"));
  queue(MessageKind::booked, booking, user, clock_.now - minutes(1));
  change_consents("o-tells-all", {{"N", app::Consent::given}, {"N", app::Consent::given}}, "e1");

  const ClaimedMessage message = claim().value();
  EXPECT_EQ(message.id.bytes, mysql::outbox_id(booking, MessageKind::booked));
  EXPECT_EQ(message.attempt, 1U);
  EXPECT_EQ(message.kind, MessageKind::booked);
  EXPECT_EQ(message.created_at, clock_.now - minutes(1));
  EXPECT_LT(message.now - clock_.now, minutes(10));
  EXPECT_FALSE(message.in_doubt_for);
  EXPECT_EQ(message.recipient.user_id, user);
  EXPECT_EQ(message.recipient.openid, "o-tells-all");
  EXPECT_TRUE(message.recipient.follows);
  ASSERT_EQ(message.recipient.consents.size(), 1U);
  EXPECT_EQ(message.recipient.consents[0].left, 2);
  EXPECT_EQ(message.content.booking_id, booking);
  EXPECT_EQ(message.content.activity, "书法");
  EXPECT_EQ(message.content.station, "钟楼站");
  EXPECT_EQ(message.content.attendee, "张小明");
  EXPECT_EQ(message.content.venue, "二楼教室");
  EXPECT_EQ(message.content.session, activity().sessions[0].time);
  EXPECT_FALSE(message.content.until);
}

TEST_F(MessageStoreTest, of_each_user_the_oldest_goes_first_and_an_offer_waits_for_nobody) {
  const base::UserId user = a_user();
  const base::BookingId first = a_booking(activity(), user, an_attendee());
  const base::BookingId second = a_booking(activity(), user, an_attendee());
  queue(MessageKind::booked, second, user, clock_.now);
  queue(MessageKind::booked, first, user, clock_.now - minutes(1));
  const ClaimedMessage oldest = claim().value();
  EXPECT_EQ(oldest.content.booking_id, first);
  EXPECT_FALSE(claim()) << "the other waits for it";
  EXPECT_TRUE(wait(pool_.write([&](mysql::Write& write) -> Outcome<base::Done> {
    for (int again = 0; again < 2; ++again) tell_of_offer(write, second, user, clock_.now + hours(1));
    return base::Done{};
  })));
  const ClaimedMessage offer = claim().value();
  EXPECT_EQ(offer.kind, MessageKind::offer);
  EXPECT_EQ(offer.content.until, clock_.now + hours(1));
  EXPECT_EQ(messages(MessageKind::offer), 1U);
  EXPECT_TRUE(settle(accepted(oldest, "1")));
  EXPECT_EQ(claim().value().content.booking_id, second);
}

TEST_F(MessageStoreTest, an_offer_goes_before_a_backlog_at_every_attempt) {
  const base::UserId user = a_person("o-offered");
  const base::BookingId offered = a_booking(activity(), user, an_attendee());
  connection_.execute(sql("UPDATE bookings SET state = 3 WHERE id = ?", offered));
  for (int i = 0; i < 50; ++i) a_message();
  EXPECT_TRUE(wait(pool_.write([&](mysql::Write& write) -> Outcome<base::Done> {
    tell_of_offer(write, offered, user, clock_.now + hours(1));
    return base::Done{};
  })));
  const ClaimedMessage offer = claim().value();
  EXPECT_EQ(offer.content.booking_id, offered);
  Settlement by_sms = settlement_of(offer, MessageState::queued);
  by_sms.failed = app::ChannelSet().with(Channel::template_message);
  EXPECT_TRUE(settle(by_sms));
  const ClaimedMessage again = claim().value();
  EXPECT_EQ(again.id, offer.id);
  EXPECT_EQ(app::next_step(again, full_setup()).channel, Channel::sms);
  EXPECT_TRUE(settle(accepted(again, "9")));
  EXPECT_EQ(claim().value().kind, MessageKind::booked);
}

TEST_F(MessageStoreTest, what_must_arrive_is_not_held_up_by_what_is_put_off_for_long) {
  const base::UserId user = a_user();
  const base::BookingId booking = a_booking(activity(), user, an_attendee());
  queue(MessageKind::booked, booking, user, clock_.now - minutes(9));
  const ClaimedMessage booked = claim().value();
  EXPECT_EQ(booked.kind, MessageKind::booked);
  queue(MessageKind::session_changed, booking, user, clock_.now - minutes(8));
  queue(MessageKind::reminder, booking, user, clock_.now - minutes(8));
  EXPECT_FALSE(claim()) << "they wait while it is being sent";
  queue(MessageKind::cancelled_by_station, booking, user, clock_.now - minutes(7));
  EXPECT_EQ(claim().value().kind, MessageKind::cancelled_by_station);
  Settlement put_off = settlement_of(booked, MessageState::queued);
  put_off.wait = minutes(10);
  EXPECT_TRUE(settle(put_off));
  EXPECT_EQ(claim().value().kind, MessageKind::session_changed);
  EXPECT_FALSE(claim()) << "the reminder need not arrive";
}

TEST_F(MessageStoreTest, what_is_tried_again_does_not_wait_for_what_came_later) {
  const base::BookingId first = a_message();
  EXPECT_TRUE(settle(settlement_of(claim().value(), MessageState::queued)));
  for (int i = 0; i < 3; ++i) {
    const base::UserId user = a_user();
    queue(MessageKind::booked, a_booking(activity(), user, an_attendee()), user, clock_.now + minutes(1));
  }
  EXPECT_EQ(claim().value().content.booking_id, first);
}

TEST_F(MessageStoreTest, claims_side_by_side_never_meet) {
  constexpr int users = 8;
  for (int i = 0; i < users; ++i) a_message();
  std::vector<asio::awaitable<Outcome<std::optional<ClaimedMessage>>>> calls;
  for (int i = 0; i < users; ++i) {
    calls.push_back(store_->claim());
    calls.push_back(other_->claim());
  }
  std::set<app::MessageId> claimed;
  int times = 0;
  for (const auto& one : all(std::move(calls))) {
    if (!one.value()) continue;
    claimed.insert(one.value()->id);
    ++times;
  }
  // Who finds nothing but rows that others are about to claim gets none, and asks again.
  while (const auto more = claim()) {
    claimed.insert(more->id);
    ++times;
  }
  EXPECT_EQ(times, users);
  EXPECT_EQ(claimed.size(), std::size_t{users});
}

TEST_F(MessageStoreTest, who_outlived_his_claim_settles_nothing_and_the_next_knows_of_the_doubt) {
  a_message();
  const ClaimedMessage late = claim().value();
  EXPECT_FALSE(claim());
  let_claims_lapse();
  const ClaimedMessage later = claim().value();
  EXPECT_EQ(later.id, late.id);
  EXPECT_EQ(later.attempt, 2U);
  EXPECT_TRUE(later.in_doubt_for);
  EXPECT_FALSE(settle(settlement_of(late, MessageState::failed)));
  EXPECT_EQ(state_of(late.id), MessageState::queued);
  EXPECT_TRUE(settle(accepted(later, "5")));
  EXPECT_FALSE(settle(accepted(later, "5"))) << "once";
  EXPECT_EQ(state_of(late.id), MessageState::accepted);
}

TEST_F(MessageStoreTest, an_attempt_that_was_surely_not_sent_leaves_no_doubt) {
  a_message();
  Settlement put_off = settlement_of(claim().value(), MessageState::queued);
  put_off.wait = hours(1);
  put_off.failed = app::ChannelSet().with(Channel::notice);
  EXPECT_TRUE(settle(put_off));
  EXPECT_FALSE(claim()) << "not before its time";
  let_claims_lapse();
  const ClaimedMessage again = claim().value();
  EXPECT_FALSE(again.in_doubt_for);
  EXPECT_TRUE(again.failed.has(Channel::notice));
  EXPECT_FALSE(again.failed.has(Channel::template_message));
}

}  // namespace
}  // namespace zl::test
