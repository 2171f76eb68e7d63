#include "app/gate_keeper.hpp"

#include <gtest/gtest.h>

#include "support/engine.hpp"

namespace zl::app {
namespace {

using base::Code;
using base::Milliseconds;
using test::Fate;

class GateKeeperTest : public testing::Test {
 protected:
  GateKeeperTest() {
    engine.put(test::sample_activity(1, 2));
    engine.publish();
  }

  auto mend() { return engine.keeper.mend(test::sample_programme_id, test::mend_wait); }
  std::uint64_t epoch() { return engine.gate.model.programme(test::sample_programme_id)->epoch; }

  test::Engine engine;
};

TEST_F(GateKeeperTest, builds_a_gate_from_the_ledger_behind_a_fence) {
  engine.add_child(1);
  engine.build_gate();
  ASSERT_TRUE(engine.run(engine.press(1, 1)));
  engine.gate.model.lose();
  engine.clock.advance(Milliseconds(1001));

  ASSERT_TRUE(engine.run(mend()));
  EXPECT_EQ(epoch(), 2U);
  EXPECT_EQ(engine.at_gate(1).used, 1);
  EXPECT_FALSE(engine.hold(engine.booking_id(1))->pending);
  EXPECT_EQ(engine.at_ledger(1).fence, domain::GrantNumber::of(2, 0));
}

TEST_F(GateKeeperTest, builds_once_for_all_who_find_it_lost) {
  engine.ledger.image_calls.next(Fate::late);
  const auto first = engine.start(mend());
  const auto second = engine.start(mend());
  EXPECT_FALSE(*first || *second);
  engine.ledger.image_calls.release();
  engine.settle();
  ASSERT_TRUE(*first && *second);
  EXPECT_TRUE((*first)->is_done() && (*second)->is_done());
  EXPECT_EQ(engine.ledger.image_calls.count(), 1);
}

TEST_F(GateKeeperTest, tells_all_who_waited_that_it_could_not_be_built) {
  engine.ledger.image_calls.next(Fate::late);
  engine.gate.install_calls.next(Fate::request_lost);
  const auto first = engine.start(mend());
  const auto second = engine.start(mend());
  engine.ledger.image_calls.release();
  engine.settle();
  for (const auto& answer : {first, second}) {
    ASSERT_TRUE(*answer && (*answer)->is_refused());
    EXPECT_EQ((*answer)->refused().code, Code::unavailable);
  }
  EXPECT_TRUE(engine.run(mend())) << "the next one may try again at once";
}

TEST_F(GateKeeperTest, takes_a_gate_of_the_last_second_for_good) {
  ASSERT_TRUE(engine.run(mend()));
  engine.clock.advance(Milliseconds(999));
  ASSERT_TRUE(engine.run(mend()));
  EXPECT_EQ(epoch(), 1U);
  engine.clock.advance(Milliseconds(1));
  ASSERT_TRUE(engine.run(mend()));
  EXPECT_EQ(epoch(), 2U);
}

TEST_F(GateKeeperTest, always_builds_when_told_to_rebuild) {
  ASSERT_TRUE(engine.run(mend()));
  ASSERT_TRUE(engine.run(engine.keeper.rebuild(test::sample_programme_id)));
  EXPECT_EQ(epoch(), 2U);
}

TEST_F(GateKeeperTest, is_content_with_a_newer_gate_than_its_own) {
  ASSERT_TRUE(engine.run(mend()));
  engine.gate.model.programme(test::sample_programme_id)->epoch = 50;  // another process was faster
  EXPECT_TRUE(engine.run(engine.keeper.rebuild(test::sample_programme_id)));
  EXPECT_EQ(epoch(), 50U);
}

TEST_F(GateKeeperTest, passes_on_why_there_is_no_image) {
  engine.ledger.image_calls.next(Fate::request_lost);
  EXPECT_TRUE(engine.run(mend()).is_unknown());
  const auto nothing = engine.run(engine.keeper.mend(test::id_of<base::ProgrammeId>(9), test::mend_wait));
  ASSERT_TRUE(nothing.is_refused());
  EXPECT_EQ(nothing.refused().code, Code::not_found);
  EXPECT_EQ(engine.gate.install_calls.count(), 0);
}

}  // namespace
}  // namespace zl::app
