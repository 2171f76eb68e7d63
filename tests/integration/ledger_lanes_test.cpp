// A writer's lanes on a real MariaDB: commits of one programme that overlap, batches that wait for what is on its way.
#include <chrono>

#include "app/booking_ledger.hpp"
#include "ledger_harness.hpp"
#include "store/mysql/batch_start.hpp"
#include "store/mysql/catalogue_store.hpp"

namespace zl::test {
namespace {

using app::LedgerBooked;

class LedgerLanesTest : public LedgerTest {
 protected:
  /// Which commit told of a booking.
  std::string commit_of(const app::LedgerItem& item) {
    const mysql::Rows rows =
        db_.query(mysql::sql("SELECT CONCAT(HEX(audit_chain), audit_seq) FROM bookings WHERE id = ?", item.wish.id));
    return rows.front().text(0);
  }
  void hold_up(const base::ActivityId& activity) {
    db_.execute("BEGIN");
    db_.query(mysql::sql("SELECT 1 FROM activity_seats WHERE activity_id = ? FOR UPDATE", activity));
  }
  /// From now on a batch waits for items on their way for as long as the configuration lets it.
  void make_patient(const base::ActivityId& activity) {
    hold_up(activity);
    auto first = start_booking(an_item(activity));
    await_lock_wait();
    clock_.ahead_ms += 1000L * config_.arrival_patience_ms;
    db_.execute("COMMIT");
    as<LedgerBooked>(first.get());
  }
  /// Returns when both lanes have a batch and wait for locks.
  void await_lanes_waiting() {
    eventually(
        [&] { return db_.query("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'").front().u64(1) == 2; });
  }
  /// As many as begin a batch beside another.
  std::vector<app::LedgerItem> a_crowd(const base::ActivityId& activity, domain::Rules rules = {}) {
    std::vector<app::LedgerItem> items;
    items.reserve(mysql::overlap_items);
    for (std::size_t i = 0; i < mysql::overlap_items; ++i) items.push_back(an_item(activity, rules));
    return items;
  }
};

TEST_F(LedgerLanesTest, ABatchWaitsForItemsThatAreOnTheirWay) {
  config_.arrival_patience_ms = 60'000;
  const auto activity = an_activity(10);
  make_patient(activity);
  const app::LedgerItem early = an_item(activity);
  const app::LedgerItem late = an_item(activity);
  auto place = ledger().take_place(programme_, app::Turn::first);
  auto first = start_booking(early);
  eventually([&] { return process().writers.queued() == 1; });
  auto second = start(ledger().book(*std::move(place), late));
  as<LedgerBooked>(first.get());
  as<LedgerBooked>(second.get());
  EXPECT_EQ(commit_of(early), commit_of(late));
}

TEST_F(LedgerLanesTest, ALoneBookingWaitsForNobody) {
  config_.arrival_patience_ms = 60'000;
  const auto activity = an_activity(10);
  make_patient(activity);
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) as<LedgerBooked>(book(an_item(activity)));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(30));
}

TEST_F(LedgerLanesTest, WhoNeverComesIsWaitedForOnlyALittle) {
  config_.arrival_patience_ms = 50;
  const auto activity = an_activity(10);
  make_patient(activity);
  const auto place = ledger().take_place(programme_, app::Turn::first);
  as<LedgerBooked>(book(an_item(activity)));
}

TEST_F(LedgerLanesTest, ACrowdIsInsertedWhileAnotherBatchCommits) {
  const auto activity = an_activity(1000);
  hold_up(activity);
  auto first = start_booking(an_item(activity));
  await_lock_wait();
  const std::vector<app::LedgerItem> crowd = a_crowd(activity);
  auto answers = start_all(crowd);
  await_lanes_waiting();
  auto small = start_booking(an_item(activity));
  eventually([&] { return process().writers.queued() == 1; });
  db_.execute("COMMIT");
  as<LedgerBooked>(first.get());
  for (auto& answer : answers) as<LedgerBooked>(answer.get());
  as<LedgerBooked>(small.get());
  EXPECT_EQ(seats_taken(activity), crowd.size() + 2);
  EXPECT_EQ(active_bookings(activity), crowd.size() + 2);
}

TEST_F(LedgerLanesTest, CapsAndSeatsHoldAcrossTheLanes) {
  const domain::Rules one_each{std::nullopt, 1, false, 0};
  const auto activity = an_activity(1000);
  const auto small = an_activity(4);
  // Three commits, after which the writer goes by what it remembers.
  for (int i = 0; i < 3; ++i) as<LedgerBooked>(book(an_item(activity, one_each)));
  for (int round = 0; round < 3; ++round) {
    const auto mother = a_user();
    hold_up(activity);
    auto first = start_booking(an_item(activity, an_attendee(), mother, {one_each, {}}));
    await_lock_wait();
    std::vector<app::LedgerItem> crowd = a_crowd(activity, one_each);
    crowd[20] = an_item(small, an_attendee(), mother, {one_each, {}});
    crowd[30] = an_item(small, one_each);
    crowd[40] = an_item(small, one_each);
    auto answers = start_all(crowd);
    await_lanes_waiting();
    db_.execute("COMMIT");
    as<LedgerBooked>(first.get());
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const BookAnswer answer = answers[i].get();
      if (i == 20) {
        EXPECT_EQ(refusal(answer), base::Code::limit_reached);
      } else if (crowd[i].wish.activity_id == small && round == 2) {
        as<app::LedgerFull>(answer);
      } else {
        as<LedgerBooked>(answer);
      }
    }
    EXPECT_EQ(number(mysql::sql("SELECT COUNT(*) FROM bookings WHERE user_id = ?", mother)), 1U);
  }
  EXPECT_EQ(active_bookings(small), 4U);
  EXPECT_EQ(seats_taken(activity), active_bookings(activity));
}

TEST_F(LedgerLanesTest, ABookingThatIsInsertedButNotDecidedHoldsUpNeitherTheFenceNorTheStation) {
  const auto activity = an_activity(10);
  const app::LedgerItem stalled = an_item(activity);
  const auto catalogue = mysql::create_catalogue_store(process().pool);
  const auto deadlocks = [&] { return db_.query("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'").front().u64(1); };
  const std::uint64_t before = deadlocks();
  as<LedgerBooked>(book(an_item(activity)));
  db_.execute("BEGIN");
  db_.query(mysql::sql("SELECT 1 FROM programme_guards WHERE programme_id = ? FOR UPDATE", programme_));
  auto answer = start_booking(stalled);
  await_lock_wait();
  const std::vector<app::ExpiredHold> holds{{{stalled.wish.id, stalled.grant}, activity}};
  const auto fenced = wait(ledger().fence(programme_, holds));
  ASSERT_TRUE(fenced.is_done());
  EXPECT_FALSE(fenced->at(0).committed);
  auto other = start_booking(other_ledger(), again(stalled));
  ASSERT_TRUE(wait(catalogue->cancel(activity, "停课", {}, {5})).is_done());
  db_.execute("COMMIT");
  EXPECT_TRUE(answer.get().is_done());
  EXPECT_TRUE(other.get().is_done());
  EXPECT_EQ(active_bookings(activity), 0U);
  EXPECT_EQ(number(mysql::sql("SELECT COUNT(*) FROM bookings WHERE id = ?", stalled.wish.id)), 0U);
  EXPECT_EQ(deadlocks(), before);
}

}  // namespace
}  // namespace zl::test
