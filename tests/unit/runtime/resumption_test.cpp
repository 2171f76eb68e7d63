#include "runtime/resumption.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "unit/runtime/support.hpp"

namespace zl::runtime {
namespace {

using test::start_on;

TEST(Resumption, resumes_with_a_value_from_another_thread) {
  Loops loops(1);
  loops.start();
  std::thread other;
  auto result = start_on(
      loops, 0, suspend<std::unique_ptr<int>>([&other](Resumption<std::unique_ptr<int>> resume) {
        other = std::thread([resume = std::move(resume)]() mutable { std::move(resume)(std::make_unique<int>(5)); });
      }));
  EXPECT_EQ(*result.get(), 5);
  other.join();
}

TEST(Resumption, may_resume_at_once) {
  Loops loops(1);
  loops.start();
  EXPECT_EQ(start_on(loops, 0, suspend<int>([](Resumption<int> resume) { std::move(resume)(3); })).get(), 3);
}

TEST(Resumption, keeps_the_loop_running_while_a_coroutine_waits) {
  Loops loops(1);
  std::promise<Resumption<int>> handed_out;
  auto result = start_on(
      loops, 0, suspend<int>([&handed_out](Resumption<int> resume) { handed_out.set_value(std::move(resume)); }));
  loops.start();
  auto resume = handed_out.get_future().get();
  std::thread joining([&loops] { loops.join(); });
  std::move(resume)(8);
  joining.join();
  EXPECT_EQ(result.get(), 8);
}

}  // namespace
}  // namespace zl::runtime
