// Buckets by key: what they let pass, how long they tell to wait, and that memory stays bounded.
#include "http/rate_limit.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace zl::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::SteadyTime start{std::chrono::hours(1)};

/// How many of `tries` requests pass.
int passed(RateLimit& limit, const std::string& key, int tries, base::SteadyTime now) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += limit.take(key, 1, now) == 0 ? 1 : 0;
  return count;
}

TEST(RateLimit, lets_a_burst_pass_and_then_the_rate) {
  RateLimit limit({10, 20}, 1000);
  EXPECT_EQ(passed(limit, "a", 50, start), 20);
  EXPECT_EQ(passed(limit, "a", 50, start + milliseconds(500)), 5);
  EXPECT_EQ(passed(limit, "a", 50, start + seconds(1)), 5);
  EXPECT_EQ(passed(limit, "a", 50, start + seconds(100)), 20) << "a full bucket holds no more than the burst";
}

TEST(RateLimit, tells_how_long_to_wait) {
  RateLimit limit({0.1, 1}, 1000);
  EXPECT_EQ(limit.take("a", 1, start), 0);
  EXPECT_EQ(limit.take("a", 1, start + seconds(1)), 10);
  EXPECT_EQ(limit.take("a", 1, start + milliseconds(9500)), 1);
  EXPECT_EQ(limit.take("a", 1, start + seconds(10)), 0);
}

TEST(RateLimit, a_dear_request_takes_more) {
  RateLimit limit({10, 20}, 1000);
  EXPECT_EQ(limit.take("a", 10, start), 0);
  EXPECT_EQ(limit.take("a", 10, start), 0);
  EXPECT_GT(limit.take("a", 1, start), 0);
}

TEST(RateLimit, keys_have_buckets_of_their_own) {
  RateLimit limit({1, 2}, 100'000);
  for (int key = 0; key < 5000; ++key) EXPECT_EQ(passed(limit, std::to_string(key), 1, start), 1);
  for (int key = 0; key < 5000; ++key) EXPECT_EQ(passed(limit, std::to_string(key), 3, start), 1) << key;
}

TEST(RateLimit, keeps_what_is_not_full_when_it_makes_room) {
  RateLimit limit({1, 100}, 6400);  // a hundred a shard
  EXPECT_EQ(passed(limit, "a", 100, start), 100);
  for (int key = 0; key < 3000; ++key) (void)limit.take("early" + std::to_string(key), 1, start);
  const base::SteadyTime later = start + seconds(2);  // what took one request is full again
  for (int key = 0; key < 3000; ++key) (void)limit.take("late" + std::to_string(key), 1, later);
  EXPECT_EQ(passed(limit, "a", 100, later), 2);
}

TEST(RateLimit, holds_a_new_key_to_its_rate_where_all_room_is_taken) {
  RateLimit limit({1, 20}, 6400);
  for (int key = 0; key < 50'000; ++key) (void)limit.take(std::to_string(key), 1, start);
  for (int key = 0; key < 1000; ++key) EXPECT_EQ(passed(limit, "new" + std::to_string(key), 50, start), 20) << key;
}

TEST(RateLimit, forgets_those_who_asked_for_little_before_those_who_ask_for_much) {
  RateLimit limit({1, 20}, 6400);
  for (int key = 0; key < 500; ++key) EXPECT_EQ(passed(limit, "much" + std::to_string(key), 50, start), 20);
  for (int key = 0; key < 100'000; ++key) (void)limit.take(std::to_string(key), 1, start);
  int let_go = 0;
  for (int key = 0; key < 500; ++key) let_go += limit.take("much" + std::to_string(key), 1, start) == 0 ? 1 : 0;
  EXPECT_EQ(let_go, 0);
}

TEST(RateLimit, has_room_for_one_key_a_shard_at_least) {
  RateLimit limit({1, 2}, 1);
  for (int key = 0; key < 1000; ++key) EXPECT_EQ(passed(limit, std::to_string(key), 5, start), 2) << key;
}

}  // namespace
}  // namespace zl::http
