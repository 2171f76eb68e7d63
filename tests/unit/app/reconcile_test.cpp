#include "app/reconcile.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/engine.hpp"

namespace zl::app {
namespace {

using base::Milliseconds;
using std::chrono::hours;
using test::Fate;
using test::id_of;

Holder holder(std::uint64_t booking, bool pending = false, std::uint64_t arrival = 1) {
  return {id_of<base::BookingId>(booking), id_of<base::AttendeeId>(booking), domain::GrantNumber::of(1, arrival),
          pending};
}

GateBooking committed(std::uint64_t booking) {
  return {id_of<base::BookingId>(booking), id_of<base::ActivityId>(1), id_of<base::AttendeeId>(booking),
          id_of<base::UserId>(booking)};
}

template <class Items>
std::vector<base::BookingId> ids_of(const Items& items) {
  std::vector<base::BookingId> ids;
  ids.reserve(items.size());
  for (const auto& item : items) ids.push_back(item.id);
  std::ranges::sort(ids);
  return ids;
}

using Ids = std::vector<base::BookingId>;

TEST(Compare, finds_nothing_where_the_ids_agree) {
  const Differences found = compare({holder(1), holder(2)}, {committed(2), committed(1)});
  EXPECT_TRUE(found.missing_in_gate.empty());
  EXPECT_TRUE(found.missing_in_ledger.empty());
  EXPECT_TRUE(found.unconfirmed.empty());
}

TEST(Compare, tells_every_kind_of_difference_by_id) {
  const Differences found =
      compare({holder(1), holder(2, true), holder(3, true), holder(4)}, {committed(1), committed(2), committed(5)});
  EXPECT_EQ(ids_of(found.missing_in_gate), Ids{id_of<base::BookingId>(5)});
  EXPECT_EQ(ids_of(found.missing_in_ledger), Ids{id_of<base::BookingId>(4)});
  EXPECT_EQ(ids_of(found.unconfirmed), Ids{id_of<base::BookingId>(2)});
}

TEST(Compare, leaves_holds_alone_that_the_ledger_has_not_answered_for) {
  EXPECT_TRUE(compare({holder(3, true)}, {}).missing_in_ledger.empty());
}

TEST(SeenTwice, keeps_what_both_passes_saw_as_it_is_now) {
  const Differences before{{committed(1), committed(2)}, {{id_of<base::BookingId>(3), {7}}}, {committed(5)}};
  const Differences now{{committed(2), committed(9)}, {{id_of<base::BookingId>(3), {8}}}, {}};
  const Differences both = seen_twice(before, now);
  EXPECT_EQ(ids_of(both.missing_in_gate), Ids{id_of<base::BookingId>(2)});
  ASSERT_EQ(both.missing_in_ledger.size(), 1U);
  EXPECT_EQ(both.missing_in_ledger[0].grant.value, 8U);
  EXPECT_TRUE(both.unconfirmed.empty());
}

/// Activity 1 with three seats.
class ReconcileTest : public testing::Test {
 protected:
  ReconcileTest() {
    engine.put(test::sample_activity(1, 3));
    engine.publish();
    engine.build_gate();
    for (std::uint64_t child = 1; child <= 5; ++child) engine.add_child(child);
  }

  void book(std::uint64_t child) {
    const auto answer = engine.run(engine.press(child, 1));
    ASSERT_TRUE(answer && std::holds_alternative<Booked>(*answer));
  }
  void pass(int times = 1) {
    for (int i = 0; i < times; ++i) engine.run(engine.reconcile.pass());
    engine.settle();
  }
  base::Outcome<base::Done> remove_from_gate(std::uint64_t user) {
    const base::BookingId id = engine.booking_id(user);
    return engine.gate.model.remove(test::sample_programme_id, id_of<base::ActivityId>(1),
                                    {{id, engine.hold(id)->grant}}, Unit::returns);
  }
  /// Gate and ledger tell the same, and nothing is pending.
  void expect_agreement() {
    EXPECT_EQ(engine.at_gate(1).used, engine.taken(1));
    EXPECT_EQ(engine.at_gate(1).spare, 0);
    EXPECT_EQ(engine.gate.model.fault(), "");
    for (const auto& hold : engine.gate.model.programme(test::sample_programme_id)->holds) EXPECT_FALSE(hold.pending);
  }

  test::Engine engine;
};

TEST_F(ReconcileTest, changes_nothing_where_all_is_well) {
  book(1);
  pass(61);
  EXPECT_EQ(engine.gate.adopt_calls.count() + engine.gate.remove_calls.count() + engine.gate.install_calls.count(), 1)
      << "the first building";
  expect_agreement();
}

TEST_F(ReconcileTest, returns_a_hold_past_its_deadline_behind_a_fence) {
  engine.ledger.book_calls.next(Fate::request_lost);
  ASSERT_TRUE(engine.run(engine.press(1, 1)).is_unknown());
  pass(3);
  EXPECT_EQ(engine.at_gate(1).used, 1) << "its deadline has not come";
  engine.clock.advance(test::hold_ttl);
  engine.trace.clear();
  pass();
  EXPECT_EQ(engine.at_gate(1).used, 0);
  const auto fenced = std::ranges::find(engine.trace, "ledger.fence");
  EXPECT_NE(std::find(fenced, engine.trace.end(), "gate.remove"), engine.trace.end()) << "fence first, then return";
  EXPECT_EQ(engine.at_ledger(1).fence, domain::GrantNumber::of(1, 1));
  EXPECT_EQ(engine.reconcile_metrics.holds_returned.value(), 1U);
  expect_agreement();
}

TEST_F(ReconcileTest, returns_however_many_holds_are_past_their_deadline) {
  constexpr std::uint64_t many = 1'100;
  engine.put(test::sample_activity(1, many));
  engine.publish();
  engine.build_gate();
  for (std::uint64_t child = 1; child <= many; ++child) {
    if (child > 5) engine.add_child(child);
    engine.ledger.book_calls.next(Fate::request_lost);
    ASSERT_TRUE(engine.run(engine.press(child, 1)).is_unknown());
  }
  engine.clock.advance(test::hold_ttl);
  pass();
  EXPECT_EQ(engine.at_gate(1).used, 0);
  EXPECT_EQ(engine.reconcile_metrics.holds_returned.value(), many);
  expect_agreement();
}

TEST_F(ReconcileTest, lets_no_stalled_writer_commit_what_was_returned) {
  engine.ledger.book_calls.next(Fate::late);
  const auto stalled = engine.start(engine.press(1, 1));
  engine.clock.advance(test::hold_ttl);
  pass();
  for (std::uint64_t child = 2; child <= 4; ++child) book(child);
  engine.ledger.book_calls.release();
  engine.settle();
  ASSERT_TRUE(*stalled && (*stalled)->is_done());
  EXPECT_TRUE(std::holds_alternative<domain::Refusal>(***stalled));
  EXPECT_EQ(engine.taken(1), 3);
  EXPECT_EQ(engine.ledger.model.fault(), "");
}

TEST_F(ReconcileTest, keeps_a_hold_whose_commit_was_not_heard_of_and_confirms_it) {
  engine.ledger.book_calls.next(Fate::answer_lost);
  ASSERT_TRUE(engine.run(engine.press(1, 1)).is_unknown());
  engine.clock.advance(test::hold_ttl);
  pass(3);
  EXPECT_EQ(engine.at_gate(1).used, 1);
  EXPECT_EQ(engine.reconcile_metrics.holds_confirmed.value(), 1U);
  expect_agreement();
}

TEST_F(ReconcileTest, confirms_what_lost_its_confirmation) {
  engine.gate.confirm_calls.next(Fate::request_lost);
  book(1);
  pass(2);
  expect_agreement();
}

TEST_F(ReconcileTest, does_not_return_holds_that_it_could_not_fence) {
  engine.ledger.book_calls.next(Fate::request_lost);
  ASSERT_TRUE(engine.run(engine.press(1, 1)).is_unknown());
  engine.clock.advance(test::hold_ttl);
  engine.ledger.fence_calls.next(Fate::answer_lost);
  pass();
  EXPECT_EQ(engine.at_gate(1).used, 1);
  pass();
  expect_agreement();
}

TEST_F(ReconcileTest, puts_a_booking_back_that_the_gate_does_not_know_once_two_passes_saw_it) {
  book(1);
  ASSERT_TRUE(remove_from_gate(1));
  pass();
  EXPECT_EQ(engine.gate.adopt_calls.count(), 0);
  pass();
  EXPECT_EQ(engine.gate.adopt_calls.count(), 1);
  EXPECT_EQ(engine.at_gate(1).used, 1);
  pass();
  expect_agreement();
}

TEST_F(ReconcileTest, takes_a_cancelled_booking_out_once_two_passes_saw_it) {
  book(1);
  engine.gate.remove_cancelled_calls.next(Fate::request_lost);
  ASSERT_TRUE(engine.run(engine.cancel(id_of<base::UserId>(1), engine.booking_id(1), test::sample_actor)));
  EXPECT_EQ(engine.at_gate(1).used, 1);
  pass();
  EXPECT_EQ(engine.at_gate(1).used, 1);
  pass();
  EXPECT_EQ(engine.at_gate(1).used, 0);
  EXPECT_EQ(engine.reconcile_metrics.repairs.value(), 1U);
  expect_agreement();
}

TEST_F(ReconcileTest, gives_units_back_that_stayed_used_once_the_ledger_explains_the_others) {
  book(1);
  engine.at_ledger(1).content.capacity = 1;
  ASSERT_TRUE(engine.run(engine.press(2, 1)));
  pass();
  EXPECT_EQ(engine.at_gate(1).spare, 1) << "one pass is not enough";
  pass(2);
  EXPECT_EQ(engine.at_gate(1).used, 1);
  EXPECT_EQ(engine.at_gate(1).setting.capacity, 1) << "the ledger's capacity holds";
  expect_agreement();
}

TEST_F(ReconcileTest, replaces_a_unit_that_stayed_used_by_the_booking_that_explains_it) {
  book(1);
  book(2);
  ASSERT_TRUE(remove_from_gate(1));
  engine.at_ledger(1).content.capacity = 2;
  ASSERT_TRUE(engine.run(engine.press(3, 1)));  // the gate has room, the ledger has none
  EXPECT_EQ(engine.at_gate(1).spare, 1);
  pass(3);
  EXPECT_EQ(engine.at_gate(1).used, 2);
  expect_agreement();
}

TEST_F(ReconcileTest, follows_the_capacity_of_the_ledger) {
  engine.at_ledger(1).content.capacity = 7;
  pass();
  EXPECT_EQ(engine.at_gate(1).setting.capacity, 7);
}

TEST_F(ReconcileTest, rebuilds_a_lost_gate) {
  book(1);
  engine.gate.model.lose();
  engine.clock.advance(Milliseconds(1001));
  pass();
  expect_agreement();
}

TEST_F(ReconcileTest, rebuilds_a_gate_whose_number_no_id_explains) {
  book(1);
  engine.at_gate(1).used = 2;
  pass();
  EXPECT_EQ(engine.gate.model.programme(test::sample_programme_id)->epoch, 1U) << "one pass is not enough";
  pass();
  EXPECT_EQ(engine.gate.model.programme(test::sample_programme_id)->epoch, 2U);
  expect_agreement();
}

TEST_F(ReconcileTest, does_not_rebuild_a_gate_that_only_changed_while_it_looked) {
  // In each pass somebody books between the gate's count and the ledger's.
  for (std::uint64_t child = 1; child <= 3; ++child) {
    engine.ledger.taken_calls.next(Fate::late);
    bool ended = false;
    boost::asio::co_spawn(engine.loop, engine.reconcile.pass(), [&](const std::exception_ptr&) { ended = true; });
    engine.settle();
    ASSERT_FALSE(ended);
    book(child);
    engine.ledger.taken_calls.release();
    engine.settle();
    ASSERT_TRUE(ended);
  }
  EXPECT_EQ(engine.gate.model.programme(test::sample_programme_id)->epoch, 1U);
}

TEST_F(ReconcileTest, rebuilds_a_gate_whose_rebuilding_ended_half_way) {
  book(1);
  // A process read the image, with a new epoch, and ended: what the gate grants can not commit any more.
  ASSERT_TRUE(engine.run(engine.ledger.rebuild_image(test::sample_programme_id)));
  engine.clock.advance(Milliseconds(1001));
  pass();
  EXPECT_EQ(engine.gate.install_calls.count(), 1) << "the image may be on its way";
  pass();
  EXPECT_EQ(engine.gate.model.programme(test::sample_programme_id)->epoch, 3U);
  expect_agreement();
  engine.clock.advance(Milliseconds(1001));
  pass(5);
  EXPECT_EQ(engine.gate.install_calls.count(), 2);
  book(2);
}

TEST_F(ReconcileTest, rebuilds_a_gate_that_knows_a_cancelled_activity) {
  domain::Activity other = test::sample_activity(2, 3);
  engine.put(other);
  engine.publish();
  engine.build_gate();
  ASSERT_TRUE(engine.run(engine.press(1, 2)));
  // Cancelled by a process that ended before the gate followed.
  other.publication = domain::Publication::cancelled;
  other.version = 2;
  engine.put(other);
  engine.at_ledger(2).open = false;
  ASSERT_TRUE(engine.run(engine.ledger.cancel(engine.booking_id(1), test::sample_programme_id, test::sample_actor,
                                              engine.clock.wall_now())));
  engine.publish();
  engine.clock.advance(Milliseconds(1001));
  pass();
  EXPECT_EQ(engine.hold(engine.booking_id(1)), nullptr) << "it would count against the child's cap for ever";
  const int built = engine.gate.install_calls.count();
  engine.clock.advance(Milliseconds(1001));
  pass(5);
  EXPECT_EQ(engine.gate.install_calls.count(), built);
}

TEST_F(ReconcileTest, finds_a_lost_confirmation_and_a_lost_cancellation_that_even_each_other_out) {
  book(1);
  engine.gate.remove_cancelled_calls.next(Fate::request_lost);
  ASSERT_TRUE(engine.run(engine.cancel(id_of<base::UserId>(1), engine.booking_id(1), test::sample_actor)));
  engine.gate.confirm_calls.next(Fate::request_lost);
  book(2);
  EXPECT_EQ(engine.at_gate(1).used, engine.taken(1) + 1) << "as many as are taken and pending";
  engine.clock.advance(test::hold_ttl);
  pass(4);
  expect_agreement();
}

TEST_F(ReconcileTest, changes_nothing_where_a_store_does_not_answer) {
  book(1);
  ASSERT_TRUE(remove_from_gate(1));
  pass();
  for (test::Calls* calls : {&engine.gate.seats_calls, &engine.ledger.taken_calls, &engine.ledger.active_calls,
                             &engine.gate.holders_calls}) {
    calls->next(Fate::request_lost);
    pass();
    EXPECT_EQ(engine.gate.adopt_calls.count(), 0);
  }
  pass();
  EXPECT_EQ(engine.gate.adopt_calls.count(), 1);
}

TEST_F(ReconcileTest, leaves_programmes_alone_that_are_far_from_their_time) {
  engine.set_time(test::opening - hours(1));
  EXPECT_TRUE(engine.run(engine.time.synchronise(engine.gate)));
  pass();
  EXPECT_EQ(engine.gate.seats_calls.count(), 0);
  engine.set_time(test::sample_programme().closes_at + hours(2));
  EXPECT_TRUE(engine.run(engine.time.synchronise(engine.gate)));
  pass();
  EXPECT_EQ(engine.gate.seats_calls.count(), 0);
}

TEST_F(ReconcileTest, works_only_while_it_has_the_turn) {
  const auto keep_once = [&] {
    runtime::TaskGroup group(engine.loop.get_executor());
    Reconcile reconcile({engine.gate, engine.gate, engine.ledger, engine.keeper, engine.lease, engine.catalogue,
                         engine.time, group, engine.reconcile_metrics, Milliseconds(60'000)});
    group.spawn(reconcile.keep(), "reconcile");
    engine.settle();
    group.stop();
    engine.settle();
    return group.running();
  };
  engine.lease.mine = false;
  EXPECT_EQ(keep_once(), 0U);
  EXPECT_EQ(engine.reconcile_metrics.passes.value(), 0U);
  engine.lease.hold_calls.next(Fate::request_lost);
  EXPECT_EQ(keep_once(), 0U);
  EXPECT_EQ(engine.reconcile_metrics.passes.value(), 0U);
  engine.lease.mine = true;
  EXPECT_EQ(keep_once(), 0U);
  EXPECT_EQ(engine.reconcile_metrics.passes.value(), 1U);
}

}  // namespace
}  // namespace zl::app
