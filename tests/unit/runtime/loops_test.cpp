#include "runtime/loops.hpp"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <stdexcept>

#include "unit/runtime/support.hpp"

namespace zl::runtime {
namespace {

TEST(Loops, each_loop_knows_its_index) {
  Loops loops(3);
  loops.start();
  for (std::size_t i = 0; i < loops.size(); ++i) {
    std::promise<std::size_t> seen;
    boost::asio::post(loops.executor(i), [&seen] { seen.set_value(Loops::current()); });
    EXPECT_EQ(seen.get_future().get(), i);
  }
  EXPECT_FALSE(Loops::on_loop());
}

TEST(Loops, join_lets_what_was_posted_finish) {
  Loops loops(2);
  std::atomic<int> ran = 0;
  for (int i = 0; i < 100; ++i) {
    boost::asio::post(loops.executor(static_cast<std::size_t>(i % 2)), [&ran] { ++ran; });
  }
  loops.start();
  loops.join();
  EXPECT_EQ(ran, 100);
}

TEST(Loops, stop_ends_loops_that_have_work_left) {
  Loops loops(2);
  loops.start();
  loops.stop();
  loops.join();
}

TEST(LoopsDeathTest, an_exception_that_leaves_a_handler_ends_the_process) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Loops loops(1);
        boost::asio::post(loops.executor(0), [] { throw std::runtime_error("escaped"); });
        loops.start();
        loops.join();
      },
      "no exception leaves a handler");
}

TEST(LoopsDeathTest, a_thread_without_a_loop_has_no_index) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(Loops::current(), "this thread runs an event loop");
}

}  // namespace
}  // namespace zl::runtime
