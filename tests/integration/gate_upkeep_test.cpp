// The upkeep of the gate on a real Redis: every change, made twice, and what happens when Redis forgets.
#include "integration/gate_harness.hpp"

namespace zl::redis {
namespace {

using app::Unit;
using base::Code;
using domain::GrantNumber;
using std::chrono::hours;
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

TEST_F(GateTest, keeps_a_capacity_that_was_changed_after_its_image_was_read) {
  app::GateImage made = image(1, {1, 5});
  made.activities[0].version = made.activities[1].version = 4;
  install(made);
  made.epoch = 2;
  EXPECT_TRUE(run([&] { return gate->set_capacity(programme, id_of<base::ActivityId>(1), 2, 5); }));
  ASSERT_TRUE(install(made));
  EXPECT_EQ(count(1).seats.capacity, 2);
  EXPECT_EQ(count(2).seats.capacity, 5);
  take(1, 1, 1);
  EXPECT_NE(granted(book(2, 1, 2)), nullptr);
  EXPECT_TRUE(run([&] { return gate->set_capacity(programme, id_of<base::ActivityId>(1), 9, 4); }))
      << "late, so nothing happens";
  EXPECT_EQ(count(1).seats.capacity, 2);
}

TEST_F(GateTest, is_installed_only_over_an_absent_or_older_one) {
  EXPECT_TRUE(install(image(2, {5})));
  take(1, 1, 1);
  EXPECT_FALSE(install(image(1, {9})));
  EXPECT_FALSE(install(image(2, {9})));
  EXPECT_EQ(count(1).seats.capacity, 5);
  EXPECT_EQ(count(1).seats.used, 1);
  EXPECT_TRUE(install(image(3, {9})));
  EXPECT_EQ(count(1).seats.capacity, 9);
  EXPECT_EQ(count(1).seats.used, 0) << "what the image does not know is gone";
  EXPECT_TRUE(holders(1)->holders.empty());
  EXPECT_EQ(granted(book(1, 1, 1))->grant.epoch(), 3U);
}

TEST_F(GateTest, is_installed_over_a_newer_one_of_another_redis) {
  install(image(9, {5}));
  const std::string key = ProgrammeKeys(programme).gate();
  ask({"HSET", key, "run", "another"});
  EXPECT_TRUE(lost(book(1, 1, 1)));
  EXPECT_TRUE(install(image(3, {5})));
  EXPECT_NE(granted(book(1, 1, 1)), nullptr);
}

TEST_F(GateTest, brings_nothing_back_that_was_cancelled_after_its_image_was_read) {
  install(image(1, {2, 2}));
  take(1, 1, 1);
  take(2, 2, 2);
  app::GateImage read = image(2, {2, 2});
  read.bookings = {committed(1, 1, 1), committed(2, 2, 2)};
  const auto cancel = [this](std::uint64_t booking, std::uint64_t activity) {
    return run([&] {
      return gate->remove_cancelled(programme, id_of<base::ActivityId>(activity), id_of<base::BookingId>(booking));
    });
  };
  EXPECT_TRUE(cancel(1, 1));
  ASSERT_TRUE(install(std::move(read)));
  EXPECT_EQ(count(1).seats.used, 0);
  EXPECT_TRUE(holders(1)->holders.empty());
  take(3, 1, 1);
  EXPECT_EQ(count(2).seats.used, 1) << "the other one stays";
  // As a cancellation that finds no gate.
  ask({"DEL", redis::ProgrammeKeys(programme).gate()});
  EXPECT_FALSE(cancel(2, 2));
  app::GateImage again = image(3, {2, 2});
  again.bookings = {committed(2, 2, 2), committed(3, 1, 1)};
  ASSERT_TRUE(install(std::move(again)));
  EXPECT_EQ(count(2).seats.used, 0);
  EXPECT_EQ(count(1).seats.used, 1);
}

TEST_F(GateTest, forgets_activities_that_an_image_no_longer_has) {
  app::GateImage made = image(1, {5, 5});
  made.bookings = {committed(1, 2, 1)};
  install(made);
  install(image(2, {5}));
  EXPECT_TRUE(lost(book(2, 2, 2)));
  EXPECT_EQ(ask({"KEYS", "*seats*"}).items().size(), 0U);
}

TEST_F(GateTest, leaves_nothing_staged_for_long) {
  install(image(5, {5}));
  app::GateImage older = image(4, {5});
  older.bookings = {committed(1, 1, 1)};
  EXPECT_FALSE(install(older));
  const ProgrammeKeys keys(programme);
  for (const std::string& key :
       {ProgrammeKeys::staged(keys.held(), 4), ProgrammeKeys::staged(keys.seats(id_of<base::ActivityId>(1)), 4)}) {
    const auto seconds = ask({"TTL", key}).number();
    EXPECT_GT(seconds, 0) << key;
    EXPECT_LE(seconds, 60) << key;
  }
  older.epoch = 6;
  EXPECT_TRUE(install(older));
  EXPECT_EQ(ask({"TTL", keys.held()}).number(), -1) << "what is live never expires";
  EXPECT_EQ(ask({"TTL", keys.seats(id_of<base::ActivityId>(1))}).number(), -1);
}

TEST_F(GateTest, takes_a_large_image) {
  app::GateImage made = image(1, {3000, 3000}, {2, 4, true, 24});
  for (std::uint64_t i = 1; i <= 5000; ++i) made.bookings.push_back(committed(i, 1 + i % 2, i));
  install(made);
  EXPECT_EQ(count(1).seats.used, 2500);
  EXPECT_EQ(count(2).seats.used, 2500);
  EXPECT_EQ(holders(1)->holders.size(), 2500U);
  EXPECT_EQ(codes(book(9001, 2, 4999)), Codes{Code::already_booked});
  EXPECT_NE(granted(book(9002, 1, 9002)), nullptr);
  EXPECT_EQ(ask({"KEYS", "*:1"}).items().size(), 0U) << "nothing staged is left";
}

TEST_F(GateTest, takes_as_many_activities_as_a_programme_may_have) {
  app::GateImage made = image(1, {});
  std::vector<base::ActivityId> ids;
  for (std::uint64_t i = 1; i <= 500; ++i) {
    ids.push_back(id_of<base::ActivityId>(i));
    made.activities.push_back({ids.back(), 10, now + hours(1), {}});
  }
  for (app::GateActivity& activity : made.activities) activity.overlapping = ids;
  install(made);
  EXPECT_NE(granted(book(1, 500, 1)), nullptr);
  const auto seats = run([&] { return gate->seats(programme, ids); });
  ASSERT_TRUE(seats && *seats);
  EXPECT_EQ((*seats)->activities.size(), 500U);
}

TEST_F(GateTest, is_lost_when_redis_has_forgotten_it) {
  install(image(1, {5}));
  const GrantNumber grant = granted(book(1, 1, 1))->grant;
  ask({"FLUSHALL"});
  const auto activity = id_of<base::ActivityId>(1);
  EXPECT_TRUE(lost(book(1, 1, 1)));
  EXPECT_FALSE((*run([&] { return gate->seats(programme, {activity}); })).has_value());
  EXPECT_EQ(holders(1), std::nullopt);
  EXPECT_TRUE(expired().empty());
  EXPECT_FALSE(remove(1, 1, grant));
  EXPECT_FALSE(run([&] { return gate->adopt(programme, activity, {committed(1, 1, 1)}); }));
  EXPECT_FALSE(run([&] { return gate->give_back_spare(programme, activity, 1); }));
  EXPECT_FALSE(run([&] { return gate->set_capacity(programme, activity, 7, 2); }));
  EXPECT_EQ(ask({"DBSIZE"}).number(), 0) << "no change brings a lost gate half back";
  EXPECT_TRUE(install(image(2, {5})));
  EXPECT_NE(granted(book(1, 1, 1)), nullptr);
}

TEST_F(GateTest, is_lost_after_a_restart_although_its_keys_are_there) {
  install(image(1, {5}));
  take(1, 1, 1);
  const std::string before = run_id();
  servers->stop(test::Store::redis);
  servers->start(test::Store::redis);
  wait_for([&] { return link->up() && run_id() != before; });
  EXPECT_EQ(ask({"EXISTS", ProgrammeKeys(programme).gate()}).number(), 1);
  EXPECT_TRUE(lost(book(1, 1, 1)));
  EXPECT_TRUE(install(image(2, {5})));
  EXPECT_NE(granted(book(1, 1, 1)), nullptr);
}

TEST_F(GateTest, is_lost_for_a_caller_that_has_seen_a_newer_one) {
  install(image(2, {5}));
  EXPECT_TRUE(lost(book(1, 1, 1, 3)));
  EXPECT_NE(granted(book(1, 1, 1, 2)), nullptr);
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
