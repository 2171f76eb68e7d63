// Seats that the gate gave to somebody who no longer waits: given back, unless the same wish came again.
#include "app/late_grants.hpp"

#include <gtest/gtest.h>

#include "support/engine.hpp"

namespace zl::app {
namespace {

class ReturnLateGrantsTest : public testing::Test {
 protected:
  ReturnLateGrantsTest() {
    engine.put(test::sample_activity(1, 10));
    engine.put(test::sample_activity(2, 10));
    engine.publish();
    engine.build_gate();
  }

  /// At the gate, without anybody who waits for it.
  LateGrant grant(std::uint64_t booking, std::uint64_t activity) {
    const auto wish = test::sample_wish(booking, activity, booking);
    const auto decision = engine.gate.model.book(wish, 0, engine.clock.wall_now());
    return {wish, std::get<Granted>(*decision).grant};
  }
  void tell(std::vector<LateGrant> grants, base::Milliseconds patience) {
    late_grants.emplace(engine.gate, engine.group, counted, patience);
    late_grants->on_late_grants(std::move(grants));
    engine.settle();
  }
  int used(std::uint64_t activity) { return engine.at_gate(activity).used; }

  test::Engine engine;
  runtime::Counter& counted = engine.metrics.counter("late_grants", "-");
  std::optional<ReturnLateGrants> late_grants;
};

TEST_F(ReturnLateGrantsTest, gives_each_seat_back_where_it_came_from) {
  tell({grant(1, 1), grant(2, 2), grant(3, 1)}, base::Milliseconds(0));
  EXPECT_EQ(used(1), 0);
  EXPECT_EQ(used(2), 0);
  EXPECT_EQ(engine.gate.remove_calls.count(), 2) << "one for each activity";
  EXPECT_EQ(counted.value(), 3U);
}

TEST_F(ReturnLateGrantsTest, leaves_the_seat_to_whoever_came_again_with_the_same_wish) {
  const LateGrant late = grant(1, 1);
  grant(1, 1);
  tell({late}, base::Milliseconds(0));
  EXPECT_EQ(used(1), 1);
}

TEST_F(ReturnLateGrantsTest, gives_its_caller_time_to_come_again) {
  tell({grant(1, 1)}, std::chrono::hours(1));
  EXPECT_EQ(used(1), 1);
  engine.group.stop();
  engine.settle();
  EXPECT_EQ(used(1), 1) << "the deadline ends it, not a shutdown";
}

}  // namespace
}  // namespace zl::app
