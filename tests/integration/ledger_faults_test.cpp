// The ledger when something breaks: locks, deadlocks, killed sessions, lost answers, a dead server. Each test ends by
// proving that everything is well again.
#include <chrono>

#include "ledger_harness.hpp"
#include "mysql_cutter.hpp"

namespace zl::test {
namespace {

using app::LedgerBooked;

class LedgerFaultsTest : public LedgerTest {
 protected:
  /// Holds an activity's seats from another session, as another process's writer would.
  void lock_seats(const base::ActivityId& activity) {
    db_.execute("BEGIN");
    db_.query(mysql::sql("SELECT 1 FROM activity_seats WHERE activity_id = ? FOR UPDATE", activity));
  }
  void unlock() { db_.execute("COMMIT"); }

  MysqlCutter& through_cutter() {
    const std::string path = (stores().folder() / "cutter.sock").string();
    ::unlink(path.c_str());
    cutter_ = std::make_unique<MysqlCutter>(stores().mysql_socket(), path);
    config_.connection.address = "unix://" + path;
    return *cutter_;
  }

  void expect_booked_once(const app::LedgerItem& item) {
    EXPECT_EQ(seats_taken(item.wish.activity_id), 1U);
    EXPECT_EQ(active_bookings(item.wish.activity_id), 1U);
    EXPECT_EQ(audit_entries(item.wish.id), 1U);
  }

  std::unique_ptr<MysqlCutter> cutter_;
};

TEST_F(LedgerFaultsTest, LosesARaceForTheUniqueKeyAsAlreadyBooked) {
  const auto activity = an_activity(10);
  const app::LedgerItem item = an_item(activity);
  const auto other = random_.next_id<base::BookingId>();
  db_.execute("BEGIN");
  db_.execute(mysql::sql(
      "INSERT INTO bookings (id, activity_id, programme_id, party_id, user_id, state, active, grant_number, arrival, "
      "decided_at, opens_at, remaining, created_at) VALUES (?, ?, ?, ?, ?, 1, 1, 1, 1, 1, 1, 1, 1)",
      other, activity, programme_, item.wish.attendee_id, item.wish.user_id));
  auto answer = start_booking(item);
  await_lock_wait();
  unlock();
  const BookAnswer refused = answer.get();
  ASSERT_EQ(refusal(refused), base::Code::already_booked);
  EXPECT_EQ(std::get<domain::AlreadyBooked>(as<app::LedgerRefused>(refused).violations[0]).booking_id, other);
  EXPECT_EQ(active_bookings(activity), 1U);
}

TEST_F(LedgerFaultsTest, RunsAgainAfterADeadlock) {
  const auto activity = an_activity(10);
  const app::LedgerItem item = an_item(activity, {2, 4, true, 0});
  const auto deadlocks = [&] { return db_.query("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'").front().u64(1); };
  const std::uint64_t before = deadlocks();
  lock_seats(activity);
  // InnoDB rolls the lighter transaction back: this one is to win.
  for (int i = 0; i < 50; ++i) {
    db_.execute(
        mysql::sql("INSERT INTO settings (name, value) VALUES (?, '')", random_.next_id<base::TokenId>().hex()));
  }
  auto answer = start_booking(item);
  await_lock_wait();
  db_.execute(mysql::sql("INSERT INTO programme_guards (programme_id) VALUES (?)", programme_));
  unlock();
  EXPECT_FALSE(as<LedgerBooked>(answer.get()).earlier);
  EXPECT_EQ(deadlocks(), before + 1);
  expect_booked_once(item);
}

TEST_F(LedgerFaultsTest, RunsAgainAfterWaitingTooLongForALock) {
  config_.connection.lock_wait_timeout_s = 1;
  const auto activity = an_activity(10);
  const app::LedgerItem item = an_item(activity);
  const auto waits = [&] { return db_.query("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_waits'").front().u64(1); };
  const std::uint64_t before = waits();
  lock_seats(activity);
  auto answer = start_booking(item);
  eventually([&] { return waits() >= before + 2; });
  unlock();
  EXPECT_FALSE(as<LedgerBooked>(answer.get()).earlier);
  expect_booked_once(item);
}

TEST_F(LedgerFaultsTest, GivesUpOnALockThatNobodyReleasesAndHasNoEffect) {
  config_.connection.lock_wait_timeout_s = 1;
  config_.runner.locked_attempts = 1;
  const auto activity = an_activity(10);
  lock_seats(activity);
  const BookAnswer answer = book(an_item(activity));
  ASSERT_TRUE(answer.is_refused());
  EXPECT_EQ(answer.refused().code, base::Code::unavailable);
  unlock();
  EXPECT_EQ(seats_taken(activity), 0U);
  as<LedgerBooked>(book(an_item(activity)));
}

TEST_F(LedgerFaultsTest, RunsAgainWhenItsSessionIsKilledBeforeTheCommit) {
  const auto activity = an_activity(10);
  const app::LedgerItem item = an_item(activity);
  lock_seats(activity);
  auto answer = start_booking(item);
  const std::uint64_t session = waiting_session();
  owner_.execute(mysql::sql("KILL ?", session));
  eventually([&] { return waiting_session() != session; }, innodb_trx_age);
  unlock();
  EXPECT_FALSE(as<LedgerBooked>(answer.get()).earlier);
  expect_booked_once(item);
}

class PacketTest : public LedgerFaultsTest {
 protected:
  static mysql::ConnectionConfig packets() {
    mysql::ConnectionConfig config = serving().connection;
    config.autocommit = false;
    config.packets = true;
    return config;
  }
  std::string insert_lease() const {
    return mysql::sql("INSERT INTO leases (name, owner, until_ms) VALUES (?, ?, 0)", name_, programme_);
  }
  std::uint64_t leases() { return number(mysql::sql("SELECT COUNT(*) FROM leases WHERE name = ?", name_)); }

  const std::string name_ = programme_.hex();
  mysql::Connection connection_{packets()};
};

TEST_F(PacketTest, EachStatementHasItsRows) {
  mysql::Transaction transaction(connection_);
  const std::vector<mysql::Rows> results =
      transaction.query_all({"SELECT 1", insert_lease(), "SELECT 2, 3", "SELECT 4"});
  ASSERT_EQ(results.size(), 4U);
  EXPECT_EQ(results[0].front().u64(0), 1U);
  EXPECT_TRUE(results[1].empty());
  EXPECT_EQ(results[2].front().u64(1), 3U);
  EXPECT_EQ(results[3].front().u64(0), 4U);
}

TEST_F(PacketTest, NothingIsRunAfterAStatementThatFailed) {
  {
    mysql::Transaction transaction(connection_);
    EXPECT_THROW(transaction.query_all({"SELECT 1", "SELECT nothing", insert_lease()}), mysql::SqlError);
  }
  mysql::Transaction transaction(connection_);
  EXPECT_EQ(transaction.query("SELECT 7").front().u64(0), 7U) << "no answer is left over";
  EXPECT_EQ(transaction.query(mysql::sql("SELECT COUNT(*) FROM leases WHERE name = ?", name_)).front().u64(0), 0U);
}

TEST_F(PacketTest, AStatementThatFailsBeforeItsCommitLeavesNothingBehind) {
  {
    mysql::Transaction transaction(connection_);
    transaction.execute_last(insert_lease());
    transaction.execute_last(insert_lease());
    EXPECT_THROW(transaction.commit(), mysql::SqlError);
    EXPECT_TRUE(transaction.open()) << "it is known that nothing was committed";
  }
  EXPECT_TRUE(connection_.usable());
  EXPECT_EQ(leases(), 0U);
  mysql::Transaction transaction(connection_);
  transaction.execute_last(insert_lease());
  transaction.commit();
  EXPECT_FALSE(transaction.open());
  EXPECT_EQ(leases(), 1U);
}

TEST_F(PacketTest, ASessionThatIsKilledInThePacketOfTheCommitLeavesItUnknown) {
  const auto activity = an_activity(10);
  lock_seats(activity);
  mysql::Transaction transaction(connection_);
  transaction.execute_last(insert_lease());
  transaction.execute_last(mysql::sql("UPDATE activity_seats SET capacity = 11 WHERE activity_id = ?", activity));
  std::thread killer([this, session = connection_.id()] {
    await_lock_wait();
    owner_.execute(mysql::sql("KILL ?", session));
  });
  EXPECT_THROW(transaction.commit(), mysql::SqlError);
  killer.join();
  EXPECT_FALSE(transaction.open());
  EXPECT_FALSE(connection_.usable());
  unlock();
  EXPECT_EQ(leases(), 0U);
}

TEST_F(LedgerFaultsTest, ACommitThatNeverArrivedIsRunAgain) {
  MysqlCutter& cutter = through_cutter();
  const app::LedgerItem item = an_item(an_activity(10));
  cutter.cut_next(Cut::before);
  EXPECT_FALSE(as<LedgerBooked>(book(item)).earlier);
  EXPECT_EQ(cutter.cuts(), 1);
  expect_booked_once(item);
}

TEST_F(LedgerFaultsTest, ACommitWhoseAnswerIsLostIsFoundAgain) {
  MysqlCutter& cutter = through_cutter();
  const app::LedgerItem item = an_item(an_activity(10), {2, 4, true, 0});
  cutter.cut_next(Cut::after);
  EXPECT_FALSE(as<LedgerBooked>(book(item)).earlier) << "it is this call's own booking";
  EXPECT_EQ(cutter.cuts(), 1);
  expect_booked_once(item);
}

TEST_F(LedgerFaultsTest, ALostAnswerOnTheLastSeatIsNotTakenForFull) {
  MysqlCutter& cutter = through_cutter();
  const app::LedgerItem item = an_item(an_activity(1));
  cutter.cut_next(Cut::after);
  EXPECT_FALSE(as<LedgerBooked>(book(item)).earlier);
  expect_booked_once(item);
  as<app::LedgerFull>(book(an_item(item.wish.activity_id)));
}

TEST_F(LedgerFaultsTest, ASessionThatHangsAtTheCommitIsKilled) {
  MysqlCutter& cutter = through_cutter();
  config_.connection.io_timeout_s = 90;
  config_.connection.statement_timeout_s = 60;
  config_.connection.lock_wait_timeout_s = 30;
  config_.connection.idle_timeout_s = 60;
  const app::LedgerItem item = an_item(an_activity(10));
  cutter.cut_next(Cut::stall);
  const auto started = std::chrono::steady_clock::now();
  EXPECT_FALSE(as<LedgerBooked>(book(item)).earlier);
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(15)) << "its locks would last longer";
  expect_booked_once(item);
}

TEST_F(LedgerFaultsTest, WhatStaysUnknownIsToldSoAndFoundByTheRetry) {
  MysqlCutter& cutter = through_cutter();
  config_.runner.settle_timeout_ms = 100;
  const app::LedgerItem item = an_item(an_activity(10));
  cutter.cut_next(Cut::after);
  cutter.refuse_after_cut();
  EXPECT_TRUE(book(item).is_unknown());
  cutter.heal();
  BookAnswer answer = base::Code::unavailable;
  eventually([&] {
    answer = book(again(item));
    return answer.is_done();
  });
  EXPECT_TRUE(as<LedgerBooked>(answer).earlier);
  expect_booked_once(item);
}

TEST_F(LedgerFaultsTest, ACancellationWhoseAnswerIsLostGivesTheSeatBackOnce) {
  MysqlCutter& cutter = through_cutter();
  for (const Cut cut : {Cut::before, Cut::after, Cut::stall}) {
    const app::LedgerItem item = an_item(an_activity(10));
    ASSERT_TRUE(book(item).is_done());
    cutter.cut_next(cut);
    const auto answer = wait(ledger().cancel(item.wish.id, programme_, {}, {5}));
    ASSERT_TRUE(answer.is_done());
    EXPECT_EQ(answer->booking.state, domain::BookingState::cancelled);
    EXPECT_EQ(seats_taken(item.wish.activity_id), 0U);
    EXPECT_EQ(outbox_rows(item.wish.id), 1U);
    EXPECT_EQ(audit_entries(item.wish.id), 2U);
  }
  EXPECT_EQ(cutter.cuts(), 3);
}

TEST_F(LedgerFaultsTest, ItemsThatWaitedTooLongAreNeverBegun) {
  config_.connection.lock_wait_timeout_s = 10;
  const auto activity = an_activity(10);
  lock_seats(activity);
  auto first = start_booking(an_item(activity));
  await_lock_wait();
  auto late = start_booking(an_item(activity));
  eventually([&] { return process().writers.queued() == 1; });
  clock_.ahead_ms = config_.item_deadline_ms + 1;
  unlock();
  as<LedgerBooked>(first.get());
  const BookAnswer answer = late.get();
  ASSERT_TRUE(answer.is_refused());
  EXPECT_EQ(answer.refused().code, base::Code::overloaded);
  EXPECT_EQ(active_bookings(activity), 1U);
  as<LedgerBooked>(book(an_item(activity)));
}

TEST_F(LedgerFaultsTest, AFullQueueHasNoPlaceUntilAnItemIsAnswered) {
  config_.queue_limit = 2;
  auto first = ledger().take_place(programme_, app::Turn::first);
  {
    const auto second = ledger().take_place(programme_, app::Turn::first);
    ASSERT_TRUE(first && second);
    EXPECT_FALSE(ledger().take_place(programme_, app::Turn::first));
    EXPECT_EQ(wait(ledger().cancel(random_.next_id<base::BookingId>(), programme_, {}, {5})).refused().code,
              base::Code::overloaded);
  }
  const app::LedgerItem item = an_item(an_activity(10));
  ASSERT_TRUE(wait(ledger().book(*std::move(first), item)).is_done());
  EXPECT_TRUE(ledger().take_place(programme_, app::Turn::first));
}

TEST_F(LedgerFaultsTest, BookingsLeavePlacesToWhoComesAgainAndToCancellations) {
  config_.queue_limit = 16;
  std::vector<runtime::CountGuard> places;
  while (auto place = ledger().take_place(programme_, app::Turn::first)) places.push_back(*std::move(place));
  EXPECT_EQ(places.size(), 11U) << "three quarters of what bookings may have";
  while (auto place = ledger().take_place(programme_, app::Turn::again)) places.push_back(*std::move(place));
  EXPECT_EQ(places.size(), 14U) << "an eighth of the queue is not theirs";
  EXPECT_EQ(wait(ledger().cancel(random_.next_id<base::BookingId>(), programme_, {}, {5})).refused().code,
            base::Code::not_found);
}

TEST_F(LedgerFaultsTest, ABatchThatHangsClosesTheQueueToBookingsUntilItEnds) {
  config_.connection.lock_wait_timeout_s = 10;
  config_.batch_limit = 1;
  config_.queue_limit = 64;
  config_.queue_target_ms = 60'000;
  const auto activity = an_activity(10);
  lock_seats(activity);
  auto held_up = start_booking(an_item(activity));
  await_lock_wait();
  const auto take_all = [&] {
    std::vector<runtime::CountGuard> places;
    while (auto place = ledger().take_place(programme_, app::Turn::again)) places.push_back(*std::move(place));
    return places.size();
  };
  EXPECT_EQ(take_all(), 55U) << "all that bookings may have, but one";
  clock_.ahead_ms = config_.queue_target_ms + 1;
  EXPECT_EQ(take_all(), mysql::QueueLimit::least_batches - 1);
  unlock();
  as<LedgerBooked>(held_up.get());
  as<LedgerBooked>(book(an_item(activity)));
}

TEST_F(LedgerFaultsTest, StoppingAnswersWhatIsQueuedAndRefusesWhatComesAfter) {
  const auto activity = an_activity(10);
  std::vector<std::future<BookAnswer>> answers;
  answers.reserve(20);
  for (int i = 0; i < 20; ++i) answers.push_back(start_booking(an_item(activity)));
  process().writers.stop();
  for (auto& answer : answers) {
    const BookAnswer ended = answer.get();
    EXPECT_TRUE(ended.is_done() || ended.refused().code == base::Code::overloaded);
  }
  EXPECT_EQ(book(an_item(activity)).refused().code, base::Code::overloaded);
  EXPECT_EQ(seats_taken(activity), active_bookings(activity));
}

TEST_F(LedgerFaultsTest, ComesBackAfterTheServerWasAway) {
  const auto activity = an_activity(10);
  ASSERT_TRUE(book(an_item(activity)).is_done());
  const app::LedgerItem item = an_item(activity);
  stores().kill(Store::mariadb);
  const BookAnswer away = book(item);
  ASSERT_TRUE(away.is_refused());
  EXPECT_EQ(away.refused().code, base::Code::unavailable);
  EXPECT_EQ(wait(ledger().find(item.wish.id)).refused().code, base::Code::unavailable);
  EXPECT_FALSE(process().writers.up());
  EXPECT_FALSE(process().pool.up());

  stores().start(Store::mariadb);
  BookAnswer answer = base::Code::unavailable;
  eventually([&] {
    answer = book(again(item));
    return answer.is_done();
  });
  EXPECT_FALSE(as<LedgerBooked>(answer).earlier);
  EXPECT_TRUE(process().writers.up());
  eventually([&] { return wait(ledger().find(item.wish.id)).is_done(); });
  EXPECT_TRUE(process().pool.up());
}

}  // namespace
}  // namespace zl::test
