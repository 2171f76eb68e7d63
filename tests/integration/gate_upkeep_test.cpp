// The upkeep of the gate on a real Redis: every change of its holds and capacities, made twice.
#include "integration/gate_harness.hpp"

namespace zl::redis {
namespace {

using app::Unit;
using base::Code;
using domain::GrantNumber;
using test::id_of;
using Codes = std::vector<Code>;

const auto programme = test::sample_programme_id;

TEST_F(GateTest, removes_a_hold_only_for_its_exact_grant) {
  install(image(1, {1}));
  const GrantNumber stale = granted(book(1, 1, 1))->grant;
  const GrantNumber current = granted(book(1, 1, 1))->grant;
  EXPECT_TRUE(remove(1, 1, stale));
  EXPECT_EQ(count(1).seats.used, 1);
  EXPECT_TRUE(remove(9, 1, current));
  EXPECT_EQ(count(1).seats.used, 1);
  EXPECT_TRUE(remove(1, 1, current));
  EXPECT_EQ(count(1).seats.used, 0);
  EXPECT_TRUE(remove(1, 1, current));
  EXPECT_EQ(count(1).seats.used, 0) << "twice is once";
  EXPECT_NE(granted(book(2, 1, 1)), nullptr) << "no trace of the child is left";
}

TEST_F(GateTest, removes_nothing_from_another_activity) {
  install(image(1, {1, 1}));
  const GrantNumber grant = granted(book(1, 1, 1))->grant;
  EXPECT_TRUE(remove(1, 2, grant));
  EXPECT_EQ(count(1).seats.used, 1);
  EXPECT_EQ(count(2).seats.used, 0);
}

TEST_F(GateTest, removes_a_cancelled_booking_whatever_its_grant) {
  install(image(1, {1}));
  take(1, 1, 1);
  confirm(1, 1, 1);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(
        run([&] { return gate->remove_cancelled(programme, id_of<base::ActivityId>(1), id_of<base::BookingId>(1)); }));
    EXPECT_EQ(count(1).seats.used, 0);
  }
  EXPECT_TRUE(holders(1)->holders.empty());
}

TEST_F(GateTest, keeps_the_unit_of_a_hold_that_the_ledger_found_full_until_it_is_explained) {
  install(image(1, {2}));
  const GrantNumber grant = granted(book(1, 1, 1))->grant;
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(remove(1, 1, grant, Unit::stays));
    EXPECT_EQ(count(1).seats.used, 1);
    EXPECT_EQ(count(1).spare, 1);
  }
  const auto activity = id_of<base::ActivityId>(1);
  EXPECT_TRUE(run([&] { return gate->give_back_spare(programme, activity, 2); }));
  EXPECT_EQ(count(1).spare, 1) << "of another number than there are, none";
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(run([&] { return gate->adopt(programme, activity, {committed(7, 1, 7)}); }));
    EXPECT_EQ(count(1).seats.used, 1) << "the booking takes the spare unit's place";
    EXPECT_EQ(count(1).spare, 0);
  }
  EXPECT_TRUE(run([&] { return gate->adopt(programme, activity, {committed(8, 1, 8), committed(9, 1, 9)}); }));
  EXPECT_EQ(count(1).seats.used, 3) << "the ledger is the truth, even above the capacity";
}

TEST_F(GateTest, is_sold_out_provisionally_while_a_unit_is_kept_back) {
  install(image(1, {1}));
  remove(1, 1, granted(book(1, 1, 1))->grant, Unit::stays);
  const auto kept_back = book(2, 1, 2);
  EXPECT_EQ(codes(kept_back), Codes{Code::sold_out});
  EXPECT_TRUE(domain::is_provisional(violations(kept_back)[0]));
  EXPECT_TRUE(run([&] { return gate->adopt(programme, id_of<base::ActivityId>(1), {committed(7, 1, 7)}); }));
  EXPECT_FALSE(domain::is_provisional(violations(book(2, 1, 2))[0])) << "the ledger has explained it";
}

TEST_F(GateTest, gives_spare_units_back_once) {
  install(image(1, {2}));
  remove(1, 1, granted(book(1, 1, 1))->grant, Unit::stays);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(run([&] { return gate->give_back_spare(programme, id_of<base::ActivityId>(1), 1); }));
    EXPECT_EQ(count(1).seats.used, 0);
    EXPECT_EQ(count(1).spare, 0);
  }
}

TEST_F(GateTest, knows_adopted_bookings_as_its_own) {
  install(image(1, {5}));
  EXPECT_TRUE(run([&] { return gate->adopt(programme, id_of<base::ActivityId>(1), {committed(7, 1, 7)}); }));
  EXPECT_EQ(codes(book(8, 1, 7)), Codes{Code::already_booked});
  EXPECT_TRUE(granted(book(7, 1, 7))->again);
  EXPECT_FALSE(holders(1)->holders.at(0).pending);
}

TEST_F(GateTest, adopts_nothing_that_was_cancelled_since_it_was_read) {
  install(image(1, {1}));
  EXPECT_TRUE(
      run([&] { return gate->remove_cancelled(programme, id_of<base::ActivityId>(1), id_of<base::BookingId>(7)); }));
  EXPECT_TRUE(run([&] { return gate->adopt(programme, id_of<base::ActivityId>(1), {committed(7, 1, 7)}); }));
  EXPECT_EQ(count(1).seats.used, 0);
  EXPECT_NE(granted(book(8, 1, 7)), nullptr);
}

TEST_F(GateTest, confirms_once_and_only_what_is_held) {
  install(image(1, {5}));
  take(1, 1, 1);
  confirm(9, 1, 9);
  EXPECT_EQ(count(1).pending, 1);
  confirm(1, 1, 1);
  confirm(1, 1, 1);
  EXPECT_EQ(count(1).pending, 0);
  EXPECT_EQ(count(1).seats.used, 1);
  EXPECT_EQ(holders(1)->holders.size(), 1U);
}

TEST_F(GateTest, tells_which_holds_are_past_their_deadline) {
  install(image(1, {5, 5}));
  take(1, 1, 1);  // for an hour
  const auto hasty_hold = book_hastily(2, 1, 2);
  const auto confirmed = book_hastily(3, 1, 3);
  confirm(3, 1, 3);
  ASSERT_TRUE(book_hastily(4, 2, 4));
  const std::vector both{id_of<base::ActivityId>(1), id_of<base::ActivityId>(2)};
  wait_for([&] { return expired(100, both).size() == 2; });
  const auto of_first = expired();
  ASSERT_EQ(of_first.size(), 1U);
  EXPECT_EQ(of_first[0].hold.id, id_of<base::BookingId>(2));
  EXPECT_EQ(of_first[0].hold.grant, granted(hasty_hold)->grant);
  EXPECT_EQ(of_first[0].activity_id, id_of<base::ActivityId>(1));
  EXPECT_EQ(expired(1, both).size(), 1U);
  take(2, 1, 2);  // the client came back: a new deadline
  EXPECT_TRUE(expired().empty());
}

TEST_F(GateTest, counts_holds_as_past_their_deadline_that_were_given_before_its_clock_went_back) {
  install(image(1, {5}));
  take(1, 1, 1);  // for an hour
  take(2, 1, 2);
  take(3, 1, 3);
  confirm(3, 1, 3);
  EXPECT_TRUE(expired().empty());
  const std::string in_two_hours = std::to_string((now + std::chrono::hours(2)).unix_ms);
  ask({"ZADD", ProgrammeKeys(programme).seats(id_of<base::ActivityId>(1)), "XX", in_two_hours,
       name_of(id_of<base::BookingId>(2))});
  const auto of_the_future = expired();
  ASSERT_EQ(of_the_future.size(), 1U);
  EXPECT_EQ(of_the_future[0].hold.id, id_of<base::BookingId>(2));
}

TEST_F(GateTest, tells_who_holds_the_seats) {
  install(image(4, {2}));
  EXPECT_EQ(holders(1)->sold_out_at, std::nullopt);
  take(1, 1, 1);
  const auto last = book(2, 1, 2);
  confirm(1, 1, 1);
  const auto found = holders(1);
  EXPECT_EQ(found->version, (app::GateVersion{4, 2}));
  EXPECT_EQ(found->sold_out_at, granted(last)->receipt.decided_at);
  ASSERT_EQ(found->holders.size(), 2U);
  for (const app::Holder& holder : found->holders) {
    const bool first = holder.id == id_of<base::BookingId>(1);
    EXPECT_EQ(holder.attendee_id, id_of<base::AttendeeId>(first ? 1 : 2));
    EXPECT_EQ(holder.grant, GrantNumber::of(4, first ? 1 : 2));
    EXPECT_EQ(holder.pending, !first);
  }
  EXPECT_EQ(holders(9), std::nullopt) << "an unknown activity";
}

TEST_F(GateTest, counts_the_activities_that_it_knows) {
  install(image(4, {2, 7}));
  take(1, 2, 1);
  const auto seats = run([&] {
    return gate->seats(programme, {id_of<base::ActivityId>(1), id_of<base::ActivityId>(9), id_of<base::ActivityId>(2)});
  });
  ASSERT_TRUE(seats && *seats);
  EXPECT_EQ((*seats)->version, (app::GateVersion{4, 1}));
  EXPECT_GE((*seats)->now, now);
  ASSERT_EQ((*seats)->activities.size(), 2U);
  EXPECT_EQ((*seats)->activities[1].seats.activity_id, id_of<base::ActivityId>(2));
  EXPECT_EQ((*seats)->activities[1].seats.used, 1);
  EXPECT_EQ((*seats)->activities[1].seats.capacity, 7);
  EXPECT_EQ((*seats)->activities[1].pending, 1);
}

TEST_F(GateTest, follows_the_capacity_but_never_below_what_is_used) {
  install(image(1, {2}));
  const auto set = [&](int capacity) {
    return run([&] { return gate->set_capacity(programme, id_of<base::ActivityId>(1), capacity, 2); });
  };
  take(1, 1, 1);
  take(2, 1, 2);
  EXPECT_EQ(codes(book(3, 1, 3)), Codes{Code::sold_out});
  EXPECT_TRUE(set(3));
  EXPECT_TRUE(set(3));
  EXPECT_NE(granted(book(3, 1, 3)), nullptr);
  const auto below = set(2);
  ASSERT_TRUE(below.is_refused());
  EXPECT_EQ(below.refused().code, Code::invalid_state);
  EXPECT_EQ(count(1).seats.capacity, 3);
  remove(3, 1, granted(book(3, 1, 3))->grant);
  EXPECT_TRUE(set(2));
  EXPECT_EQ(codes(book(3, 1, 3)), Codes{Code::sold_out});
  EXPECT_EQ(run([&] { return gate->set_capacity(programme, id_of<base::ActivityId>(9), 5, 2); }).refused().code,
            Code::unavailable);
}

TEST_F(GateTest, follows_no_capacity_of_an_older_version_than_it_knows) {
  app::GateImage made = image(1, {5, 5});
  made.activities[0].version = 4;
  install(made);
  const auto set = [&](int capacity, std::uint64_t version) {
    return run([&] { return gate->set_capacity(programme, id_of<base::ActivityId>(1), capacity, version); });
  };
  EXPECT_TRUE(set(9, 3)) << "late, so nothing happens";
  EXPECT_EQ(count(1).seats.capacity, 5);
  EXPECT_EQ(count(1).seats.version.change, 0U);
  EXPECT_TRUE(set(8, 6));
  EXPECT_TRUE(set(12, 5));
  EXPECT_EQ(count(1).seats.capacity, 8);
  EXPECT_TRUE(set(8, 6));
  EXPECT_EQ(count(2).seats.capacity, 5) << "each activity by its own version";
  made = image(2, {6, 5});
  made.activities[0].version = 7;
  install(made);
  EXPECT_TRUE(set(12, 6));
  EXPECT_EQ(count(1).seats.capacity, 6);
}

TEST_F(GateTest, tells_everybody_when_the_last_seat_went_and_when_one_came_back) {
  install(image(1, {2}));
  listen();
  take(1, 1, 1);
  const GrantNumber last = granted(book(2, 1, 2))->grant;
  EXPECT_EQ(codes(book(3, 1, 3)), Codes{Code::sold_out});
  remove(2, 1, last);
  remove(2, 1, last);
  const std::string prefix = "seats " + programme.hex() + " " + id_of<base::ActivityId>(1).hex() + " 1 ";
  const std::vector<std::string> expected{prefix + "2 2 2", prefix + "3 1 2"};
  wait_for([&] { return news().size() >= 2; });
  EXPECT_EQ(news(), expected);
  ASSERT_TRUE(run([&] { return gate->set_capacity(programme, id_of<base::ActivityId>(1), 4, 2); }));
  runtime::run_on(loops, 0, runtime::as_task([this] { gate->announce_change(); }));
  wait_for([&] { return news().size() >= 4; });
  EXPECT_EQ(news()[2], prefix + "4 1 4");
  EXPECT_EQ(news()[3], "change");
}

}  // namespace
}  // namespace zl::redis
