// How late a loop is: a timer's lateness, while it is awaited and afterwards.
#include "runtime/loop_lag.hpp"

#include <gtest/gtest.h>

#include "runtime/loops.hpp"
#include "runtime/run_on.hpp"
#include "runtime/system_clock.hpp"

namespace zl::runtime {
namespace {

using std::chrono::milliseconds;

constexpr base::SteadyTime start{std::chrono::hours(1)};

TEST(Lateness, is_none_before_the_first_timer) {
  EXPECT_EQ(Lateness().now(start), milliseconds(0));
}

TEST(Lateness, grows_while_a_timer_is_overdue) {
  Lateness lateness;
  lateness.expect(start + milliseconds(20));
  EXPECT_EQ(lateness.now(start + milliseconds(10)), milliseconds(0));
  EXPECT_EQ(lateness.now(start + milliseconds(20)), milliseconds(0));
  EXPECT_EQ(lateness.now(start + milliseconds(170)), milliseconds(150));
}

TEST(Lateness, stays_what_it_was_until_the_next_timer_fires) {
  Lateness lateness;
  lateness.expect(start + milliseconds(20));
  lateness.came(start + milliseconds(170));
  EXPECT_EQ(lateness.now(start + milliseconds(170)), milliseconds(150));
  lateness.expect(start + milliseconds(190));
  EXPECT_EQ(lateness.now(start + milliseconds(180)), milliseconds(150));
  lateness.came(start + milliseconds(191));
  EXPECT_EQ(lateness.now(start + milliseconds(400)), milliseconds(1));
}

TEST(LoopLag, tells_a_loop_that_was_held_up) {
  const SystemClock clock;
  LoopLag lag(1, milliseconds(1000), clock);
  Loops loops(1);
  TaskGroup group(loops.executor(0));
  group.spawn(lag.watch(0, group), "lag");
  bool before = true;
  bool held_up = false;
  // The first task runs before the loop turns: the timer is armed, and not yet due.
  const auto hold_up = [&] {
    before = lag.is_late(clock.steady_now());
    const base::SteadyTime until = clock.steady_now() + milliseconds(1500);
    while (clock.steady_now() < until) {
    }
    held_up = lag.is_late(clock.steady_now());
  };
  auto held = start_on(loops, 0, as_task(hold_up));
  loops.start();
  held.get();
  EXPECT_FALSE(before);
  EXPECT_TRUE(held_up);
  group.stop();
  EXPECT_TRUE(run_on(loops, 0, group.join(std::chrono::seconds(30))));
}

}  // namespace
}  // namespace zl::runtime
