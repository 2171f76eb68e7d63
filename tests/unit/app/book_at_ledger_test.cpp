// A parent presses the button, and the gate has a seat: every way that this can go at the ledger, which fares as
// the test says.
#include <gtest/gtest.h>

#include "unit/app/book_fixture.hpp"

namespace zl::app {
namespace {

using base::Code;
using std::chrono::hours;
using test::Fate;
using test::id_of;
using Answer = base::Outcome<BookAnswer>;
using Codes = std::vector<Code>;

TEST_F(BookTest, is_unknown_where_the_ledger_does_not_answer_and_keeps_the_hold) {
  for (const Fate fate : {Fate::request_lost, Fate::answer_lost}) {
    const std::uint64_t child = fate == Fate::request_lost ? 1 : 2;
    engine.ledger.book_calls.next(fate);
    EXPECT_TRUE(press(child).is_unknown());
    EXPECT_FALSE(happened("gate.remove"));
    EXPECT_FALSE(happened("gate.confirm"));
    ASSERT_NE(engine.hold(engine.booking_id(child)), nullptr);
    EXPECT_TRUE(engine.hold(engine.booking_id(child))->pending);
  }
  const Answer lost_request = press(1);
  ASSERT_TRUE(is_booked(lost_request));
  EXPECT_FALSE(booked(lost_request).earlier);
  const Answer lost_answer = press(2);
  ASSERT_TRUE(is_booked(lost_answer));
  EXPECT_TRUE(booked(lost_answer).earlier);
  EXPECT_FALSE(engine.hold(engine.booking_id(2))->pending);
  EXPECT_EQ(engine.taken(1), 2);
  expect_sound();
}

TEST_F(BookTest, gives_the_hold_back_where_the_ledger_refuses_the_call) {
  engine.ledger.book_calls.next(Fate::refused);
  EXPECT_EQ(refused_with(press(1)), Code::unavailable);
  EXPECT_EQ(engine.gate.removed_units, std::vector{Unit::returns});
  EXPECT_EQ(engine.at_gate(1).used, 0);
  expect_sound();
}

TEST_F(BookTest, leaves_a_booking_its_seat_where_a_retry_does_not_reach_the_ledger) {
  ASSERT_TRUE(is_booked(press(1)));
  engine.ledger.find_calls.next(Fate::refused);
  engine.ledger.book_calls.next(Fate::refused);
  EXPECT_EQ(refused_with(press(1)), Code::unavailable);
  EXPECT_EQ(engine.at_gate(1).used, 1);
  ASSERT_TRUE(is_booked(press(1)));
  expect_sound();
}

TEST_F(BookTest, leaves_a_newer_grant_of_the_same_key_alone_when_it_gives_back) {
  engine.ledger.book_calls.next(Fate::refused);
  engine.gate.remove_calls.next(Fate::late);
  (void)press(1);
  ASSERT_TRUE(is_booked(press(1)));
  engine.gate.remove_calls.release();
  engine.settle();
  EXPECT_NE(engine.hold(engine.booking_id(1)), nullptr);
  EXPECT_EQ(engine.at_gate(1).used, 1);
  EXPECT_EQ(engine.taken(1), 1);
}

TEST_F(BookTest, gives_the_unit_back_where_the_ledger_refuses_for_the_rules) {
  ASSERT_TRUE(is_booked(press(1, 2)));
  set_rules({1, std::nullopt, false, 0});  // the gate has not heard of the cap yet
  const Answer answer = press(1, 1, "key-0002");
  EXPECT_EQ(codes(answer), Codes{Code::limit_reached});
  EXPECT_TRUE(domain::is_provisional(refusal(answer).violations[0])) << "gate and ledger do not agree";
  EXPECT_EQ(refusal(answer).receipt.arrival, 2U);
  EXPECT_EQ(engine.gate.removed_units, std::vector{Unit::returns});
  EXPECT_EQ(engine.at_gate(1).used, 0);
  expect_sound();
}

TEST_F(BookTest, leaves_a_hold_to_its_deadline_that_an_earlier_call_may_still_commit) {
  ASSERT_TRUE(is_booked(press(1, 2, "key-0002")));
  engine.ledger.book_calls.next(Fate::request_lost);
  (void)press(1, 1);
  set_rules({1, std::nullopt, false, 0});
  EXPECT_EQ(codes(press(1, 1)), Codes{Code::limit_reached});
  EXPECT_NE(engine.hold(engine.booking_id(1)), nullptr);
  EXPECT_TRUE(engine.gate.removed_units.empty());
  expect_sound();
}

TEST_F(BookTest, keeps_the_unit_used_where_the_ledger_is_full) {
  ASSERT_TRUE(is_booked(press(1)));
  engine.at_ledger(1).content.capacity = 1;
  const Answer answer = press(2);
  EXPECT_EQ(codes(answer), Codes{Code::sold_out});
  EXPECT_EQ(engine.gate.removed_units, std::vector{Unit::stays});
  EXPECT_EQ(engine.at_gate(1).used, 2);
  EXPECT_EQ(engine.at_gate(1).spare, 1);
  EXPECT_EQ(engine.hold(engine.booking_id(2)), nullptr);
  EXPECT_EQ(engine.booking_metrics.gate_too_generous.value(), 1U);
  expect_sound();
}

TEST_F(BookTest, is_closed_where_the_ledger_takes_no_bookings_any_more) {
  engine.at_ledger(1).open = false;
  EXPECT_EQ(codes(press(1)), Codes{Code::closed});
  EXPECT_EQ(engine.gate.removed_units, std::vector{Unit::returns});
  EXPECT_EQ(engine.at_gate(1).used, 0);
}

TEST_F(BookTest, asks_the_gate_once_more_when_its_grant_was_fenced) {
  engine.at_ledger(1).fence = domain::GrantNumber::of(1, 1);
  const Answer answer = press(1);
  ASSERT_TRUE(is_booked(answer));
  EXPECT_EQ(engine.trace, (test::Trace{"people.facts", "ledger.place", "gate.book", "ledger.book", "ledger.place",
                                       "gate.book", "ledger.book", "gate.confirm"}));
  EXPECT_EQ(booked(answer).booking.receipt.arrival, 1U);
  EXPECT_EQ(engine.booking_metrics.fenced.value(), 1U);
  EXPECT_EQ(engine.at_gate(1).used, 1);
}

TEST_F(BookTest, has_the_gate_built_anew_when_it_was_fenced_twice) {
  engine.clock.advance(hours(1));
  engine.at_ledger(1).fence = domain::GrantNumber::of(1, 1000);
  EXPECT_EQ(refused_with(press(1)), Code::unavailable);
  EXPECT_EQ(engine.ledger.book_calls.count(), 2);
  EXPECT_TRUE(happened("gate.install"));
  EXPECT_TRUE(is_booked(press(1)));
  expect_sound();
}

TEST_F(BookTest, tells_what_the_gate_says_the_second_time) {
  engine.at_ledger(1).fence = domain::GrantNumber::of(1, 1);
  engine.ledger.book_calls.next(Fate::late);
  const auto first = engine.start(engine.press(1, 1));
  // Meanwhile the reconciler returned the fenced hold, and others took the seats.
  (void)engine.run(engine.gate.remove(test::sample_programme_id, id_of<base::ActivityId>(1),
                                      {{engine.booking_id(1), domain::GrantNumber::of(1, 1)}}, Unit::returns));
  ASSERT_TRUE(is_booked(press(2)));
  ASSERT_TRUE(is_booked(press(3)));
  engine.ledger.book_calls.release();
  engine.settle();
  ASSERT_TRUE(*first);
  EXPECT_EQ(codes(**first), Codes{Code::sold_out});
  expect_sound();
}

TEST_F(BookTest, is_overloaded_where_a_fenced_grant_finds_no_second_place) {
  engine.at_ledger(1).fence = domain::GrantNumber::of(1, 1);
  engine.ledger.place_calls.next(Fate::served);
  engine.ledger.place_calls.next(Fate::refused);
  EXPECT_EQ(refused_with(press(1)), Code::overloaded);
  EXPECT_TRUE(is_booked(press(1)));
}

TEST_F(BookTest, a_key_that_has_booked_spoils_nobody_elses_commit) {
  ASSERT_TRUE(is_booked(press(1)));
  engine.trace.clear();
  const Answer again = press(1);
  ASSERT_TRUE(is_booked(again));
  EXPECT_TRUE(booked(again).earlier);
  EXPECT_EQ(booked(again).booking.id, engine.booking_id(1));
  EXPECT_TRUE(happened("ledger.find"));
  EXPECT_FALSE(happened("ledger.book"));
  EXPECT_EQ(engine.at_gate(1).used, 1);
  ASSERT_NE(engine.hold(engine.booking_id(1)), nullptr);
  EXPECT_FALSE(engine.hold(engine.booking_id(1))->pending);
}

TEST_F(BookTest, a_key_that_has_booked_is_told_so_by_the_commit_where_it_cannot_be_looked_for) {
  ASSERT_TRUE(is_booked(press(1)));
  engine.ledger.find_calls.next(Fate::refused);
  const Answer again = press(1);
  ASSERT_TRUE(is_booked(again));
  EXPECT_TRUE(booked(again).earlier);
  EXPECT_TRUE(happened("ledger.book"));
}

TEST_F(BookTest, tells_that_the_same_key_booked_before_and_was_cancelled) {
  ASSERT_TRUE(is_booked(press(1)));
  (void)engine.ledger.model.cancel(engine.booking_id(1), engine.clock.wall_now());
  const Answer again = press(1);
  ASSERT_TRUE(is_booked(again));
  EXPECT_TRUE(booked(again).earlier);
  EXPECT_EQ(booked(again).booking.state, domain::BookingState::cancelled);
  EXPECT_EQ(engine.at_gate(1).used, 0) << "the hold of a cancelled booking is returned";
  EXPECT_EQ(engine.hold(engine.booking_id(1)), nullptr);
  ASSERT_TRUE(is_booked(press(1, 1, "key-0002"))) << "booking again needs a new key";
}

TEST_F(BookTest, refuses_a_key_that_only_the_ledger_remembers_for_another_booking) {
  ASSERT_TRUE(is_booked(press(1, 1)));
  (void)engine.gate.model.remove_cancelled(test::sample_programme_id, id_of<base::ActivityId>(1), engine.booking_id(1));
  EXPECT_EQ(refused_with(press(1, 2)), Code::idempotency_conflict);
  EXPECT_EQ(engine.at_gate(2).used, 0) << "the unit goes back";
}

TEST_F(BookTest, sells_no_seat_twice_when_two_press_for_the_last_one) {
  ASSERT_TRUE(is_booked(press(1)));
  engine.ledger.book_calls.next(Fate::late);
  engine.gate.holders_calls.next(Fate::refused);  // so that the gate is asked, not memory
  const auto second = engine.start(engine.press(2, 1));
  const Answer third = press(3);
  EXPECT_EQ(codes(third), Codes{Code::sold_out});
  EXPECT_TRUE(domain::is_provisional(refusal(third).violations.back()));
  engine.ledger.book_calls.release();
  engine.settle();
  EXPECT_TRUE(is_booked(**second));
  EXPECT_EQ(engine.taken(1), 2);
  expect_sound();
}

}  // namespace
}  // namespace zl::app
