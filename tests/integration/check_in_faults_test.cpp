// Check-ins when something breaks: lost answers, killed sessions, locks, a full queue, the end of the process. Each
// test ends by proving that everything is well again.
#include <algorithm>
#include <chrono>

#include "ledger_harness.hpp"
#include "mysql_cutter.hpp"
#include "store/mysql/attendance_store.hpp"

namespace zl::test {
namespace {

using CheckInAnswer = base::Outcome<app::CheckInResult>;

class CheckInFaultsTest : public LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    activity_ = an_activity(100);
    session_ = a_session();
  }

  base::SessionId a_session() {
    const auto id = random_.next_id<base::SessionId>();
    db_.execute(
        mysql::sql("INSERT INTO sessions (id, activity_id, starts_at, ends_at, venue) VALUES (?, ?, 10, 20, '二楼')",
                   id, activity_));
    return id;
  }

  /// Of a booking of its own.
  app::CheckInItem an_item() {
    const app::LedgerItem booked = LedgerTest::an_item(activity_);
    EXPECT_TRUE(book(booked).is_done());
    return {random_.next_id<base::CheckInId>(), booked.wish.id, session_, activity_, programme_, {5}, staff_};
  }

  app::AttendanceStore& door() {
    if (!door_) door_ = mysql::create_attendance_store(process().writers, process().pool);
    return *door_;
  }
  std::future<CheckInAnswer> start_check_in(const app::CheckInItem& item) { return start(door().check_in(item)); }
  CheckInAnswer check_in(const app::CheckInItem& item) { return start_check_in(item).get(); }

  /// Holds a booking from another session, as a cancellation would.
  void lock_booking(const base::BookingId& id) {
    db_.execute("BEGIN");
    db_.query(mysql::sql("SELECT 1 FROM bookings WHERE id = ? FOR UPDATE", id));
  }
  void unlock() { db_.execute("COMMIT"); }

  MysqlCutter& through_cutter() {
    const std::string path = (stores().folder() / "door.sock").string();
    ::unlink(path.c_str());
    cutter_ = std::make_unique<MysqlCutter>(stores().mysql_socket(), path);
    config_.connection.address = "unix://" + path;
    return *cutter_;
  }

  std::uint64_t rows(const app::CheckInItem& item) {
    return number(mysql::sql("SELECT COUNT(*) FROM check_ins WHERE booking_id = ?", item.booking_id));
  }
  std::uint64_t audit_rows(const app::CheckInItem& item) {
    return number(mysql::sql("SELECT COUNT(*) FROM audit WHERE subject = ?", item.id));
  }
  void expect_present_once(const app::CheckInItem& item) {
    EXPECT_EQ(rows(item), 1U);
    EXPECT_EQ(audit_rows(item), 1U);
  }
  /// This very call has let the child in.
  void expect_made(const CheckInAnswer& answer, const app::CheckInItem& item) {
    ASSERT_TRUE(answer.is_done());
    EXPECT_FALSE(answer->earlier);
    EXPECT_EQ(answer->check_in.id, item.id);
    expect_present_once(item);
  }

  const app::Actor staff_{base::AccountId{{2}}, "staff", "10.0.0.1", "request"};
  std::unique_ptr<MysqlCutter> cutter_;
  base::ActivityId activity_;
  base::SessionId session_;

 private:
  std::unique_ptr<app::AttendanceStore> door_;
};

TEST_F(CheckInFaultsTest, ACommitWithoutAnAnswerIsSettledAndItsCheckInsAreThisCallsOwn) {
  MysqlCutter& cutter = through_cutter();
  for (const Cut cut : {Cut::before, Cut::after, Cut::stall}) {
    const app::CheckInItem item = an_item();
    cutter.cut_next(cut);
    expect_made(check_in(item), item);
    const CheckInAnswer again = check_in(item);
    ASSERT_TRUE(again.is_done());
    EXPECT_TRUE(again->earlier);
  }
  EXPECT_EQ(cutter.cuts(), 3);
}

TEST_F(CheckInFaultsTest, AWholeBatchIsFoundAgainAfterItsAnswerWasLost) {
  MysqlCutter& cutter = through_cutter();
  std::vector<app::CheckInItem> items;
  items.reserve(8);
  for (int i = 0; i < 8; ++i) items.push_back(an_item());
  app::CheckInItem second_door = items[3];
  second_door.id = random_.next_id<base::CheckInId>();
  lock_booking(items[0].booking_id);
  auto first = start_check_in(items[0]);
  await_lock_wait();
  std::vector<std::future<CheckInAnswer>> answers;
  answers.reserve(items.size());
  for (std::size_t i = 1; i < items.size(); ++i) answers.push_back(start_check_in(items[i]));
  auto late = start_check_in(second_door);
  eventually([&] { return process().writers.queued() == items.size(); });
  unlock();
  expect_made(first.get(), items[0]);
  cutter.cut_next(Cut::after);  // of the batch that has queued meanwhile, or of one that comes behind it

  for (std::size_t i = 1; i < items.size(); ++i) expect_made(answers[i - 1].get(), items[i]);
  const CheckInAnswer told = late.get();
  ASSERT_TRUE(told.is_done());
  EXPECT_TRUE(told->earlier);
  EXPECT_EQ(told->check_in.id, items[3].id);
}

TEST_F(CheckInFaultsTest, WhatStaysUnknownIsToldSoAndFoundByTheRetry) {
  MysqlCutter& cutter = through_cutter();
  config_.runner.settle_timeout_ms = 100;
  const app::CheckInItem item = an_item();
  cutter.cut_next(Cut::after);
  cutter.refuse_after_cut();
  EXPECT_TRUE(check_in(item).is_unknown());
  cutter.heal();
  CheckInAnswer answer = base::Code::unavailable;
  eventually([&] {
    answer = check_in(item);
    return answer.is_done();
  });
  EXPECT_TRUE(answer->earlier);
  EXPECT_EQ(answer->check_in.id, item.id);
  expect_present_once(item);
}

TEST_F(CheckInFaultsTest, RunsAgainWhenItsSessionIsKilledBeforeTheCommit) {
  const app::CheckInItem item = an_item();
  lock_booking(item.booking_id);
  auto answer = start_check_in(item);
  const std::uint64_t session = waiting_session();
  owner_.execute(mysql::sql("KILL ?", session));
  eventually([&] { return waiting_session() != session; }, innodb_trx_age);
  unlock();
  expect_made(answer.get(), item);
}

TEST_F(CheckInFaultsTest, AnIdThatAnotherBookingTakesMeanwhileSpoilsOnlyItsOwnItem) {
  const app::CheckInItem blocked = an_item();
  const app::CheckInItem innocent = an_item();
  const app::CheckInItem rival = an_item();
  app::CheckInItem taken = an_item();
  taken.id = rival.id;
  lock_booking(blocked.booking_id);
  auto first = start_check_in(blocked);
  await_lock_wait();
  auto second = start_check_in(innocent);
  auto third = start_check_in(taken);
  eventually([&] { return process().writers.queued() == 2; });
  // Not committed before the batch has looked for it: the insert is what waits for it.
  mysql::Connection other(mysql::for_migrations(serving().connection));
  mysql::Transaction rivals(other);
  rivals.execute(
      mysql::sql("INSERT INTO check_ins (id, booking_id, session_id, active, at, account_id) VALUES (?, ?, ?, 1, 5, ?)",
                 rival.id, rival.booking_id, session_, staff_.id));
  unlock();
  expect_made(first.get(), blocked);
  await_lock_wait();
  rivals.commit();

  expect_made(second.get(), innocent);
  EXPECT_EQ(third.get().refused().code, base::Code::idempotency_conflict);
  EXPECT_EQ(rows(taken), 0U);
  EXPECT_EQ(rows(rival), 1U);
}

TEST_F(CheckInFaultsTest, AnItemThatMySqlWillNotTakeSpoilsOnlyItself) {
  const app::CheckInItem blocked = an_item();
  const app::CheckInItem innocent = an_item();
  app::CheckInItem broken = an_item();
  broken.actor.role = std::string(100, 'x');
  lock_booking(blocked.booking_id);
  auto first = start_check_in(blocked);
  await_lock_wait();
  auto second = start_check_in(broken);
  auto third = start_check_in(innocent);
  eventually([&] { return process().writers.queued() == 2; });
  unlock();
  expect_made(first.get(), blocked);
  EXPECT_EQ(second.get().refused().code, base::Code::internal);
  EXPECT_EQ(rows(broken), 0U);
  expect_made(third.get(), innocent);
}

TEST_F(CheckInFaultsTest, AFullQueueRefusesUntilAPlaceIsFree) {
  const app::CheckInItem item = an_item();
  config_.queue_limit = 1;
  {
    LedgerProcess narrow(config_, clock_, random_);
    const auto narrow_door = mysql::create_attendance_store(narrow.writers, narrow.pool);
    {
      const auto place = narrow.ledger->take_place(programme_, app::Turn::first);
      EXPECT_EQ(wait(narrow_door->check_in(item)).refused().code, base::Code::overloaded);
    }
    EXPECT_EQ(rows(item), 0U);
    expect_made(wait(narrow_door->check_in(item)), item);
  }
}

TEST_F(CheckInFaultsTest, ACheckInThatWaitedTooLongIsNeverBegun) {
  config_.connection.lock_wait_timeout_s = 10;
  const app::CheckInItem blocked = an_item();
  const app::CheckInItem late = an_item();
  lock_booking(blocked.booking_id);
  auto first = start_check_in(blocked);
  await_lock_wait();
  auto second = start_check_in(late);
  eventually([&] { return process().writers.queued() == 1; });
  clock_.ahead_ms = config_.item_deadline_ms + 1;
  unlock();
  expect_made(first.get(), blocked);
  EXPECT_EQ(second.get().refused().code, base::Code::overloaded);
  EXPECT_EQ(rows(late), 0U);
  expect_made(check_in(late), late);
}

TEST_F(CheckInFaultsTest, StoppingAnswersWhatIsQueuedAndRefusesWhatComesAfter) {
  std::vector<app::CheckInItem> items;
  items.reserve(10);
  for (int i = 0; i < 10; ++i) items.push_back(an_item());
  lock_booking(items[0].booking_id);
  std::vector<std::future<CheckInAnswer>> answers;
  answers.reserve(items.size());
  answers.push_back(start_check_in(items[0]));
  await_lock_wait();
  for (std::size_t i = 1; i < items.size(); ++i) answers.push_back(start_check_in(items[i]));
  eventually([&] { return process().writers.queued() == items.size() - 1; });
  std::thread stopping([this] { process().writers.stop(); });
  unlock();
  for (std::size_t i = 0; i < items.size(); ++i) expect_made(answers[i].get(), items[i]);
  stopping.join();
  app::CheckInItem late = items[0];
  late.id = random_.next_id<base::CheckInId>();
  EXPECT_EQ(check_in(late).refused().code, base::Code::overloaded);
}

TEST_F(CheckInFaultsTest, ComesBackAfterTheServerWasAway) {
  const app::CheckInItem item = an_item();
  stores().kill(Store::mariadb);
  const CheckInAnswer away = check_in(item);
  ASSERT_TRUE(away.is_refused());
  EXPECT_EQ(away.refused().code, base::Code::unavailable);
  stores().start(Store::mariadb);
  CheckInAnswer answer = base::Code::unavailable;
  eventually([&] {
    answer = check_in(item);
    return answer.is_done();
  });
  mysql::Connection looking(mysql::for_migrations(serving().connection));
  EXPECT_FALSE(answer->earlier);
  EXPECT_EQ(
      looking.query(mysql::sql("SELECT COUNT(*) FROM check_ins WHERE booking_id = ?", item.booking_id)).front().u64(0),
      1U);
}

}  // namespace
}  // namespace zl::test
