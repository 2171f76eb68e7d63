// Capacities that go up and down beside bookings, other processes and stores that fail: the gate may be too strict for
// a while, never too generous.
#include "app/manage_catalogue.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "support/counting_random.hpp"
#include "support/engine.hpp"
#include "support/fake_catalogue.hpp"

namespace zl::app {
namespace {

using base::Code;
using test::Fate;
using test::id_of;

/// Writes activities to the engine's ledger, as MySQL promises to.
class WritableCatalogue final : public test::FakeCatalogueStore {
 public:
  WritableCatalogue(test::Engine& engine, test::LedgerModel& ledger)
      : FakeCatalogueStore(engine.trace), update_calls(engine.trace, "catalogue.update"), ledger_(ledger) {}

  Answer<domain::Activity> update_activity(const domain::Activity& activity, std::uint64_t expected_version,
                                           const Actor&) override {
    return test::serve<domain::Activity>(
        update_calls, [this, activity, expected_version] { return write(activity, expected_version); });
  }

  base::Outcome<domain::Activity> write(domain::Activity activity, std::uint64_t expected_version) {
    const domain::Activity before = ledger_.activity(activity.id).content;
    if (before.version != expected_version) return Code::version_mismatch;
    if (ledger_.taken(activity.id) > activity.capacity) return Code::invalid_state;
    if (activity.capacity < before.capacity) ledger_.fence_programme(activity.programme_id);
    activity.version = expected_version + 1;
    ledger_.put(activity);
    content.activities = {activity};
    return activity;
  }

  test::Calls update_calls;

 private:
  test::LedgerModel& ledger_;
};

class ManageCatalogueTest : public testing::Test {
 protected:
  ManageCatalogueTest() {
    engine.put(test::sample_activity(1, 10));
    engine.publish();
    store.content = engine.content;
    engine.build_gate();
    admin.role = domain::Role::town_admin;
    for (std::uint64_t child = 1; child <= 12; ++child) engine.add_child(child);
  }

  boost::asio::awaitable<base::Outcome<domain::Activity>> changing_to(int capacity) {
    domain::Activity wanted = engine.catalogue.current().activity(activity)->activity;
    wanted.capacity = capacity;
    const std::uint64_t version = wanted.version;
    return manage.update_activity(std::move(wanted), false, version, admin, test::sample_actor);
  }
  base::Outcome<domain::Activity> change_to(int capacity) { return engine.run(changing_to(capacity)); }

  /// Another process has changed the capacity, and this one has not heard of it.
  void changed_elsewhere_to(int capacity) {
    domain::Activity wanted = ledger_activity();
    wanted.capacity = capacity;
    ASSERT_TRUE(store.write(wanted, wanted.version));
    ASSERT_TRUE(engine.run(engine.keeper.rebuild(test::sample_programme_id)));
  }

  domain::Activity ledger_activity() { return engine.at_ledger(1).content; }
  int at_gate() { return engine.at_gate(1).setting.capacity; }
  bool gate_can_sell() {
    return engine.gate.model.programme(test::sample_programme_id)->epoch ==
           engine.ledger.model.epoch(test::sample_programme_id);
  }
  /// Presses for all children; how many of them hold a seat then.
  int sell_out() {
    for (std::uint64_t child = 1; child <= 12; ++child) (void)engine.run(engine.press(child, 1));
    return engine.taken(1);
  }
  std::uint64_t found_full() { return engine.booking_metrics.gate_too_generous.value(); }
  void reconcile() {
    for (int pass = 0; pass < 6; ++pass) {
      engine.clock.advance(test::mend_wait);
      engine.run(engine.reconcile.pass());
    }
  }

  FollowChanges::Parts follow_parts() {
    return {store,
            feed,
            accounts,
            engine.catalogue,
            voided,
            engine.attendees,
            engine.clock,
            engine.group,
            std::chrono::hours(24)};
  }
  ManageCatalogue::Parts manage_parts() {
    return {store,  engine.ledger,    engine.gate, engine.gate, engine.keeper,
            follow, engine.catalogue, engine.time, random};
  }

  const base::ActivityId activity = id_of<base::ActivityId>(1);
  Claims admin;
  test::Engine engine;
  WritableCatalogue store{engine, engine.ledger.model};
  test::FakeChangeFeed feed{engine.trace};
  test::FakeAccountStore accounts{engine.trace};
  VoidedTokenList voided;
  test::CountingRandom random;
  FollowChanges follow{follow_parts()};
  ManageCatalogue manage{manage_parts()};
};

TEST_F(ManageCatalogueTest, a_capacity_goes_up_and_down_in_ledger_and_gate) {
  EXPECT_EQ(change_to(12)->capacity, 12);
  EXPECT_EQ(at_gate(), 12);
  EXPECT_EQ(change_to(5)->capacity, 5);
  EXPECT_EQ(at_gate(), 5);
  EXPECT_TRUE(gate_can_sell());
  EXPECT_EQ(sell_out(), 5);
  EXPECT_EQ(found_full(), 0U);
}

TEST_F(ManageCatalogueTest, a_lower_capacity_from_an_old_picture_raises_nothing) {
  changed_elsewhere_to(5);
  EXPECT_EQ(change_to(8).refused().code, Code::version_mismatch);
  EXPECT_EQ(at_gate(), 5);
  EXPECT_TRUE(gate_can_sell());
  EXPECT_EQ(sell_out(), 5);
  EXPECT_EQ(found_full(), 0U);
}

TEST_F(ManageCatalogueTest, a_lowering_that_the_ledger_refuses_leaves_the_gate_as_it_was) {
  for (std::uint64_t child = 1; child <= 3; ++child) (void)engine.run(engine.press(child, 1));
  EXPECT_EQ(change_to(2).refused().code, Code::invalid_state);
  EXPECT_EQ(at_gate(), 10);
  EXPECT_TRUE(gate_can_sell());
}

TEST_F(ManageCatalogueTest, a_lowering_that_did_not_reach_the_ledger_is_unknown_and_costs_no_seat) {
  store.update_calls.next(Fate::request_lost);
  EXPECT_TRUE(change_to(5).is_unknown());
  EXPECT_EQ(sell_out(), 10);
}

TEST_F(ManageCatalogueTest, a_lowering_of_unknown_outcome_that_happened_is_found_by_the_reconciler) {
  store.update_calls.next(Fate::answer_lost);
  EXPECT_TRUE(change_to(5).is_unknown());
  EXPECT_FALSE(gate_can_sell());
  reconcile();
  EXPECT_EQ(at_gate(), 5);
  EXPECT_EQ(sell_out(), 5);
  EXPECT_EQ(found_full(), 0U);
}

TEST_F(ManageCatalogueTest, a_gate_that_could_not_be_told_of_fewer_seats_sells_none_of_them) {
  engine.gate.install_calls.next(Fate::request_lost);
  EXPECT_EQ(change_to(5)->capacity, 5);
  EXPECT_FALSE(gate_can_sell());
  (void)sell_out();
  EXPECT_LE(engine.taken(1), 5);
  EXPECT_EQ(found_full(), 0U);
  reconcile();
  EXPECT_EQ(at_gate(), 5);
  EXPECT_EQ(sell_out(), 5);
}

TEST_F(ManageCatalogueTest, a_grant_of_before_a_lowering_is_asked_for_again) {
  engine.ledger.book_calls.next(Fate::late);
  const auto pressed = engine.start(engine.press(1, 1));
  ASSERT_FALSE(*pressed);
  EXPECT_EQ(change_to(1)->capacity, 1);
  engine.ledger.book_calls.release();
  engine.settle();
  ASSERT_TRUE(*pressed);
  EXPECT_TRUE((*pressed)->is_done() && std::holds_alternative<Booked>(***pressed));
  EXPECT_EQ(sell_out(), 1);
  EXPECT_EQ(found_full(), 0U);
}

TEST_F(ManageCatalogueTest, a_raise_that_reaches_the_gate_after_a_later_lowering_changes_nothing) {
  engine.gate.set_capacity_calls.next(Fate::late);
  const auto raised = engine.start(changing_to(12));
  engine.run(follow.refresh_programme(test::sample_programme_id));
  EXPECT_EQ(change_to(5)->capacity, 5);
  engine.gate.set_capacity_calls.release();
  engine.settle();
  ASSERT_TRUE(*raised);
  EXPECT_EQ(at_gate(), 5);
  EXPECT_EQ(sell_out(), 5);
  EXPECT_EQ(found_full(), 0U);
}

TEST_F(ManageCatalogueTest, what_the_reconciler_read_before_a_lowering_does_not_undo_it) {
  engine.at_gate(1).setting.capacity = 9;  // a raise was lost
  engine.gate.set_capacity_calls.next(Fate::late);
  const auto pass = engine.start([](Reconcile& reconcile) -> boost::asio::awaitable<bool> {
    co_await reconcile.pass();
    co_return true;
  }(engine.reconcile));
  ASSERT_EQ(engine.gate.set_capacity_calls.waiting(), 1U);
  EXPECT_EQ(change_to(5)->capacity, 5);
  engine.gate.set_capacity_calls.release();
  engine.settle();
  ASSERT_TRUE(*pass);
  EXPECT_EQ(at_gate(), 5);
}

TEST_F(ManageCatalogueTest, a_raise_that_was_lost_is_found_by_the_reconciler) {
  engine.gate.set_capacity_calls.next(Fate::request_lost);
  EXPECT_EQ(change_to(12)->capacity, 12);
  EXPECT_EQ(at_gate(), 10);
  reconcile();
  EXPECT_EQ(at_gate(), 12);
  EXPECT_EQ(sell_out(), 12);
}

TEST_F(ManageCatalogueTest, a_change_that_was_made_with_another_picture_than_ours_builds_the_gate_anew) {
  domain::Activity wanted = engine.catalogue.current().activity(activity)->activity;
  changed_elsewhere_to(12);
  wanted.capacity = 11;  // fewer than there are, more than this process knows of
  ASSERT_TRUE(engine.run(manage.update_activity(wanted, false, ledger_activity().version, admin, test::sample_actor)));
  EXPECT_EQ(at_gate(), 11);
  EXPECT_TRUE(gate_can_sell());
}

}  // namespace
}  // namespace zl::app
