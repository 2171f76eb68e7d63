#include "app/verify_gates.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

#include "support/engine.hpp"

namespace zl::app {
namespace {

using base::Milliseconds;
using test::Fate;
using test::id_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Sleeps take no time; between two looks the test may do something.
class Between final : public runtime::Sleeper {
 public:
  asio::awaitable<void> sleep_for(Milliseconds duration) override {
    slept += duration;
    if (step) step();
    co_return;
  }

  std::function<void()> step;
  Milliseconds slept{0};
};

/// Activities 1 and 2 with three seats each; two bookings of the first.
class VerifyGatesTest : public testing::Test {
 protected:
  VerifyGatesTest() {
    engine.put(test::sample_activity(1, 3));
    engine.put(test::sample_activity(2, 3));
    engine.publish();
    engine.build_gate();
    for (std::uint64_t child = 1; child <= 2; ++child) {
      engine.add_child(child);
      const auto answer = engine.run(engine.press(child, 1));
      EXPECT_TRUE(answer && std::holds_alternative<Booked>(*answer));
    }
  }

  base::Outcome<CheckReport> look(Milliseconds patience = std::chrono::seconds(3)) {
    return engine.run(verify_gates(
        engine.gate, engine.ledger,
        {{test::sample_programme_id, {id_of<base::ActivityId>(1), id_of<base::ActivityId>(2)}}}, between, patience));
  }
  std::vector<std::string> faults() { return look().value().faults; }
  test::GateModel::Programme& at_gate() { return *engine.gate.model.programme(test::sample_programme_id); }

  test::Engine engine;
  Between between;
};

TEST_F(VerifyGatesTest, what_agrees_is_clean_at_one_look) {
  const CheckReport report = look().value();
  EXPECT_THAT(report.faults, IsEmpty());
  EXPECT_EQ(report.counted,
            "1 programmes, 2 activities, 2 holders; 0 of them pending, 0 gates not built, 0 to be rebuilt");
  EXPECT_EQ(between.slept, Milliseconds(0));
}

TEST_F(VerifyGatesTest, a_booking_that_the_gate_does_not_know_is_a_fault) {
  const auto gone = at_gate().holds.front().wish.id;
  std::erase_if(at_gate().holds, [&](const auto& hold) { return hold.wish.id == gone; });
  engine.at_gate(1).used = 1;
  EXPECT_THAT(faults(),
              ElementsAre(HasSubstr("booking " + gone.hex() + " is active in the ledger, and not in the gate")));
  EXPECT_EQ(between.slept, Milliseconds(3000));
}

TEST_F(VerifyGatesTest, a_seat_that_nobody_has_booked_is_a_fault_unless_it_is_pending) {
  test::GateModel::Hold ghost = at_gate().holds.front();
  ghost.wish.id = id_of<base::BookingId>(77);
  at_gate().holds.push_back(ghost);
  engine.at_gate(1).used = 3;
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("booking " + ghost.wish.id.hex() + " holds a seat in the gate")));
  at_gate().holds.back().pending = true;
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_THAT(look().value().counted, HasSubstr("1 of them pending"));
}

TEST_F(VerifyGatesTest, a_count_that_no_holders_explain_is_a_fault) {
  engine.at_gate(1).used = 1;
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("the gate counts 1 seats as used, and knows of 2 holders")));
}

TEST_F(VerifyGatesTest, a_capacity_that_is_not_the_ledgers_is_a_fault) {
  engine.at_gate(2).setting.capacity = 30;
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("the gate has a capacity of 30, the ledger of 3")));
}

TEST_F(VerifyGatesTest, a_gate_that_is_ahead_of_its_ledger_is_a_fault) {
  at_gate().epoch = 9;
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("the gate is of epoch 9, and the ledger has only come to 1")));
}

TEST_F(VerifyGatesTest, gates_that_are_to_be_built_are_no_faults) {
  at_gate().epoch = 0;
  at_gate().holds.clear();
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_THAT(look().value().counted, HasSubstr("1 to be rebuilt"));
  engine.gate.model.lose();
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_THAT(look().value().counted, HasSubstr("1 gates not built"));
}

TEST_F(VerifyGatesTest, what_heals_within_the_patience_is_no_fault) {
  engine.at_gate(1).used = 1;
  between.step = [this] {
    if (between.slept == Milliseconds(2000)) engine.at_gate(1).used = 2;
  };
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_EQ(between.slept, Milliseconds(2000));
}

TEST_F(VerifyGatesTest, differences_of_ever_other_bookings_are_no_fault) {
  const auto show = [this](std::uint64_t booking) {
    auto& hold = at_gate().holds.back();
    hold.wish.id = id_of<base::BookingId>(booking);
    hold.pending = false;
  };
  at_gate().holds.push_back(at_gate().holds.front());
  engine.at_gate(1).used = 3;
  show(70);
  between.step = [&] { show(71 + static_cast<std::uint64_t>(between.slept.count())); };
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_F(VerifyGatesTest, at_least_two_looks_are_needed_for_a_fault) {
  engine.at_gate(1).used = 1;
  between.step = [this] { engine.at_gate(1).used = 2; };
  EXPECT_THAT(look(Milliseconds(0)).value().faults, IsEmpty());
}

TEST_F(VerifyGatesTest, a_store_that_does_not_answer_is_not_a_clean_one) {
  engine.gate.seats_calls.next(Fate::answer_lost);
  EXPECT_FALSE(look().is_done());
  engine.ledger.active_calls.next(Fate::request_lost);
  EXPECT_FALSE(look().is_done());
}

}  // namespace
}  // namespace zl::app
