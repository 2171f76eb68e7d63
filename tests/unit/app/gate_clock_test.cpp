#include "app/gate_clock.hpp"

#include <gtest/gtest.h>

#include "support/engine.hpp"

namespace zl::app {
namespace {

using std::chrono::milliseconds;
using test::Fate;
using test::opening;

/// The gate's time is the engine's; this host's clock is another one, with a wall time of its own.
class GateClockTest : public testing::Test {
 protected:
  GateClockTest() { host.set_wall({12'345}); }

  /// One question, whose answer the gate gives at once and the network brings after `delay`.
  bool synchronise(milliseconds delay = milliseconds(0)) {
    engine.gate.time_calls.next(Fate::late_answer);
    const auto result = engine.start(time.synchronise(engine.gate));
    host.advance(delay);
    engine.gate.time_calls.release();
    engine.settle();
    return result->value();
  }

  test::Engine engine;
  test::ManualClock host;
  GateClock time{host};
};

TEST_F(GateClockTest, is_the_wall_clock_until_the_first_answer) {
  EXPECT_FALSE(time.synchronised());
  EXPECT_EQ(time.now(), base::Instant{12'345});
  engine.gate.time_calls.next(Fate::request_lost);
  EXPECT_FALSE(engine.run(time.synchronise(engine.gate)));
  EXPECT_FALSE(time.synchronised());
}

TEST_F(GateClockTest, is_the_gates_time_carried_forward_by_steady_time) {
  engine.set_time(opening);
  EXPECT_TRUE(synchronise());
  EXPECT_TRUE(time.synchronised());
  EXPECT_EQ(time.now(), opening);
  host.advance(milliseconds(1500));
  EXPECT_EQ(time.now(), opening + milliseconds(1500));
  host.set_wall({0});
  EXPECT_EQ(time.now(), opening + milliseconds(1500)) << "a step of the host's wall clock changes nothing";
}

TEST_F(GateClockTest, takes_the_answer_for_the_middle_of_the_round_trip) {
  engine.set_time(opening);
  EXPECT_TRUE(synchronise(milliseconds(100)));
  EXPECT_EQ(time.now(), opening + milliseconds(50));
}

TEST_F(GateClockTest, throws_answers_away_that_took_longer_than_the_margin) {
  engine.set_time(opening);
  EXPECT_TRUE(synchronise(clock_margin));
  const base::Instant known = time.now();
  engine.set_time(opening + std::chrono::hours(1));
  EXPECT_FALSE(synchronise(clock_margin + milliseconds(1)));
  EXPECT_EQ(time.now(), known + clock_margin + milliseconds(1));
}

TEST_F(GateClockTest, asks_until_the_group_stops) {
  runtime::TaskGroup group(engine.loop.get_executor());
  engine.set_time(opening);
  group.spawn(time.keep(engine.gate, group), "clock");
  engine.settle();
  EXPECT_TRUE(time.synchronised());
  EXPECT_EQ(group.running(), 1U);
  group.stop();
  engine.settle();
  EXPECT_EQ(group.running(), 0U);
}

}  // namespace
}  // namespace zl::app
