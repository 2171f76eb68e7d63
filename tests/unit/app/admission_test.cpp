// Who is turned away, and who comes first when they come again.
#include "app/admission.hpp"

#include <gtest/gtest.h>

#include "unit/app/book_fixture.hpp"

namespace zl::app {
namespace {

using base::Code;
using std::chrono::milliseconds;
using test::Fate;
using test::id_of;
using Turns = std::vector<Turn>;

constexpr base::SteadyTime start{std::chrono::hours(1)};

base::BookingId random_id(std::uint64_t number) {
  base::BookingId id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    id.bytes[i] = static_cast<std::uint8_t>(number * 0x9E3779B97F4A7C15U >> (i % 8 * 8));
  }
  return id;
}

TEST(TurnedAway, knows_nobody_at_first) {
  const TurnedAway away(16);
  EXPECT_FALSE(away.has_waited(random_id(1), start));
}

TEST(TurnedAway, lets_wait_for_a_second_and_forgets_after_a_minute) {
  TurnedAway away(1024);
  away.add(random_id(1), start);
  EXPECT_FALSE(away.has_waited(random_id(1), start));
  EXPECT_FALSE(away.has_waited(random_id(1), start + milliseconds(899)));
  EXPECT_TRUE(away.has_waited(random_id(1), start + milliseconds(900)));
  EXPECT_TRUE(away.has_waited(random_id(1), start + milliseconds(59'999)));
  EXPECT_FALSE(away.has_waited(random_id(1), start + milliseconds(60'000)));
  EXPECT_FALSE(away.has_waited(random_id(2), start + milliseconds(900)));
}

TEST(TurnedAway, keeps_the_first_moment_of_who_hammers) {
  TurnedAway away(1024);
  for (int ms = 0; ms < 1000; ms += 10) away.add(random_id(1), start + milliseconds(ms));
  EXPECT_TRUE(away.has_waited(random_id(1), start + milliseconds(900)));
  away.add(random_id(1), start + milliseconds(60'000));
  EXPECT_FALSE(away.has_waited(random_id(1), start + milliseconds(60'001))) << "a new wait has begun";
}

TEST(TurnedAway, takes_nobody_for_another_where_they_share_a_slot) {
  TurnedAway away(1);
  away.add(random_id(1), start);
  away.add(random_id(2), start);
  EXPECT_TRUE(away.has_waited(random_id(2), start + milliseconds(1000)));
  EXPECT_FALSE(away.has_waited(random_id(1), start + milliseconds(1000)));
}

/// Everybody's facts are in memory, so that presses are decided without waiting.
class AdmissionTest : public BookTest {
 protected:
  explicit AdmissionTest(std::size_t place_limit = 100) : BookTest(place_limit) {
    for (std::uint64_t child = 1; child <= 5; ++child) (void)press(child, 2, "key-0000");
    engine.trace.clear();
    engine.ledger.turns.clear();
  }

  base::Outcome<BookAnswer> begin(std::uint64_t child, std::uint64_t activity = 1) {
    auto begun = engine.book.begin(id_of<base::UserId>(child), id_of<base::ActivityId>(activity),
                                   id_of<base::AttendeeId>(child), "key-0001");
    if (auto* told = std::get_if<base::Outcome<BookAnswer>>(&begun)) return std::move(*told);
    return base::Unknown{"underway"};
  }

  std::uint64_t turned_away(const char* where) {
    return engine.metrics.counter("turned_away", "-", {{"where", where}}).value();
  }
};

TEST_F(AdmissionTest, refuses_at_once_and_asks_nobody_where_the_loop_is_late) {
  engine.loop_is_late = true;
  const auto answer = begin(1);
  EXPECT_EQ(refused_with(answer), Code::overloaded);
  EXPECT_GT(answer.refused().retry_after_s, 0);
  EXPECT_TRUE(engine.trace.empty());
  EXPECT_EQ(turned_away("loop"), 1U);
  EXPECT_EQ(engine.booking_metrics.refused[static_cast<std::size_t>(Code::overloaded)]->value(), 1U);
  engine.loop_is_late = false;
  EXPECT_TRUE(is_booked(press(1)));
}

TEST_F(AdmissionTest, refuses_at_once_and_asks_nobody_where_the_gate_is_late) {
  engine.gate.late = true;
  EXPECT_EQ(refused_with(begin(1)), Code::overloaded);
  EXPECT_TRUE(engine.trace.empty());
  EXPECT_EQ(turned_away("gate"), 1U);
  engine.gate.late = false;
  EXPECT_TRUE(is_booked(press(1)));
}

TEST_F(AdmissionTest, tells_what_memory_knows_however_late_everything_is) {
  ASSERT_TRUE(is_booked(press(1)));
  ASSERT_TRUE(is_booked(press(2)));
  engine.clock.advance(provisional_pause);
  (void)press(3);
  engine.loop_is_late = true;
  engine.gate.late = true;
  EXPECT_EQ(codes(begin(4)), std::vector<Code>{Code::sold_out});
}

TEST_F(AdmissionTest, takes_the_place_once) {
  ASSERT_TRUE(is_booked(press(1)));
  EXPECT_EQ(engine.ledger.turns, Turns{Turn::first});
}

TEST_F(AdmissionTest, gives_the_place_back_where_the_second_step_never_comes) {
  EXPECT_TRUE(begin(1).is_unknown());
  EXPECT_EQ(engine.ledger.places.value(), 0U);
}

TEST_F(AdmissionTest, asks_for_the_kept_places_for_those_only_who_were_turned_away_and_waited) {
  engine.ledger.place_calls.next(Fate::refused);
  EXPECT_EQ(refused_with(begin(1)), Code::overloaded);
  EXPECT_EQ(turned_away("ledger"), 1U);
  engine.ledger.place_calls.next(Fate::refused);
  EXPECT_EQ(refused_with(begin(1)), Code::overloaded) << "too soon";
  EXPECT_EQ(engine.ledger.turns, (Turns{Turn::first, Turn::first}));

  engine.clock.advance(milliseconds(1000));
  engine.ledger.turns.clear();
  engine.ledger.place_calls.next(Fate::refused);
  EXPECT_TRUE(is_booked(press(1)));
  EXPECT_EQ(engine.ledger.turns, (Turns{Turn::first, Turn::again}));
  engine.ledger.place_calls.next(Fate::refused);
  EXPECT_EQ(refused_with(begin(2)), Code::overloaded) << "comes for the first time";
  expect_sound();
}

}  // namespace
}  // namespace zl::app
