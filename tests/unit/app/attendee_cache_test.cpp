#include "app/attendee_cache.hpp"

#include <gtest/gtest.h>

#include "support/samples.hpp"

namespace zl::app {
namespace {

using test::id_of;

AttendeeFacts facts(std::uint64_t number, const char* birth_date = "2016-07-06") {
  return {id_of<base::AttendeeId>(number), *base::parse_date(birth_date), {id_of<base::UserId>(number)}};
}

std::optional<base::Date> found(const AttendeeCache& cache, std::uint64_t number) {
  return cache.birth_date(id_of<base::AttendeeId>(number), id_of<base::UserId>(number));
}

TEST(AttendeeCache, keeps_what_was_read) {
  AttendeeCache cache(100);
  EXPECT_EQ(found(cache, 1), std::nullopt);
  cache.keep(facts(1), cache.ticket(facts(1).id));
  EXPECT_EQ(found(cache, 1), facts(1).birth_date);
}

TEST(AttendeeCache, tells_guardians_only) {
  AttendeeCache cache(100);
  AttendeeFacts of_two = facts(1);
  of_two.guardians.push_back(id_of<base::UserId>(2));
  cache.keep(of_two, cache.ticket(of_two.id));
  EXPECT_TRUE(cache.birth_date(of_two.id, id_of<base::UserId>(1)));
  EXPECT_TRUE(cache.birth_date(of_two.id, id_of<base::UserId>(2)));
  EXPECT_FALSE(cache.birth_date(of_two.id, id_of<base::UserId>(3)));
}

TEST(AttendeeCache, replaces_what_was_read_before) {
  AttendeeCache cache(100);
  cache.keep(facts(1), cache.ticket(facts(1).id));
  cache.keep(facts(1, "2017-01-01"), cache.ticket(facts(1).id));
  EXPECT_EQ(found(cache, 1), base::parse_date("2017-01-01"));
}

TEST(AttendeeCache, does_not_keep_what_was_read_before_a_change) {
  AttendeeCache cache(100);
  const auto ticket = cache.ticket(facts(1).id);
  cache.forget(facts(1).id);
  cache.keep(facts(1), ticket);
  EXPECT_EQ(found(cache, 1), std::nullopt);
  cache.keep(facts(1), cache.ticket(facts(1).id));
  EXPECT_TRUE(found(cache, 1));
}

TEST(AttendeeCache, forgets_one_and_keeps_the_others) {
  AttendeeCache cache(1000);
  for (const std::uint64_t number : {1U, 2U}) cache.keep(facts(number), cache.ticket(facts(number).id));
  cache.forget(facts(1).id);
  EXPECT_FALSE(found(cache, 1));
  EXPECT_TRUE(found(cache, 2));
}

TEST(AttendeeCache, never_holds_more_than_a_shards_share_of_one_shard) {
  AttendeeCache cache(640);  // ten and one a shard; these ids all fall into one
  for (std::uint64_t number = 1; number <= 100; ++number) cache.keep(facts(number), cache.ticket(facts(number).id));
  int kept = 0;
  for (std::uint64_t number = 1; number <= 100; ++number) kept += found(cache, number) ? 1 : 0;
  EXPECT_EQ(kept, 11);
  EXPECT_TRUE(found(cache, 100)) << "the newest is in";
}

}  // namespace
}  // namespace zl::app
