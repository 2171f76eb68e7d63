// Images of the ledger on a real Redis: what a gate is made of, what becomes of an older one, and what happens
// when Redis forgets.
#include "integration/gate_harness.hpp"

namespace zl::redis {
namespace {

using base::Code;
using domain::GrantNumber;
using std::chrono::hours;
using test::id_of;
using Codes = std::vector<Code>;

const auto programme = test::sample_programme_id;

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
  restart_redis();
  EXPECT_EQ(ask({"EXISTS", ProgrammeKeys(programme).gate()}).number(), 1);
  EXPECT_TRUE(lost(book(1, 1, 1)));
  EXPECT_TRUE(install(image(2, {5})));
  EXPECT_NE(granted(book(1, 1, 1)), nullptr);
}

TEST_F(GateTest, of_a_redis_that_started_again_may_have_been_full) {
  install(image(1, {1}));
  take(1, 1, 1);
  restart_redis();
  EXPECT_EQ(ask({"EXISTS", ProgrammeKeys(programme).held()}).number(), 0) << "bookings are not written to the AOF";
  EXPECT_TRUE(install(image(2, {1})));
  EXPECT_TRUE(granted(book(2, 1, 2))->back_since);
}

TEST_F(GateTest, is_lost_for_a_caller_that_has_seen_a_newer_one) {
  install(image(2, {5}));
  EXPECT_TRUE(lost(book(1, 1, 1, 3)));
  EXPECT_NE(granted(book(1, 1, 1, 2)), nullptr);
}

}  // namespace
}  // namespace zl::redis
