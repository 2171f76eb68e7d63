#include "base/memo.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace zl::base {
namespace {

TEST(Memo, gives_everybody_the_same) {
  const Memo<int> memo;
  std::atomic<int> made = 0;
  std::vector<const int*> got(4);
  std::vector<std::thread> askers;
  askers.reserve(got.size());
  for (const int*& mine : got) {
    askers.emplace_back([&] { mine = &memo.get([&] { return ++made; }); });
  }
  for (std::thread& asker : askers) asker.join();
  EXPECT_EQ(got, std::vector<const int*>(4, got[0]));
  const int before = made;
  EXPECT_EQ(&memo.get([&] { return ++made; }), got[0]);
  EXPECT_EQ(made, before) << "it is made no more";
}

TEST(Memo, a_copy_makes_its_own) {
  const Memo<int> memo;
  EXPECT_EQ(memo.get([] { return 1; }), 1);
  EXPECT_EQ(Memo<int>(memo).get([] { return 2; }), 2);
  EXPECT_EQ(memo.get([] { return 3; }), 1);
}

TEST(Memo, keeps_nothing_where_making_failed) {
  const Memo<int> memo;
  EXPECT_THROW((void)memo.get([]() -> int { throw std::runtime_error("no"); }), std::runtime_error);
  EXPECT_EQ(memo.get([] { return 2; }), 2);
}

}  // namespace
}  // namespace zl::base
