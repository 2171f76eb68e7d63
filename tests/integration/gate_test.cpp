// The decisions of the gate on a real Redis: every rule of gate.lua, and ids that come again.
#include "integration/gate_harness.hpp"

namespace zl::redis {
namespace {

using base::Code;
using domain::GrantNumber;
using std::chrono::hours;
using test::id_of;
using Codes = std::vector<Code>;

TEST_F(GateTest, grants_a_seat_with_a_receipt) {
  install(image(3, {2}));
  const auto first = book(1, 1, 1);
  ASSERT_NE(granted(first), nullptr);
  EXPECT_EQ(granted(first)->grant, GrantNumber::of(3, 1));
  EXPECT_EQ(granted(first)->receipt.arrival, 1U);
  EXPECT_EQ(granted(first)->receipt.opens_at, now - hours(1));
  EXPECT_EQ(granted(first)->receipt.remaining, 1);
  EXPECT_GE(granted(first)->receipt.decided_at, now);
  EXPECT_LE(granted(first)->receipt.decided_at, *run([&] { return gate->time(); }));
  EXPECT_FALSE(granted(first)->again);
  EXPECT_EQ(granted(first)->seats.version, (app::GateVersion{3, 1}));
  EXPECT_EQ(granted(first)->seats.used, 1);
  EXPECT_EQ(granted(first)->seats.capacity, 2);
}

TEST_F(GateTest, counts_arrivals_on_from_what_was_told_before) {
  app::GateImage made = image(3, {2});
  made.arrival = 700;
  install(made);
  EXPECT_EQ(granted(book(1, 1, 1))->grant, GrantNumber::of(3, 701));
  take(2, 1, 2);
  const auto refused = book(3, 1, 3);
  EXPECT_EQ(std::get<app::GateRefused>(*refused).refusal.receipt.arrival, 703U);
}

TEST_F(GateTest, is_sold_out_provisionally_while_a_hold_may_come_back) {
  install(image(1, {2}));
  take(1, 1, 1);
  const auto last = granted(book(2, 1, 2))->receipt.decided_at;
  const auto refused = book(3, 1, 3);
  ASSERT_EQ(codes(refused), Codes{Code::sold_out});
  EXPECT_TRUE(domain::is_provisional(violations(refused)[0]));
  EXPECT_EQ(std::get<domain::SoldOut>(violations(refused)[0]).sold_out_at, last);
  EXPECT_EQ(std::get<app::GateRefused>(*refused).refusal.receipt.remaining, 0);
  confirm(1, 1, 1);
  EXPECT_TRUE(domain::is_provisional(violations(book(3, 1, 3))[0]));
  confirm(2, 1, 2);
  EXPECT_FALSE(domain::is_provisional(violations(book(3, 1, 3))[0]));
}

TEST_F(GateTest, tells_when_a_seat_came_back_while_there_was_none) {
  install(image(1, {2, 3}));
  take(1, 1, 1);
  const auto last = book(2, 1, 2);
  EXPECT_FALSE(granted(last)->back_since) << "all have gone for the first time";
  remove(2, 1, granted(last)->grant);
  const auto next = book(3, 1, 3);
  ASSERT_TRUE(granted(next)->back_since);
  EXPECT_LT(*granted(next)->back_since, hours(1));
  EXPECT_TRUE(granted(book(3, 1, 3))->back_since) << "the same id again";
  const auto one_of_three = book(4, 2, 4);
  remove(4, 2, granted(one_of_three)->grant);
  EXPECT_FALSE(granted(book(5, 2, 5))->back_since) << "there were others";
}

TEST_F(GateTest, a_new_gate_may_bring_a_seat_back) {
  app::GateImage full = image(1, {1, 5});
  full.bookings = {committed(1, 1, 1)};
  install(full);
  EXPECT_FALSE(granted(book(2, 2, 2))->back_since) << "the first one that this Redis knows of is no wonder";
  install(image(2, {1, 5}));
  EXPECT_TRUE(granted(book(3, 1, 3))->back_since);
  EXPECT_FALSE(granted(book(4, 2, 4))->back_since);
  ask({"FLUSHALL"});
  install(image(3, {1, 5}));
  EXPECT_TRUE(granted(book(5, 2, 5))->back_since) << "nobody knows what was full";
}

TEST_F(GateTest, a_tally_of_an_older_version_is_read) {
  install(image(1, {1}));
  take(1, 1, 1);
  const std::string gate_key = ProgrammeKeys(test::sample_programme_id).gate();
  const std::string field = name_of(test::id_of<base::ActivityId>(1));
  const std::string tally = ask({"HGET", gate_key, field}).text();
  ASSERT_EQ(tally.size(), 48U) << "as it was before there was more";
  remove(1, 1, GrantNumber::of(1, 1));
  EXPECT_EQ(ask({"HGET", gate_key, field}).text().size(), 56U);
  EXPECT_TRUE(granted(book(2, 1, 2))->back_since);
}

TEST_F(GateTest, refuses_a_second_seat_of_the_same_activity) {
  install(image(1, {5}));
  take(1, 1, 1);
  const auto again = book(2, 1, 1);
  ASSERT_EQ(codes(again), Codes{Code::already_booked});
  EXPECT_EQ(std::get<domain::AlreadyBooked>(violations(again)[0]).booking_id, id_of<base::BookingId>(1));
  EXPECT_TRUE(domain::is_provisional(violations(again)[0]));
  confirm(1, 1, 1);
  EXPECT_FALSE(domain::is_provisional(violations(book(2, 1, 1))[0]));
  EXPECT_EQ(count(1).seats.used, 1);
}

TEST_F(GateTest, holds_to_the_childs_and_the_familys_cap) {
  install(image(1, {5, 5, 5}, {2, 3, false, 0}));
  take(1, 1, 1);
  take(2, 2, 1);
  const auto of_child = book(3, 3, 1);
  ASSERT_EQ(codes(of_child), Codes{Code::limit_reached});
  const auto limit = std::get<domain::LimitReached>(violations(of_child)[0]);
  EXPECT_EQ(limit.scope, domain::CapScope::attendee);
  EXPECT_EQ(limit.limit, 2);
  EXPECT_EQ(limit.used, 2);
  EXPECT_TRUE(limit.provisional);
  confirm(1, 1, 1);
  EXPECT_TRUE(domain::is_provisional(violations(book(3, 3, 1))[0])) << "one of the two may still come back";
  confirm(2, 2, 1);
  EXPECT_FALSE(domain::is_provisional(violations(book(3, 3, 1))[0]));

  auto sibling = test::sample_wish(4, 1, 2);
  sibling.user_id = id_of<base::UserId>(1);
  ASSERT_NE(granted(book(sibling)), nullptr);
  sibling.id = id_of<base::BookingId>(5);
  sibling.activity_id = id_of<base::ActivityId>(2);
  const auto of_family = book(sibling);
  ASSERT_EQ(codes(of_family), Codes{Code::limit_reached});
  EXPECT_EQ(std::get<domain::LimitReached>(violations(of_family)[0]).scope, domain::CapScope::user);
}

TEST_F(GateTest, refuses_overlaps_where_the_programme_forbids_them) {
  app::GateImage made = image(1, {5, 5, 5}, {std::nullopt, std::nullopt, true, 0});
  made.activities[0].overlapping = {id_of<base::ActivityId>(3), id_of<base::ActivityId>(2)};
  made.activities[1].overlapping = {id_of<base::ActivityId>(1)};
  install(made);
  take(1, 2, 1);
  const auto refused = book(2, 1, 1);
  ASSERT_EQ(codes(refused), Codes{Code::overlaps});
  EXPECT_EQ(std::get<domain::Overlaps>(violations(refused)[0]).activity_id, id_of<base::ActivityId>(2));
  EXPECT_NE(granted(book(3, 3, 1)), nullptr) << "3 does not meet at the time of 2";
  EXPECT_EQ(codes(book(2, 1, 1)), (Codes{Code::overlaps, Code::overlaps}));
  EXPECT_NE(granted(book(4, 1, 2)), nullptr) << "another child may";
  made.epoch = 2;
  made.rules.forbid_overlap = false;
  install(made);
  take(1, 2, 1);
  EXPECT_NE(granted(book(2, 1, 1)), nullptr);
}

TEST_F(GateTest, names_every_rule_at_once) {
  app::GateImage made = image(1, {1, 5}, {1, 1, true, 0});
  made.activities[0].overlapping = {id_of<base::ActivityId>(2)};
  made.opens_at = now + hours(1);
  made.bookings = {committed(1, 1, 9), committed(2, 2, 1)};
  install(made);
  EXPECT_EQ(codes(book(3, 1, 1)),
            (Codes{Code::not_open, Code::limit_reached, Code::limit_reached, Code::overlaps, Code::sold_out}));
}

TEST_F(GateTest, opens_and_closes_by_the_time_of_redis) {
  app::GateImage made = image(1, {5, 5});
  made.opens_at = now + hours(24);
  made.activities[1].closes_at = now;
  install(made);
  const auto early = book(1, 1, 1);
  ASSERT_EQ(codes(early), Codes{Code::not_open});
  EXPECT_EQ(std::get<domain::NotOpen>(violations(early)[0]).opens_at, made.opens_at);
  const auto late = book(2, 2, 1);
  ASSERT_EQ(codes(late), Codes{Code::closed});
  EXPECT_EQ(std::get<domain::Closed>(violations(late)[0]).closed_at, now);

  made.epoch = 2;
  made.opens_at = *run([&] { return gate->time(); }) + base::Milliseconds(200);
  install(made);
  Decision decision = book(1, 1, 1);
  wait_for([&] {
    decision = book(1, 1, 1);
    return granted(decision) != nullptr;
  });
  EXPECT_GE(granted(decision)->receipt.decided_at, made.opens_at) << "not a millisecond early";
}

TEST_F(GateTest, holds_the_same_id_again_with_a_new_grant_and_the_same_receipt) {
  install(image(1, {2}));
  const auto first = book(1, 1, 1);
  take(2, 1, 2);
  const auto again = book(1, 1, 1);
  ASSERT_NE(granted(again), nullptr);
  EXPECT_TRUE(granted(again)->again);
  EXPECT_EQ(granted(again)->grant, GrantNumber::of(1, 3));
  EXPECT_EQ(granted(again)->receipt.arrival, granted(first)->receipt.arrival);
  EXPECT_EQ(granted(again)->receipt.decided_at, granted(first)->receipt.decided_at);
  EXPECT_EQ(granted(again)->receipt.remaining, granted(first)->receipt.remaining);
  EXPECT_EQ(granted(again)->seats.used, 2);
  confirm(1, 1, 1);
  EXPECT_TRUE(granted(book(1, 1, 1))->again) << "a committed one too";
  EXPECT_EQ(count(1).pending, 1) << "and it stays committed";
}

TEST_F(GateTest, holds_again_after_closing_too) {
  app::GateImage made = image(1, {2});
  install(made);
  take(1, 1, 1);
  confirm(1, 1, 1);
  made.epoch = 2;
  made.activities[0].closes_at = now;
  made.bookings = {committed(1, 1, 1)};
  install(made);
  EXPECT_TRUE(granted(book(1, 1, 1))->again);
  EXPECT_EQ(codes(book(2, 1, 2)), Codes{Code::closed});
}

TEST_F(GateTest, refuses_an_id_that_is_held_for_another_wish) {
  install(image(1, {2, 2}));
  take(1, 1, 1);
  auto other_user = test::sample_wish(1, 1, 1);
  other_user.user_id = id_of<base::UserId>(2);
  for (const auto& decision : {book(1, 2, 1), book(1, 1, 2), book(other_user)}) {
    ASSERT_TRUE(decision.is_refused());
    EXPECT_EQ(decision.refused().code, Code::idempotency_conflict);
  }
  EXPECT_EQ(count(1).seats.used, 1);
  EXPECT_EQ(count(2).seats.used, 0);
}

}  // namespace
}  // namespace zl::redis
