// Where messages come from, on a real MariaDB: bookings are collected once however many collect, sessions that near or
// move and cancellations are told to whom they concern; and what has served its time is forgotten.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <thread>

#include "message_harness.hpp"

namespace zl::test {
namespace {

using std::chrono::hours;

using MessageSourcesTest = MessageStoreTest;

TEST_F(MessageSourcesTest, bookings_are_collected_once_while_chains_grow_and_two_collect) {
  constexpr int chains = 4;
  constexpr int commits = 40;
  constexpr int bookings = 3;
  std::atomic<int> growing = chains;
  std::vector<std::thread> writers;
  writers.reserve(chains);
  for (int chain = 0; chain < chains; ++chain) {
    writers.emplace_back([&] {
      mysql::Connection connection(serving_config());
      mysql::AuditTrail trail(random_);
      for (int i = 0; i < commits; ++i) {
        commit_booked(connection, trail, random_, clock_.now, bookings, i % 5 != 4);
      }
      --growing;
    });
  }
  std::size_t collected = 0;
  bool last = false;
  for (std::size_t now = 1; !last || now > 0;) {
    last = growing == 0;
    std::vector<asio::awaitable<Outcome<std::size_t>>> both;
    both.push_back(store_->collect_booked());
    both.push_back(other_->collect_booked());
    now = 0;
    for (const auto& one : all(std::move(both))) now += one.value();
    collected += now;
  }
  for (std::thread& writer : writers) writer.join();
  constexpr std::size_t expected = std::size_t{chains} * commits * 4 / 5 * bookings;
  EXPECT_EQ(collected, expected);
  EXPECT_EQ(messages(MessageKind::booked), expected);
}

TEST_F(MessageSourcesTest, of_many_chains_that_grow_none_is_passed_over) {
  constexpr std::uint64_t chains = 17;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(wait(store_->collect_booked()));
  const std::uint64_t before = number("SELECT COUNT(*) FROM message_cursors");
  std::vector<std::unique_ptr<mysql::AuditTrail>> trails;
  trails.reserve(chains);
  for (std::uint64_t i = 0; i < chains; ++i) trails.push_back(std::make_unique<mysql::AuditTrail>(random_));
  for (int turn = 0; turn < 2; ++turn) {
    for (const auto& trail : trails) commit_booked(connection_, *trail, random_, clock_.now, 1);
    EXPECT_TRUE(wait(store_->collect_booked()));
  }
  EXPECT_EQ(number("SELECT COUNT(*) FROM message_cursors"), before + chains);
  EXPECT_EQ(wait(store_->collect_booked()).value(), 1U) << "the last of 2 * 17";
}

TEST_F(MessageSourcesTest, bookings_of_long_ago_are_passed_over) {
  mysql::AuditTrail trail(random_);
  commit_booked(connection_, trail, random_, clock_.now - hours(25), 2);
  commit_booked(connection_, trail, random_, clock_.now - hours(23), 2);
  EXPECT_EQ(wait(store_->collect_booked()).value(), 2U);
  EXPECT_EQ(wait(store_->collect_booked()).value(), 0U);
}

TEST_F(MessageSourcesTest, each_confirmed_booking_of_a_session_is_reminded_of_once) {
  const base::BookingId booking = a_booking(activity());
  const base::BookingId cancelled = a_booking(activity());
  connection_.execute(sql("UPDATE bookings SET state = 4, active = NULL WHERE id = ?", cancelled));
  const base::SessionId session = activity().sessions[0].id;
  const domain::Interval day{activity().first_start(), activity().first_start() + base::Milliseconds(1)};
  std::vector<asio::awaitable<Outcome<std::size_t>>> both;
  both.push_back(store_->remind("2026-07-07", day));
  both.push_back(other_->remind("2026-07-07", day));
  std::size_t queued = 0;
  for (const auto& one : all(std::move(both))) queued += one.value();
  EXPECT_EQ(queued, 1U);
  // As after a crash before the day was marked.
  connection_.execute("DELETE FROM reminder_days");
  EXPECT_EQ(wait(store_->remind("2026-07-07", day)).value(), 0U);
  a_booking(activity());
  EXPECT_EQ(wait(store_->remind("2026-07-07", day)).value(), 0U) << "the day is done";
  const ClaimedMessage message = claim().value();
  EXPECT_EQ(message.id.bytes, mysql::outbox_id(booking, MessageKind::reminder, session.raw()));
  EXPECT_EQ(message.content.session, activity().sessions[0].time);
}

TEST_F(MessageSourcesTest, a_moved_session_is_told_to_who_holds_a_booking_in_the_transaction_that_moves_it) {
  const base::BookingId booking = a_booking(activity());
  domain::Activity moved = activity();
  moved.sessions[1].venue = "操场";
  const auto updated = wait(catalogue_->update_activity(moved, moved.version, admin_));
  ASSERT_TRUE(updated);
  EXPECT_EQ(messages(MessageKind::session_changed), 1U);
  const ClaimedMessage message = claim().value();
  EXPECT_EQ(message.kind, MessageKind::session_changed);
  EXPECT_EQ(message.content.booking_id, booking);
  EXPECT_EQ(message.content.session, moved.sessions[1].time);
  EXPECT_EQ(message.content.venue, "操场");
  // Again is another change; a title alone is none.
  domain::Activity again = *updated;
  again.sessions[1].venue = "三楼";
  again = wait(catalogue_->update_activity(again, again.version, admin_)).value();
  again.title = "书法入门";
  ASSERT_TRUE(wait(catalogue_->update_activity(again, again.version, admin_)));
  EXPECT_EQ(messages(MessageKind::session_changed), 2U);
}

TEST_F(MessageSourcesTest, of_several_sessions_that_move_at_once_each_is_told) {
  a_booking(activity());
  domain::Activity moved = activity();
  for (domain::Session& session : moved.sessions) session.venue = "操场";
  moved = wait(catalogue_->update_activity(moved, moved.version, admin_)).value();
  std::set<std::pair<std::int64_t, std::string>> told;
  for (std::size_t i = 0; i < moved.sessions.size(); ++i) {
    const ClaimedMessage message = claim().value();
    EXPECT_EQ(message.kind, MessageKind::session_changed);
    told.emplace(message.content.session.starts_at.unix_ms, message.content.venue);
    EXPECT_TRUE(settle(accepted(message, std::to_string(80 + i))));
  }
  std::set<std::pair<std::int64_t, std::string>> expected;
  for (const domain::Session& session : moved.sessions) expected.emplace(session.time.starts_at.unix_ms, "操场");
  EXPECT_EQ(told, expected);
  EXPECT_FALSE(claim());
  // What is over already is not told.
  clock_.now = moved.sessions[0].time.ends_at;
  for (domain::Session& session : moved.sessions) session.venue = "礼堂";
  ASSERT_TRUE(wait(catalogue_->update_activity(moved, moved.version, admin_)));
  EXPECT_EQ(messages(MessageKind::session_changed), 3U);
}

TEST_F(MessageSourcesTest, a_cancellation_tells_its_reason) {
  a_booking(activity());
  ASSERT_TRUE(wait(catalogue_->cancel(activity().id, "老师生病", admin_, clock_.now)));
  const ClaimedMessage message = claim().value();
  EXPECT_EQ(message.kind, MessageKind::cancelled_by_station);
  EXPECT_EQ(message.content.reason, "老师生病");
  EXPECT_EQ(message.content.booking_state, domain::BookingState::cancelled);
}

TEST_F(MessageSourcesTest, forgets_what_has_served_its_time) {
  const base::BookingId old = a_message();
  a_message();
  connection_.execute(sql("UPDATE outbox SET created_at = 1 WHERE booking_id = ?", old));
  EXPECT_TRUE(receipt("61").empty());
  EXPECT_TRUE(receipt("62").empty());
  connection_.execute("UPDATE message_receipts SET at = 1 WHERE message_id = '61'");
  EXPECT_EQ(wait(store_->purge()).value(), 2U);
  EXPECT_EQ(wait(store_->purge()).value(), 0U);
  EXPECT_EQ(messages(MessageKind::booked), 1U);
}

}  // namespace
}  // namespace zl::test
