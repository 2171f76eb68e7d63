// Group commits that are decided by what their writer remembers and go to MariaDB as one packet: what is not as
// remembered is never committed.
#include "ledger_harness.hpp"
#include "mysql_cutter.hpp"
#include "store/mysql/batch_start.hpp"

namespace zl::test {
namespace {

using app::LedgerBooked;

class LedgerRecallTest : public LedgerTest {
 protected:
  std::uint64_t reads() { return db_.query("SHOW GLOBAL STATUS LIKE 'Com_select'").front().u64(1); }

  /// Books until the writer goes by what it remembers; gives the number of bookings.
  int learn(const base::ActivityId& activity, const domain::Rules& rules) {
    for (int booked = 1; booked < 10; ++booked) {
      const std::uint64_t before = reads();
      as<LedgerBooked>(book(an_item(activity, rules)));
      if (reads() == before) return booked;
    }
    throw std::runtime_error("the writer reads before each commit");
  }

  void expect_read(const std::function<void()>& act) {
    const std::uint64_t before = reads();
    act();
    EXPECT_GT(reads(), before);
  }

  void hold_guard() {
    db_.execute("BEGIN");
    db_.query(mysql::sql("SELECT 1 FROM programme_guards WHERE programme_id = ? FOR UPDATE", programme_));
  }
  void await_two_lock_waits() {
    eventually(
        [&] { return db_.query("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'").front().u64(1) == 2; });
  }
  /// As many as begin a batch beside another, with `first` the first of them; the others are of different people. Made
  /// before anything is held up: it takes time, and what is queued meanwhile may wait for too long.
  std::vector<app::LedgerItem> a_crowd(app::LedgerItem first, const base::ActivityId& activity) {
    std::vector<app::LedgerItem> items{std::move(first)};
    while (items.size() < mysql::overlap_items) items.push_back(an_item(activity, one_each_));
    return items;
  }
  /// One booking and a crowd, each of them somebody else's.
  void book_in_two_lanes(const base::ActivityId& activity) {
    as<LedgerBooked>(book(an_item(activity, one_each_)));  // there is a guard
    const app::LedgerItem held_up = an_item(activity, one_each_);
    const std::vector<app::LedgerItem> crowd = a_crowd(an_item(activity, one_each_), activity);
    hold_guard();
    auto first = start_booking(held_up);
    await_lock_wait();
    auto answers = start_all(crowd);
    await_two_lock_waits();
    db_.execute("COMMIT");
    as<LedgerBooked>(first.get());
    for (auto& answer : answers) as<LedgerBooked>(answer.get());
  }

  const domain::Rules one_each_{std::nullopt, 1, false, 0};
};

TEST_F(LedgerRecallTest, WhatIsRememberedIsNotReadAgain) {
  for (const domain::Rules& rules : {domain::Rules{}, one_each_}) {
    const auto activity = an_activity(100);
    const int learnt = learn(activity, rules);
    for (int i = 0; i < 5; ++i) {
      const app::LedgerItem item = an_item(activity, rules);
      const std::uint64_t before = reads();
      EXPECT_FALSE(as<LedgerBooked>(book(item)).earlier);
      EXPECT_EQ(reads(), before);
      EXPECT_EQ(audit_entries(item.wish.id), 1U);
    }
    EXPECT_EQ(seats_taken(activity), static_cast<std::uint64_t>(learnt) + 5);
    EXPECT_EQ(active_bookings(activity), static_cast<std::uint64_t>(learnt) + 5);
  }
}

TEST_F(LedgerRecallTest, WhatAnotherProcessBookedIsNotOverlooked) {
  const auto activity = an_activity(100);
  const auto other_activity = an_activity(100);
  learn(activity, one_each_);
  const auto mother = a_user();
  as<LedgerBooked>(
      start_booking(other_ledger(), an_item(other_activity, an_attendee(), mother, {one_each_, {}})).get());
  expect_read([&] {
    EXPECT_EQ(refusal(book(an_item(activity, an_attendee(), mother, {one_each_, {}}))), base::Code::limit_reached);
  });
  as<LedgerBooked>(book(an_item(activity, one_each_)));
  learn(activity, one_each_);
}

TEST_F(LedgerRecallTest, WhatAnotherProcessBookedWithoutRulesCountsToo) {
  const auto activity = an_activity(100);
  learn(activity, one_each_);
  const auto mother = a_user();
  for (int i = 0; i < 3; ++i) as<LedgerBooked>(start_booking(other_ledger(), an_item(activity)).get());
  as<LedgerBooked>(start_booking(other_ledger(), an_item(activity, an_attendee(), mother)).get());
  EXPECT_EQ(refusal(book(an_item(activity, an_attendee(), mother, {one_each_, {}}))), base::Code::limit_reached);
}

TEST_F(LedgerRecallTest, OneAttendeeIsBookedOnceAndACapHolds) {
  const auto activity = an_activity(100);
  const auto other_activity = an_activity(100);
  learn(activity, one_each_);
  learn(other_activity, one_each_);
  const app::LedgerItem item = an_item(activity, one_each_);
  as<LedgerBooked>(book(item));
  const auto by_the_same = an_item(other_activity, an_attendee(), item.wish.user_id, {one_each_, {}});
  EXPECT_EQ(refusal(book(by_the_same)), base::Code::limit_reached);
  learn(activity, one_each_);
  EXPECT_TRUE(as<LedgerBooked>(book(again(item))).earlier);
  learn(activity, one_each_);
  const auto for_the_same = an_item(activity, item.wish.attendee_id, a_user(), {one_each_, {}});
  EXPECT_EQ(refusal(book(for_the_same)), base::Code::already_booked);
  ASSERT_TRUE(wait(ledger().cancel(item.wish.id, programme_, {}, {5})).is_done());
  as<LedgerBooked>(book(by_the_same));
}

TEST_F(LedgerRecallTest, AFullAFencedAndAClosedActivityIsToldAsWhatItIs) {
  const auto activity = an_activity(10);
  const auto learnt = static_cast<std::uint64_t>(learn(activity, one_each_));
  const auto set = [&](const char* statement, std::uint64_t value) {
    db_.execute(mysql::sql(statement, value, activity));
  };
  set("UPDATE activity_seats SET capacity = ? WHERE activity_id = ?", learnt);
  as<app::LedgerFull>(book(an_item(activity, one_each_)));
  set("UPDATE activity_seats SET capacity = ? WHERE activity_id = ?", 100);
  learn(activity, one_each_);
  const app::LedgerItem fenced = an_item(activity, one_each_);
  set("UPDATE activity_seats SET fence = ? WHERE activity_id = ?", fenced.grant.value);
  as<app::LedgerFenced>(book(fenced));
  as<LedgerBooked>(book(an_item(activity, one_each_)));
  learn(activity, one_each_);
  set("UPDATE activity_seats SET open = ? WHERE activity_id = ?", 0);
  as<app::LedgerClosed>(book(an_item(activity, one_each_)));
  EXPECT_EQ(seats_taken(activity), active_bookings(activity));
}

TEST_F(LedgerRecallTest, TheSameMotherInTwoLanesGetsWhatHerCapAllows) {
  const auto activity = an_activity(1000);
  const auto other_activity = an_activity(1000);
  book_in_two_lanes(activity);  // so that both lanes have sessions
  learn(activity, one_each_);
  learn(other_activity, one_each_);
  const auto mother = a_user();
  const app::LedgerItem held_up = an_item(activity, an_attendee(), mother, {one_each_, {}});
  const std::vector<app::LedgerItem> items =
      a_crowd(an_item(other_activity, an_attendee(), mother, {one_each_, {}}), activity);
  hold_guard();
  auto first = start_booking(held_up);
  await_lock_wait();
  auto crowd = start_all(items);
  await_two_lock_waits();
  db_.execute("COMMIT");
  // Whoever came to the guard first; the other one is told so.
  std::size_t booked = 0;
  std::size_t refused = 0;
  const auto count = [&](const BookAnswer& answer) {
    if (std::holds_alternative<LedgerBooked>(answer.value())) return ++booked;
    EXPECT_EQ(refusal(answer), base::Code::limit_reached);
    return ++refused;
  };
  count(first.get());
  for (auto& answer : crowd) count(answer.get());
  EXPECT_EQ(booked, mysql::overlap_items);
  EXPECT_EQ(refused, 1U);
  EXPECT_EQ(number(mysql::sql("SELECT COUNT(*) FROM bookings WHERE user_id = ?", mother)), 1U);
  EXPECT_EQ(seats_taken(activity), active_bookings(activity));
}

TEST_F(LedgerRecallTest, WhatWasDecidedBeforehandDoesNotPassOnceTheSameMotherCameFirst) {
  const auto activity = an_activity(1000);
  const auto other_activity = an_activity(1000);
  book_in_two_lanes(activity);
  learn(activity, one_each_);
  learn(other_activity, one_each_);
  const auto mother = a_user();
  const app::LedgerItem held_up = an_item(activity, an_attendee(), mother, {one_each_, {}});
  const std::vector<app::LedgerItem> items =
      a_crowd(an_item(other_activity, an_attendee(), mother, {one_each_, {}}), activity);
  // Its row waits for its attendee's, before it comes to the guard.
  db_.execute("BEGIN");
  db_.query(mysql::sql("SELECT 1 FROM attendees FORCE INDEX (attendees_living) WHERE id = ? AND living = 1 FOR UPDATE",
                       held_up.wish.attendee_id));
  auto first = start_booking(held_up);
  await_lock_wait();
  auto crowd = start_all(items);
  for (auto& answer : crowd) as<LedgerBooked>(answer.get());
  db_.execute("COMMIT");
  EXPECT_EQ(refusal(first.get()), base::Code::limit_reached);
  EXPECT_EQ(seats_taken(activity), active_bookings(activity));
}

TEST_F(LedgerRecallTest, DifferentPeopleInTwoLanesAreNotReadAgain) {
  config_.connection.idle_timeout_s = 3600;
  const auto activity = an_activity(1000);
  // First so that both lanes have sessions: what is remembered goes with each new one.
  book_in_two_lanes(activity);
  learn(activity, one_each_);
  const std::uint64_t before = reads();
  book_in_two_lanes(activity);
  as<LedgerBooked>(book(an_item(activity, one_each_)));
  EXPECT_EQ(reads(), before + 1) << "that of this test alone";
  EXPECT_EQ(seats_taken(activity), active_bookings(activity));
}

TEST_F(LedgerRecallTest, ACommitWithoutAnAnswerIsFollowedUp) {
  const std::string path = (stores().folder() / "recall.sock").string();
  ::unlink(path.c_str());
  MysqlCutter cutter(stores().mysql_socket(), path);
  config_.connection.address = "unix://" + path;
  const auto activity = an_activity(100);
  for (const Cut cut : {Cut::before, Cut::after, Cut::stall}) {
    learn(activity, one_each_);
    const app::LedgerItem item = an_item(activity, one_each_);
    cutter.cut_next(cut);
    EXPECT_FALSE(as<LedgerBooked>(book(item)).earlier) << "it is this call's own booking";
    EXPECT_EQ(number(mysql::sql("SELECT COUNT(*) FROM bookings WHERE id = ?", item.wish.id)), 1U);
    EXPECT_EQ(seats_taken(activity), active_bookings(activity));
    EXPECT_EQ(refusal(book(an_item(activity, an_attendee(), item.wish.user_id, {one_each_, {}}))),
              base::Code::limit_reached);
  }
  EXPECT_EQ(cutter.cuts(), 3);
}

}  // namespace
}  // namespace zl::test
