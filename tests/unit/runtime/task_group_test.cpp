#include "runtime/task_group.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "runtime/event.hpp"
#include "unit/runtime/support.hpp"

namespace zl::runtime {
namespace {

using test::eventually;
using test::long_wait;
using test::start_on;

class TaskGroupTest : public testing::Test {
 protected:
  TaskGroupTest() { loops_.start(); }

  bool join(TaskGroup& group, base::Milliseconds timeout = long_wait) {
    return start_on(loops_, 1, group.join(timeout)).get();
  }

  Loops loops_{2};
};

boost::asio::awaitable<void> count_up(std::atomic<int>& count) {
  ++count;
  co_return;
}

boost::asio::awaitable<void> fail() {
  throw std::runtime_error("task broke");
  co_return;
}

boost::asio::awaitable<void> fail_first(std::atomic<int>& begun) {
  if (++begun == 1) throw std::runtime_error("task broke");
  co_return;
}

boost::asio::awaitable<void> wait_for(Event& event) {
  co_await event.wait(long_wait);
}

boost::asio::awaitable<void> sleep_until_stopped(TaskGroup& group, std::atomic<int>& sleeps) {
  while (!group.stopping()) {
    ++sleeps;
    co_await group.sleeper().sleep_for(long_wait);
  }
}

boost::asio::awaitable<void> note_loop(std::atomic<std::size_t>& loop) {
  loop = Loops::current();
  co_return;
}

TEST_F(TaskGroupTest, join_waits_for_all_tasks) {
  TaskGroup group(loops_.executor(0));
  std::atomic<int> count = 0;
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(group.spawn(count_up(count), "count"));
  EXPECT_TRUE(join(group));
  EXPECT_EQ(count, 50);
  EXPECT_EQ(group.running(), 0U);
}

TEST_F(TaskGroupTest, join_gives_up_at_its_timeout_while_a_task_runs) {
  TaskGroup group(loops_.executor(0));
  Event event;
  group.spawn(wait_for(event), "wait");
  EXPECT_FALSE(join(group, base::Milliseconds(1)));
  event.set();
  EXPECT_TRUE(join(group));
}

TEST_F(TaskGroupTest, a_task_that_throws_ends_alone) {
  TaskGroup group(loops_.executor(0));
  std::atomic<int> count = 0;
  group.spawn(fail(), "fail");
  group.spawn(count_up(count), "count");
  EXPECT_TRUE(join(group));
  EXPECT_EQ(count, 1);
}

TEST_F(TaskGroupTest, a_task_for_good_begins_anew_after_it_threw) {
  TaskGroup group(loops_.executor(0));
  std::atomic<int> begun = 0;
  EXPECT_TRUE(group.spawn_for_good([&begun] { return fail_first(begun); }, "fail first"));
  EXPECT_TRUE(join(group));
  EXPECT_EQ(begun, 2);
}

TEST_F(TaskGroupTest, a_task_for_good_does_not_begin_anew_once_the_group_stops) {
  TaskGroup group(loops_.executor(0));
  std::atomic<int> begun = 0;
  EXPECT_TRUE(group.spawn_for_good([&begun] { return fail_first(begun); }, "fail first"));
  ASSERT_TRUE(eventually([&] { return begun == 1; }));
  group.stop();
  EXPECT_TRUE(join(group));
  EXPECT_EQ(begun, 1);
  EXPECT_FALSE(group.spawn_for_good([&begun] { return fail_first(begun); }, "late"));
}

TEST_F(TaskGroupTest, stop_ends_sleeps_early_and_takes_no_more_tasks) {
  TaskGroup group(loops_.executor(0));
  std::atomic<int> sleeps = 0;
  for (int i = 0; i < 3; ++i) group.spawn(sleep_until_stopped(group, sleeps), "sleep");
  ASSERT_TRUE(eventually([&] { return sleeps == 3; }));

  group.stop();

  EXPECT_TRUE(group.stopping());
  EXPECT_TRUE(join(group));
  EXPECT_FALSE(group.spawn(count_up(sleeps), "late"));
  EXPECT_EQ(sleeps, 3);
}

TEST_F(TaskGroupTest, holds_no_more_tasks_than_its_limit) {
  TaskGroup group(loops_.executor(0), 1);
  Event event;
  EXPECT_TRUE(group.spawn(wait_for(event), "first"));
  EXPECT_FALSE(group.spawn(wait_for(event), "second"));
  event.set();
  EXPECT_TRUE(join(group));
  EXPECT_TRUE(group.spawn(wait_for(event), "third"));
  EXPECT_TRUE(join(group));
}

TEST_F(TaskGroupTest, tasks_run_on_the_loop_that_was_asked_for) {
  TaskGroup group(loops_.executor(0));
  std::atomic<std::size_t> own = 9;
  std::atomic<std::size_t> other = 9;
  group.spawn(note_loop(own), "own");
  group.spawn(loops_.executor(1), note_loop(other), "other");
  EXPECT_TRUE(join(group));
  EXPECT_EQ(own, 0U);
  EXPECT_EQ(other, 1U);
}

boost::asio::awaitable<void> sleep_without_asking(TaskGroup& group, Event& release) {
  while (!release.is_set()) co_await group.sleeper().sleep_for(long_wait);
}

TEST_F(TaskGroupTest, a_task_that_forgets_to_ask_leaves_its_loop_to_others) {
  TaskGroup group(loops_.executor(0));
  Event release;
  group.spawn(sleep_without_asking(group, release), "forgetful");
  group.stop();
  std::atomic<int> count = 0;
  start_on(loops_, 0, count_up(count)).get();
  EXPECT_EQ(count, 1);
  release.set();
  EXPECT_TRUE(join(group));
}

TEST_F(TaskGroupTest, takes_tasks_from_many_threads) {
  TaskGroup group(loops_.executor(0), 100'000);
  std::atomic<int> count = 0;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) group.spawn(loops_.executor(t % 2), count_up(count), "count");
    });
  }
  for (auto& thread : threads) thread.join();
  group.stop();
  EXPECT_TRUE(join(group));
  EXPECT_EQ(count, 2000);
}

TEST_F(TaskGroupTest, tasks_of_a_loop_that_ends_leave_the_group) {
  auto short_lived = std::make_unique<Loops>(1);
  TaskGroup group(short_lived->executor(0));
  Event event;
  EXPECT_TRUE(group.spawn(wait_for(event), "wait"));
  short_lived.reset();
  EXPECT_EQ(group.running(), 0U);
}

TEST_F(TaskGroupTest, a_plain_sleeper_sleeps_its_time) {
  AsioSleeper sleeper;
  const auto before = std::chrono::steady_clock::now();
  start_on(loops_, 0, sleeper.sleep_for(base::Milliseconds(5))).get();
  EXPECT_GE(std::chrono::steady_clock::now() - before, base::Milliseconds(5));
  start_on(loops_, 0, sleeper.sleep_for(base::Milliseconds(0))).get();
}

}  // namespace
}  // namespace zl::runtime
