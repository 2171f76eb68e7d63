#include "app/seat_state.hpp"

#include <gtest/gtest.h>

#include "support/samples.hpp"

namespace zl::app {
namespace {

using test::id_of;

constexpr base::SteadyTime start{base::Milliseconds(1'000'000)};

base::SteadyTime after(int ms) {
  return start + base::Milliseconds(ms);
}

SeatCount count(GateVersion version, int used, int capacity = 2) {
  return {id_of<base::ActivityId>(1), version, used, capacity};
}

std::shared_ptr<const HolderSet> holders(GateVersion version) {
  auto set = std::make_shared<HolderSet>();
  set->version = version;
  set->sold_out_at = base::Instant{77};
  set->bookings = {id_of<base::BookingId>(1), id_of<base::BookingId>(2)};
  set->attendees = {id_of<base::AttendeeId>(1), id_of<base::AttendeeId>(2)};
  return set;
}

bool sold_out(const SeatState& state, base::SteadyTime now, std::uint64_t booking = 9, std::uint64_t attendee = 9) {
  return state.known_sold_out(id_of<base::BookingId>(booking), id_of<base::AttendeeId>(attendee), now).has_value();
}

TEST(SeatState, knows_nothing_at_first) {
  SeatState state;
  EXPECT_EQ(state.remaining(), std::nullopt);
  EXPECT_EQ(state.epoch(), 0U);
  EXPECT_FALSE(sold_out(state, start));
  EXPECT_FALSE(state.claim_fetch());
}

TEST(SeatState, never_lets_older_knowledge_override_newer) {
  SeatState state;
  state.learn(count({1, 5}, 1), start);
  state.learn(count({1, 4}, 0), start);
  EXPECT_EQ(state.remaining(), 1);
  state.learn(count({1, 6}, 2), start);
  EXPECT_EQ(state.remaining(), 0);
}

TEST(SeatState, takes_a_newer_epoch_whatever_its_change_number) {
  SeatState state;
  state.learn(count({1, 500}, 2), start);
  state.learn(count({2, 0}, 1), start);
  EXPECT_EQ(state.remaining(), 1);
  EXPECT_EQ(state.epoch(), 2U);
  state.learn(count({1, 501}, 0), start);
  EXPECT_EQ(state.remaining(), 1);
}

TEST(SeatState, has_no_fewer_than_no_seats_left) {
  SeatState state;
  state.learn(count({1, 1}, 5, 2), start);
  EXPECT_EQ(state.remaining(), 0);
}

TEST(SeatState, knows_sold_out_only_with_the_holders_of_that_version) {
  SeatState state;
  state.learn(count({1, 2}, 2), start);
  EXPECT_FALSE(sold_out(state, start)) << "without the holders nobody can be told apart from them";
  state.learn_holders(holders({1, 1}), start);
  EXPECT_FALSE(sold_out(state, start));
  state.learn_holders(holders({1, 2}), start);
  EXPECT_TRUE(sold_out(state, start));
  EXPECT_EQ(state.known_sold_out({}, {}, start)->sold_out_at, base::Instant{77});
  state.learn(count({1, 3}, 2), start);
  EXPECT_FALSE(sold_out(state, start));
}

TEST(SeatState, leaves_seats_that_nobody_holds_to_the_gate) {
  SeatState state;
  state.learn(count({1, 2}, 3, 3), start);
  state.learn_holders(holders({1, 2}), start);
  EXPECT_FALSE(sold_out(state, start)) << "the third is kept back, and may come back";
}

TEST(SeatState, leaves_provisional_holders_to_the_gate_and_has_them_fetched_again) {
  SeatState state;
  state.learn(count({1, 2}, 2), start);
  auto provisional = std::make_shared<HolderSet>(*holders({1, 2}));
  provisional->provisional = true;
  state.learn_holders(provisional, start);
  EXPECT_FALSE(sold_out(state, start, 9, 9));
  EXPECT_FALSE(state.claim_fetch()) << "not so soon";
  state.learn(count({1, 2}, 2), start + provisional_pause);
  EXPECT_TRUE(state.claim_fetch());
  state.learn_holders(holders({1, 2}), start + provisional_pause);
  EXPECT_TRUE(sold_out(state, start + provisional_pause, 9, 9));
  EXPECT_FALSE(state.claim_fetch());
}

TEST(SeatState, sends_holders_and_their_bookings_to_the_gate) {
  SeatState state;
  state.learn(count({1, 2}, 2), start);
  state.learn_holders(holders({1, 2}), start);
  EXPECT_FALSE(sold_out(state, start, 1, 9));
  EXPECT_FALSE(sold_out(state, start, 9, 2));
  EXPECT_TRUE(sold_out(state, start, 9, 9));
}

TEST(SeatState, lets_a_sold_out_mark_lapse_after_a_second_without_news) {
  SeatState state;
  state.learn(count({1, 2}, 2), start);
  state.learn_holders(holders({1, 2}), start);
  EXPECT_TRUE(sold_out(state, after(1000)));
  EXPECT_FALSE(sold_out(state, after(1001)));
  state.learn(count({1, 2}, 2), after(2000));
  EXPECT_TRUE(sold_out(state, after(3000)));
  EXPECT_FALSE(sold_out(state, after(3001)));
}

TEST(SeatState, is_not_refreshed_by_old_counts) {
  SeatState state;
  state.learn(count({1, 2}, 2), start);
  state.learn_holders(holders({1, 2}), start);
  state.learn(count({1, 1}, 2), after(900));
  EXPECT_FALSE(sold_out(state, after(1001)));
}

TEST(SeatState, is_not_refreshed_by_what_may_have_been_long_on_its_way) {
  SeatState state;
  state.learn(count({1, 2}, 2), start);
  state.learn_holders(holders({1, 2}), start);
  state.hear(count({1, 2}, 2));
  EXPECT_TRUE(sold_out(state, after(1000)));
  EXPECT_FALSE(sold_out(state, after(1001)));
  state.hear(count({1, 3}, 1));
  state.hear(count({1, 4}, 2));
  state.learn_holders(holders({1, 4}), after(1500));
  EXPECT_TRUE(sold_out(state, after(2500))) << "its holders were asked for later";
  state.hear(count({1, 5}, 1));
  EXPECT_FALSE(sold_out(state, after(1501)));
  EXPECT_EQ(state.remaining(), 1);
}

TEST(SeatState, is_not_sold_out_when_a_seat_came_back) {
  SeatState state;
  state.learn(count({1, 2}, 2), start);
  state.learn_holders(holders({1, 2}), start);
  state.learn(count({1, 3}, 1), start);
  EXPECT_FALSE(sold_out(state, start));
  EXPECT_EQ(state.remaining(), 1);
}

TEST(SeatState, has_the_holders_fetched_once_a_version) {
  SeatState state;
  state.learn(count({1, 1}, 1), start);
  EXPECT_FALSE(state.claim_fetch()) << "not sold out";
  state.learn(count({1, 2}, 2), start);
  EXPECT_TRUE(state.claim_fetch());
  EXPECT_FALSE(state.claim_fetch()) << "somebody is at it";
  state.learn_holders(holders({1, 2}), start);
  EXPECT_FALSE(state.claim_fetch()) << "they are known";
  state.learn(count({1, 3}, 2), start);
  EXPECT_TRUE(state.claim_fetch()) << "of this version they are not";
}

TEST(SeatState, lets_somebody_else_fetch_where_a_fetch_failed) {
  SeatState state;
  state.learn(count({1, 2}, 2), start);
  EXPECT_TRUE(state.claim_fetch());
  state.abandon_fetch();
  EXPECT_TRUE(state.claim_fetch());
}

TEST(SeatState, lets_a_newer_version_be_fetched_while_an_older_one_is) {
  SeatState state;
  state.learn(count({1, 2}, 2), start);
  EXPECT_TRUE(state.claim_fetch());
  state.learn(count({1, 4}, 2), start);
  EXPECT_TRUE(state.claim_fetch());
  state.learn_holders(holders({1, 2}), start);
  EXPECT_FALSE(sold_out(state, start));
}

TEST(SeatState, remembers_when_somebody_asked) {
  SeatState state;
  EXPECT_LT(state.touched_at(), start);
  state.touch(start);
  EXPECT_EQ(state.touched_at(), start);
}

}  // namespace
}  // namespace zl::app
