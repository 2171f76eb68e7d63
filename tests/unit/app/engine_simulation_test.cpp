// The engine under faults, by fixed seeds: calls and answers get lost or come late, Redis forgets, clients retry and
// cancel. At every step nothing is oversold; once the faults stop, every seat that nobody holds is bookable again.
#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <random>
#include <set>

#include "support/engine.hpp"

namespace zl::app {
namespace {

using base::Milliseconds;
using test::Fate;
using test::id_of;
using Answer = base::Outcome<BookAnswer>;

constexpr std::uint64_t children = 8;
constexpr int steps = 200;
const std::vector<int> capacities{2, 3, 1};

class EngineSimulation : public testing::TestWithParam<std::uint64_t> {
 protected:
  EngineSimulation() {
    domain::Programme programme = test::sample_programme();
    programme.rules = {2, 2, false, 24};
    engine.put(programme);
    for (std::uint64_t i = 0; i < capacities.size(); ++i) engine.put(test::sample_activity(i + 1, capacities[i]));
    engine.publish();
    engine.build_gate();
    for (std::uint64_t child = 1; child <= 2 * children; ++child) engine.add_child(child);
  }

  std::uint64_t pick(std::uint64_t from, std::uint64_t to) {
    return std::uniform_int_distribution<std::uint64_t>(from, to)(random);
  }

  void break_something() {
    const std::vector<test::Calls*> may_be_late{&engine.gate.book_calls, &engine.ledger.book_calls};
    const std::vector<test::Calls*> others{&engine.gate.confirm_calls,          &engine.gate.remove_calls,
                                           &engine.gate.remove_cancelled_calls, &engine.gate.install_calls,
                                           &engine.ledger.fence_calls,          &engine.ledger.image_calls,
                                           &engine.ledger.cancel_calls,         &engine.ledger.find_calls};
    const std::uint64_t which = pick(0, 2 * others.size() - 1);
    if (which < others.size()) {
      others[which]->next(pick(0, 1) == 1 ? Fate::request_lost : Fate::answer_lost);
    } else {
      const std::vector<Fate> fates{Fate::refused, Fate::request_lost, Fate::answer_lost, Fate::late,
                                    Fate::late_answer};
      may_be_late[which % 2]->next(fates[pick(0, fates.size() - 1)]);
    }
  }

  void press_any() {
    const std::uint64_t child = pick(1, children);
    const std::string key = "key-000" + std::to_string(pick(1, 3));
    pressed.push_back({engine.booking_id(child, key), engine.start(engine.press(child, pick(1, 3), key))});
  }

  void cancel_any() {
    const std::uint64_t user = pick(1, children);
    const auto id = engine.booking_id(user, "key-000" + std::to_string(pick(1, 3)));
    (void)engine.start(engine.cancel(id_of<base::UserId>(user), id, test::sample_actor));
  }

  void release_late() {
    engine.gate.book_calls.release();
    engine.ledger.book_calls.release();
    engine.settle();
  }

  void step() {
    const std::uint64_t kind = pick(1, 100);
    if (kind <= 20) return break_something();
    if (kind <= 62) return press_any();
    if (kind <= 70) return cancel_any();
    if (kind <= 78) return release_late();
    if (kind <= 90) return engine.clock.advance(Milliseconds(pick(1, 4000)));
    if (kind <= 98) return engine.run(engine.reconcile.pass());
    engine.gate.model.lose();
  }

  /// A client that was told of a booking finds it in the ledger, for ever.
  void collect_answers() {
    std::erase_if(pressed, [this](const Pressed& press) {
      if (!*press.answer) return false;
      const Answer& answer = **press.answer;
      if (answer && std::holds_alternative<Booked>(*answer)) told.insert(press.id);
      return true;
    });
    for (const base::BookingId& id : told) ASSERT_NE(engine.ledger.model.find(id), nullptr) << id.hex();
  }

  void heal() {
    for (test::Calls* calls : {&engine.gate.book_calls, &engine.gate.confirm_calls, &engine.gate.remove_calls,
                               &engine.gate.remove_cancelled_calls, &engine.gate.install_calls,
                               &engine.ledger.book_calls, &engine.ledger.fence_calls, &engine.ledger.image_calls,
                               &engine.ledger.cancel_calls, &engine.ledger.find_calls}) {
      calls->forget_fates();
    }
    release_late();
    engine.clock.advance(test::hold_ttl);
    for (int i = 0; i < 6; ++i) {
      engine.run(engine.reconcile.pass());
      engine.clock.advance(test::mend_wait);
    }
    engine.settle();
  }

  struct Pressed {
    base::BookingId id;
    test::Eventual<Answer> answer;
  };

  std::mt19937_64 random{GetParam()};
  std::list<Pressed> pressed;
  std::set<base::BookingId> told;
  test::Engine engine;
};

TEST_P(EngineSimulation, never_oversells_and_loses_no_seat) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  for (int i = 0; i < steps; ++i) {
    step();
    ASSERT_EQ(engine.ledger.model.fault(), "") << "step " << i;
    ASSERT_EQ(engine.gate.model.fault(), "") << "step " << i;
    ASSERT_EQ(engine.booking_metrics.gate_too_generous.value(), 0U) << "step " << i;
    collect_answers();
    if (HasFatalFailure()) return;
  }

  heal();
  collect_answers();
  EXPECT_TRUE(pressed.empty()) << "everybody has been answered";
  EXPECT_EQ(engine.ledger.places.value(), 0U);
  for (std::uint64_t activity = 1; activity <= capacities.size(); ++activity) {
    EXPECT_EQ(engine.at_gate(activity).used, engine.taken(activity)) << activity;
    EXPECT_EQ(engine.at_gate(activity).spare, 0) << activity;
    for (std::uint64_t child = children + 1; child <= 2 * children; ++child) {
      (void)engine.run(engine.press(child, activity, "key-after" + std::to_string(activity)));
    }
    EXPECT_EQ(engine.taken(activity), capacities[activity - 1]) << "every free seat can be booked again";
  }
  EXPECT_EQ(engine.ledger.model.fault(), "");
}

INSTANTIATE_TEST_SUITE_P(Seeds, EngineSimulation, testing::Range<std::uint64_t>(1, 201));

}  // namespace
}  // namespace zl::app
