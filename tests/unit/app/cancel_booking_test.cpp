#include "app/cancel_booking.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/engine.hpp"

namespace zl::app {
namespace {

using base::Code;
using std::chrono::hours;
using test::Fate;
using test::id_of;

class CancelBookingTest : public testing::Test {
 protected:
  CancelBookingTest() {
    domain::Programme programme = test::sample_programme();
    programme.rules.cancel_hours = 24;
    engine.put(programme);
    engine.put(test::sample_activity(1, 2));
    engine.publish();
    engine.build_gate();
    for (std::uint64_t child = 1; child <= 2; ++child) {
      engine.add_child(child);
      if (!engine.run(engine.press(child, 1))) ADD_FAILURE() << "not booked";
    }
    engine.trace.clear();
  }

  base::Outcome<domain::Booking> cancel(std::uint64_t user, const base::BookingId& id) {
    return engine.run(engine.cancel(id_of<base::UserId>(user), id, test::sample_actor));
  }
  base::Outcome<domain::Booking> cancel(std::uint64_t user) { return cancel(user, engine.booking_id(user)); }

  void set_time(base::Instant now) {
    engine.set_time(now);
    EXPECT_TRUE(engine.run(engine.time.synchronise(engine.gate)));
  }

  test::Engine engine;
};

TEST_F(CancelBookingTest, gives_the_seat_back_in_the_ledger_first) {
  const auto cancelled = cancel(1);
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->state, domain::BookingState::cancelled);
  EXPECT_EQ(cancelled->cancelled_at, engine.clock.wall_now());
  EXPECT_EQ(engine.trace, (test::Trace{"ledger.find", "ledger.cancel", "gate.remove_cancelled"}));
  EXPECT_EQ(engine.taken(1), 1);
  EXPECT_EQ(engine.at_gate(1).used, 1);
}

TEST_F(CancelBookingTest, gives_the_seat_back_though_the_gate_does_not_hear_of_it_the_first_times) {
  for (int lost = 0; lost < 3; ++lost) engine.gate.remove_cancelled_calls.next(Fate::request_lost);
  ASSERT_TRUE(cancel(1));
  EXPECT_EQ(engine.at_gate(1).used, 2);
  engine.loop.restart();
  engine.loop.run_for(std::chrono::minutes(1));  // ends with the last task
  EXPECT_EQ(engine.at_gate(1).used, 1);
  EXPECT_EQ(engine.gate.remove_cancelled_calls.count(), 4);
}

TEST_F(CancelBookingTest, of_an_activity_that_this_process_knows_nothing_of_yet_is_to_be_tried_again) {
  engine.catalogue.update([](const Catalogue&) { return Catalogue(); });
  const auto answer = cancel(1);
  ASSERT_TRUE(answer.is_refused());
  EXPECT_EQ(answer.refused().code, Code::unavailable);
  EXPECT_EQ(engine.taken(1), 2);
}

TEST_F(CancelBookingTest, is_done_when_done_again) {
  ASSERT_TRUE(cancel(1));
  const auto again = cancel(1);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->state, domain::BookingState::cancelled);
  EXPECT_EQ(engine.at_gate(1).used, 1) << "one seat comes back, not two";
}

TEST_F(CancelBookingTest, finds_no_unknown_and_no_other_peoples_bookings) {
  for (const auto& answer : {cancel(1, id_of<base::BookingId>(99)), cancel(2, engine.booking_id(1))}) {
    ASSERT_TRUE(answer.is_refused());
    EXPECT_EQ(answer.refused().code, Code::not_found);
  }
  EXPECT_EQ(engine.taken(1), 2);
}

TEST_F(CancelBookingTest, ends_at_the_deadline) {
  const base::Instant until = test::sample_activity(1, 2).first_start() - hours(24);
  set_time(until);
  const auto late = cancel(1);
  ASSERT_TRUE(late.is_refused());
  EXPECT_EQ(late.refused().code, Code::closed);
  EXPECT_EQ(engine.taken(1), 2);
  set_time(until - base::Milliseconds(1));
  EXPECT_TRUE(cancel(1));
}

TEST_F(CancelBookingTest, of_a_cancelled_booking_is_told_after_the_deadline_too) {
  ASSERT_TRUE(cancel(1));
  set_time(test::sample_activity(1, 2).first_start());
  EXPECT_TRUE(cancel(1));
}

TEST_F(CancelBookingTest, leaves_the_gate_alone_where_the_ledger_did_not_cancel) {
  engine.ledger.cancel_calls.next(Fate::refused);
  EXPECT_TRUE(cancel(1).is_refused());
  engine.ledger.cancel_calls.next(Fate::request_lost);
  EXPECT_TRUE(cancel(1).is_unknown());
  engine.ledger.find_calls.next(Fate::request_lost);
  EXPECT_TRUE(cancel(1).is_unknown());
  EXPECT_EQ(engine.at_gate(1).used, 2);
  EXPECT_EQ(engine.gate.remove_cancelled_calls.count(), 0);
}

TEST_F(CancelBookingTest, whose_answer_was_lost_is_told_by_a_retry) {
  engine.ledger.cancel_calls.next(Fate::answer_lost);
  EXPECT_TRUE(cancel(1).is_unknown());
  EXPECT_EQ(engine.taken(1), 1);
  EXPECT_EQ(engine.at_gate(1).used, 2) << "too strict, never too generous";
  const auto retry = cancel(1);
  ASSERT_TRUE(retry);
  EXPECT_EQ(retry->state, domain::BookingState::cancelled);
}

}  // namespace
}  // namespace zl::app
