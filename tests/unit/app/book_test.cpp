// A parent presses the button: who may, and every way that this can go at the writers' queue and the gate, which
// fare as the test says.
#include <gtest/gtest.h>

#include "unit/app/book_fixture.hpp"

namespace zl::app {
namespace {

using base::Code;
using std::chrono::hours;
using test::Fate;
using test::id_of;
using test::opening;
using Answer = base::Outcome<BookAnswer>;
using Codes = std::vector<Code>;

TEST_F(BookTest, gives_a_seat_and_a_receipt) {
  const Answer answer = press(1);
  ASSERT_TRUE(is_booked(answer));
  const domain::Booking& booking = booked(answer).booking;
  EXPECT_FALSE(booked(answer).earlier);
  EXPECT_EQ(booking.id, engine.booking_id(1));
  EXPECT_EQ(booking.state, domain::BookingState::confirmed);
  EXPECT_EQ(booking.activity_id, id_of<base::ActivityId>(1));
  EXPECT_EQ(booking.attendee_id, id_of<base::AttendeeId>(1));
  EXPECT_EQ(booking.user_id, id_of<base::UserId>(1));
  EXPECT_EQ(booking.receipt.arrival, 1U);
  EXPECT_EQ(booking.receipt.decided_at, engine.clock.wall_now());
  EXPECT_EQ(booking.receipt.opens_at, opening);
  EXPECT_EQ(booking.receipt.remaining, 1);
  EXPECT_EQ(engine.booking_metrics.granted.value(), 1U);
}

TEST_F(BookTest, takes_a_place_then_asks_the_gate_then_the_ledger_then_confirms) {
  ASSERT_TRUE(is_booked(press(1)));
  EXPECT_EQ(engine.trace, (test::Trace{"people.facts", "ledger.place", "gate.book", "ledger.book", "gate.confirm"}));
  ASSERT_NE(engine.hold(engine.booking_id(1)), nullptr);
  EXPECT_FALSE(engine.hold(engine.booking_id(1))->pending);
}

TEST_F(BookTest, gives_its_place_back_whatever_comes_of_it) {
  engine.ledger.book_calls.next(Fate::request_lost);
  (void)press(1);
  engine.gate.book_calls.next(Fate::request_lost);
  (void)press(2);
  (void)press(3);
  (void)press(4);
  (void)press(5);
  EXPECT_EQ(engine.ledger.places.value(), 0U);
}

TEST_F(BookTest, finds_no_unknown_activities_drafts_and_attendees) {
  domain::Activity draft = test::sample_activity(3, 10);
  draft.publication = domain::Publication::draft;
  engine.put(draft);
  engine.publish();
  EXPECT_EQ(refused_with(press(1, 3)), Code::not_found);
  EXPECT_EQ(refused_with(press(1, 99)), Code::not_found);
  EXPECT_EQ(refused_with(press(99, 1)), Code::not_found);
  EXPECT_FALSE(happened("gate.book"));
}

TEST_F(BookTest, tells_again_of_a_booking_in_an_activity_that_this_process_knows_nothing_of_yet) {
  ASSERT_TRUE(is_booked(press(1, 1)));
  domain::Activity draft = test::sample_activity(1, 10);
  draft.publication = domain::Publication::draft;
  engine.put(draft);
  engine.publish();
  engine.trace.clear();
  const Answer again = press(1, 1);
  ASSERT_TRUE(is_booked(again));
  EXPECT_TRUE(std::get<Booked>(*again).earlier);
  EXPECT_EQ(refused_with(press(1, 1, "key-0002")), Code::not_found);
  EXPECT_EQ(refused_with(engine.run(engine.book(id_of<base::UserId>(1), id_of<base::ActivityId>(1),
                                                id_of<base::AttendeeId>(2), "key-0001", test::sample_actor))),
            Code::idempotency_conflict);
  EXPECT_FALSE(happened("gate.book"));
}

TEST_F(BookTest, finds_no_child_of_somebody_else) {
  const auto as_stranger = [&] {
    return engine.run(engine.book(id_of<base::UserId>(2), id_of<base::ActivityId>(1), id_of<base::AttendeeId>(1),
                                  "key-0001", test::sample_actor));
  };
  EXPECT_EQ(refused_with(as_stranger()), Code::not_found);
  engine.add_child(1, {2});
  EXPECT_TRUE(is_booked(as_stranger())) << "the guardianship is newer than the cache, so the store is asked";
}

TEST_F(BookTest, asks_for_the_facts_of_a_child_once) {
  (void)press(1, 1);
  (void)press(1, 2, "key-0002");
  EXPECT_EQ(engine.people.facts_calls.count(), 1);
}

TEST_F(BookTest, says_that_facts_cannot_be_read) {
  engine.people.facts_calls.next(Fate::refused);
  EXPECT_EQ(refused_with(press(1)), Code::unavailable);
  engine.people.facts_calls.next(Fate::request_lost);
  EXPECT_TRUE(press(1).is_unknown());
  EXPECT_TRUE(is_booked(press(1)));
}

// The writers' queue.

class BookWithOnePlaceTest : public BookTest {
 protected:
  BookWithOnePlaceTest() : BookTest(1) {}
};

TEST_F(BookWithOnePlaceTest, is_overloaded_before_the_gate_is_asked) {
  engine.ledger.book_calls.next(Fate::late);
  const auto first = engine.start(engine.press(1, 1));
  ASSERT_FALSE(*first);
  engine.trace.clear();
  const Answer second = press(2);
  EXPECT_EQ(refused_with(second), Code::overloaded);
  EXPECT_GT(second.refused().retry_after_s, 0);
  EXPECT_FALSE(happened("gate.book"));

  engine.ledger.book_calls.release();
  engine.settle();
  ASSERT_TRUE(*first);
  EXPECT_TRUE(is_booked(**first));
  EXPECT_TRUE(is_booked(press(2)));
}

// The gate.

TEST_F(BookTest, is_unavailable_where_the_gate_does_not_answer) {
  for (const Fate fate : {Fate::request_lost, Fate::answer_lost, Fate::refused}) {
    engine.gate.book_calls.next(fate);
    EXPECT_EQ(refused_with(press(1)), Code::unavailable);
    EXPECT_FALSE(happened("ledger.book"));
  }
  const Answer retry = press(1);
  ASSERT_TRUE(is_booked(retry)) << "the stranded hold is taken up by the same key";
  EXPECT_FALSE(booked(retry).earlier);
  EXPECT_EQ(booked(retry).booking.receipt.arrival, 1U) << "the receipt of the first decision";
  expect_sound();
}

TEST_F(BookTest, names_every_rule_that_the_gate_knows) {
  set_rules({1, 1, false, 0});
  engine.build_gate();
  ASSERT_TRUE(is_booked(press(1, 2)));
  const Answer answer = press(1, 1, "key-0002");
  EXPECT_EQ(codes(answer), (Codes{Code::limit_reached, Code::limit_reached}));
  EXPECT_EQ(refusal(answer).receipt.arrival, 2U);
  EXPECT_FALSE(domain::is_provisional(refusal(answer).violations[0]));
  EXPECT_EQ(engine.ledger.book_calls.count(), 1);
}

TEST_F(BookTest, says_provisional_where_a_refusal_rests_on_an_uncommitted_hold) {
  engine.ledger.book_calls.next(Fate::late);
  const auto first = engine.start(engine.press(1, 1));
  const Answer second = press(1, 1, "key-0002");
  ASSERT_EQ(codes(second), Codes{Code::already_booked});
  EXPECT_TRUE(domain::is_provisional(refusal(second).violations[0]));
  engine.ledger.book_calls.release();
  engine.settle();
  EXPECT_FALSE(domain::is_provisional(refusal(press(1, 1, "key-0002")).violations[0]));
}

TEST_F(BookTest, refuses_a_key_that_was_used_for_another_booking) {
  ASSERT_TRUE(is_booked(press(1, 1)));
  EXPECT_EQ(refused_with(press(1, 2)), Code::idempotency_conflict);
  EXPECT_EQ(engine.taken(2), 0);
  expect_sound();
}

TEST_F(BookTest, has_a_lost_gate_built_and_asks_again) {
  ASSERT_TRUE(is_booked(press(1)));
  engine.clock.advance(hours(1));
  engine.gate.model.lose();
  engine.trace.clear();
  ASSERT_TRUE(is_booked(press(2)));
  EXPECT_EQ(engine.trace, (test::Trace{"people.facts", "ledger.place", "gate.book", "ledger.rebuild_image",
                                       "gate.install", "gate.book", "gate.holders", "ledger.book", "gate.confirm"}));
  EXPECT_EQ(engine.at_gate(1).used, 2);
  EXPECT_EQ(codes(press(3)), Codes{Code::sold_out});
  expect_sound();
}

TEST_F(BookTest, is_unavailable_where_the_gate_is_lost_again) {
  engine.clock.advance(hours(1));
  engine.gate.model.lose();
  engine.gate.install_calls.next(Fate::request_lost);
  EXPECT_EQ(refused_with(press(1)), Code::unavailable);
  engine.ledger.image_calls.next(Fate::request_lost);
  EXPECT_FALSE(press(1).is_done());
  EXPECT_FALSE(happened("ledger.book"));
  EXPECT_TRUE(is_booked(press(1)));
}

TEST_F(BookTest, asks_a_lost_gate_no_more_than_twice) {
  engine.gate.model.lose();
  // Built less than a second ago, so nobody builds it again: only the second asking can tell.
  EXPECT_EQ(refused_with(press(1)), Code::unavailable);
  EXPECT_EQ(engine.gate.book_calls.count(), 2);
}

TEST_F(BookTest, takes_an_older_gate_than_it_has_seen_for_lost) {
  (void)press(1);
  (void)press(2);
  EXPECT_EQ(engine.gate.min_epochs, (std::vector<std::uint64_t>{0, 1}));
}

}  // namespace
}  // namespace zl::app
