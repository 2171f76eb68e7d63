// A parent presses the button: what is answered from memory, and what never is.
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/app/book_fixture.hpp"

namespace zl::app {
namespace {

using base::Code;
using std::chrono::hours;
using std::chrono::milliseconds;
using test::Fate;
using test::id_of;
using test::opening;
using Answer = base::Outcome<BookAnswer>;
using Codes = std::vector<Code>;

TEST_F(BookTest, is_refused_before_the_opening_without_a_store) {
  engine.set_time(opening - milliseconds(251));
  (void)engine.run(engine.time.synchronise(engine.gate));
  const Answer answer = press(1);
  EXPECT_EQ(codes(answer), Codes{Code::not_open});
  EXPECT_FALSE(happened("gate.book") || happened("ledger.find") || happened("ledger.place"));
  EXPECT_EQ(refusal(answer).receipt.arrival, std::nullopt);
  EXPECT_EQ(refusal(answer).receipt.decided_at, opening - milliseconds(251));
  EXPECT_EQ(refusal(answer).receipt.opens_at, opening);
}

TEST_F(BookTest, leaves_the_last_quarter_second_before_and_after_a_boundary_to_the_gate) {
  struct Case {
    base::Instant now;
    Codes expected;
  };
  const base::Instant closing = test::sample_programme().closes_at;
  std::uint64_t child = 1;
  for (const Case& c :
       {Case{opening - milliseconds(250), {Code::not_open}}, Case{opening - milliseconds(1), {Code::not_open}},
        Case{opening + milliseconds(249), {}}, Case{closing - milliseconds(250), {}}, Case{closing, {Code::closed}},
        Case{closing + milliseconds(249), {Code::closed}}}) {
    engine.trace.clear();
    engine.set_time(c.now);
    (void)engine.run(engine.time.synchronise(engine.gate));
    const Answer answer = press(child++, 2);
    if (child > 5) child = 1;
    EXPECT_EQ(codes(answer), c.expected) << (c.now - opening).count();
    EXPECT_TRUE(happened("gate.book")) << (c.now - opening).count();
  }
}

TEST_F(BookTest, leaves_time_to_the_gate_until_the_clock_is_known) {
  app::GateClock unknown(engine.clock);
  Book book({engine.gate, engine.ledger, engine.admission, engine.people, engine.keeper, engine.seats, engine.attendees,
             engine.catalogue, unknown, engine.ids, engine.clock, engine.group, engine.booking_metrics, 480});
  engine.set_time(opening - hours(1));
  const Answer answer = engine.run(book(id_of<base::UserId>(1), id_of<base::ActivityId>(1), id_of<base::AttendeeId>(1),
                                        "key-0001", test::sample_actor));
  EXPECT_EQ(codes(answer), Codes{Code::not_open});
  EXPECT_TRUE(happened("gate.book"));
}

TEST_F(BookTest, names_every_rule_that_memory_knows) {
  engine.people.known[id_of<base::AttendeeId>(1)].birth_date = *base::parse_date("2026-01-01");
  engine.set_time(opening - hours(1));
  (void)engine.run(engine.time.synchronise(engine.gate));
  const Answer answer = press(1);
  EXPECT_EQ(codes(answer), (Codes{Code::not_open, Code::ineligible}));
  EXPECT_FALSE(happened("gate.book"));
}

TEST_F(BookTest, reads_the_age_again_before_it_refuses_for_it) {
  engine.people.known[id_of<base::AttendeeId>(1)].birth_date = *base::parse_date("2026-01-01");
  EXPECT_EQ(codes(press(1)), Codes{Code::ineligible});
  engine.add_child(1);
  EXPECT_TRUE(is_booked(press(1)));
}

TEST_F(BookTest, tells_of_an_earlier_booking_before_it_refuses_for_the_age) {
  ASSERT_TRUE(is_booked(press(1)));
  domain::Activity older = test::sample_activity(1, 2);
  older.age_min = 11;
  older.version = 2;
  engine.put(older);
  engine.publish();
  const Answer again = press(1);
  ASSERT_TRUE(is_booked(again));
  EXPECT_TRUE(booked(again).earlier);
  EXPECT_EQ(codes(press(2)), Codes{Code::ineligible});
}

TEST_F(BookTest, asks_the_ledger_before_it_says_closed) {
  ASSERT_TRUE(is_booked(press(1)));
  engine.set_time(test::sample_programme().closes_at + hours(1));
  (void)engine.run(engine.time.synchronise(engine.gate));
  const Answer again = press(1);
  ASSERT_TRUE(is_booked(again));
  EXPECT_TRUE(booked(again).earlier);

  EXPECT_EQ(refused_with(press(1, 2)), Code::idempotency_conflict) << "the same key for another activity";
  engine.trace.clear();
  EXPECT_EQ(codes(press(2)), Codes{Code::closed});
  EXPECT_TRUE(happened("ledger.find"));
  EXPECT_FALSE(happened("gate.book"));
}

TEST_F(BookTest, does_not_say_closed_where_the_ledger_does_not_answer) {
  engine.set_time(test::sample_programme().closes_at + hours(1));
  (void)engine.run(engine.time.synchronise(engine.gate));
  engine.ledger.find_calls.next(Fate::request_lost);
  EXPECT_TRUE(press(1).is_unknown());
  engine.ledger.find_calls.next(Fate::refused);
  EXPECT_EQ(refused_with(press(1)), Code::unavailable);
}

TEST_F(BookTest, is_closed_for_a_cancelled_activity) {
  domain::Activity cancelled = test::sample_activity(1, 2);
  cancelled.publication = domain::Publication::cancelled;
  cancelled.version = 2;
  engine.put(cancelled);
  engine.publish();
  EXPECT_EQ(codes(press(1)), Codes{Code::closed});
  EXPECT_FALSE(happened("gate.book"));
}

TEST_F(BookTest, refuses_from_memory_what_is_known_to_be_sold_out) {
  (void)press(1);
  (void)press(2);
  engine.clock.advance(provisional_pause);
  (void)press(3);
  engine.trace.clear();
  const Answer answer = press(4);
  EXPECT_EQ(codes(answer), Codes{Code::sold_out});
  EXPECT_FALSE(happened("gate.book"));
  EXPECT_EQ(std::get<domain::SoldOut>(refusal(answer).violations[0]).sold_out_at,
            engine.clock.wall_now() - provisional_pause);
  EXPECT_EQ(refusal(answer).receipt.remaining, 0);
}

TEST_F(BookTest, answers_in_its_first_step_only_what_needs_no_store) {
  const auto begin = [this](std::uint64_t child) {
    return engine.book.begin(id_of<base::UserId>(child), id_of<base::ActivityId>(1), id_of<base::AttendeeId>(child),
                             "key-0001");
  };
  EXPECT_EQ(begin(1).index(), 1U) << "nobody knows the child yet";
  for (std::uint64_t child = 1; child <= 4; ++child) {
    (void)press(child);
    if (child == 2) engine.clock.advance(provisional_pause);
  }
  engine.trace.clear();
  EXPECT_EQ(begin(1).index(), 1U) << "a holder is the gate's to answer";
  EXPECT_EQ(begin(5).index(), 1U) << "nobody knows the child yet";
  const auto told = begin(4);
  ASSERT_EQ(told.index(), 0U);
  EXPECT_EQ(codes(std::get<0>(told)), Codes{Code::sold_out});
  EXPECT_EQ(engine.trace, test::Trace{"ledger.place"}) << "the holder's";
}

TEST_F(BookTest, never_refuses_a_holder_from_memory) {
  (void)press(1);
  (void)press(2);
  (void)press(3);
  engine.trace.clear();
  const Answer same_key = press(1);
  ASSERT_TRUE(is_booked(same_key));
  EXPECT_TRUE(booked(same_key).earlier);
  EXPECT_EQ(codes(press(2, 1, "key-0002")), (Codes{Code::already_booked, Code::sold_out}));
  EXPECT_EQ(std::ranges::count(engine.trace, "gate.book"), 2);
}

TEST_F(BookTest, asks_the_gate_when_a_sold_out_mark_has_lapsed) {
  (void)press(1);
  (void)press(2);
  engine.clock.advance(milliseconds(1001));
  engine.trace.clear();
  EXPECT_EQ(codes(press(4)), Codes{Code::sold_out});
  EXPECT_TRUE(happened("gate.book"));
}

TEST_F(BookTest, never_says_sold_out_before_the_moment_of_the_last_seat) {
  (void)press(1);
  (void)press(2);
  const base::Instant last_seat = engine.clock.wall_now();
  engine.clock.advance(provisional_pause);
  (void)press(3);
  engine.set_time(last_seat - milliseconds(100));  // the estimate of the gate's clock jumped back
  (void)engine.run(engine.time.synchronise(engine.gate));
  const Answer answer = press(4);
  ASSERT_EQ(codes(answer), Codes{Code::sold_out});
  EXPECT_EQ(refusal(answer).receipt.decided_at, last_seat);
}

/// See SeatState: others may say for a second more that there is none.
TEST_F(BookTest, tells_of_a_seat_that_came_back_when_old_knowledge_has_lapsed) {
  engine.at_gate(1).back_since = milliseconds(0);
  const auto answer = engine.start(engine.press(1, 1));
  EXPECT_FALSE(*answer);
  EXPECT_EQ(engine.taken(1), 1);
  EXPECT_TRUE(happened("gate.confirm"));
  EXPECT_EQ(engine.ledger.places.value(), 0U) << "nobody waits for a place meanwhile";
  engine.group.stop();
  engine.settle();
  ASSERT_TRUE(*answer);
  EXPECT_TRUE(is_booked(**answer)) << "who shuts down tells at once";
}

TEST_F(BookTest, tells_at_once_of_a_seat_that_came_back_long_ago) {
  engine.at_gate(1).back_since = sold_out_lapse + milliseconds(10);
  EXPECT_TRUE(is_booked(press(1)));
}

}  // namespace
}  // namespace zl::app
