#include "runtime/guard.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <type_traits>
#include <vector>

namespace zl::runtime {
namespace {

static_assert(std::is_nothrow_move_constructible_v<CountGuard>);
static_assert(!std::is_copy_constructible_v<CountGuard> && !std::is_move_assignable_v<CountGuard>);

TEST(BoundedCount, gives_no_more_places_than_its_limit_and_takes_them_back) {
  BoundedCount count(2);
  const auto first = count.try_take();
  {
    const auto second = count.try_take();
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(count.try_take());
    EXPECT_EQ(count.value(), 2U);
  }
  EXPECT_EQ(count.value(), 1U);
  EXPECT_TRUE(count.try_take());
}

TEST(BoundedCount, a_place_that_moves_is_given_back_once) {
  BoundedCount count(2);
  {
    auto place = count.try_take();
    const CountGuard moved = *std::move(place);
    EXPECT_EQ(count.value(), 1U);
  }
  EXPECT_EQ(count.value(), 0U);
}

TEST(BoundedCount, holds_its_limit_against_many_threads) {
  BoundedCount count(3);
  std::atomic<bool> exceeded = false;
  std::vector<std::thread> threads;
  threads.reserve(6);
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        const auto place = count.try_take();
        if (count.value() > 3) exceeded = true;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(exceeded);
  EXPECT_EQ(count.value(), 0U);
}

}  // namespace
}  // namespace zl::runtime
