#include "runtime/blocking_pool.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <semaphore>
#include <stdexcept>

#include "unit/runtime/support.hpp"

namespace zl::runtime {
namespace {

using base::Code;
using base::Outcome;
using test::eventually;
using test::long_wait;
using test::start_on;
using Flag = std::binary_semaphore;

Outcome<int> answer() {
  return 42;
}

/// Keeps the pool's thread busy until it is released.
struct Block {
  Flag& entered;
  Flag& release;
  Outcome<int> operator()() const {
    entered.release();
    release.acquire();
    return 1;
  }
};

class BlockingPoolTest : public testing::Test {
 protected:
  BlockingPoolTest() { loops_.start(); }

  base::SteadyTime later() const { return clock_.steady_now() + long_wait; }

  test::ManualClock clock_;
  Loops loops_{2};
  BlockingPool pool_{"test", 1, 2, clock_};
};

boost::asio::awaitable<std::pair<std::size_t, std::size_t>> loop_before_and_after(BlockingPool& pool,
                                                                                  base::SteadyTime deadline) {
  const std::size_t before = Loops::current();
  auto work = []() -> Outcome<bool> { return Loops::on_loop(); };
  const Outcome<bool> ran_on_loop = co_await pool.run(std::move(work), deadline);
  if (!ran_on_loop || *ran_on_loop) throw std::logic_error("the call did not run on a thread of the pool");
  co_return std::pair(before, Loops::current());
}

TEST_F(BlockingPoolTest, runs_elsewhere_and_resumes_on_the_callers_loop) {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    EXPECT_EQ(start_on(loops_, i, loop_before_and_after(pool_, later())).get(), std::pair(i, i));
  }
}

TEST_F(BlockingPoolTest, moves_calls_and_results_that_cannot_be_copied) {
  auto call = [held = std::make_unique<int>(7)]() mutable -> Outcome<std::unique_ptr<int>> { return std::move(held); };
  auto result = start_on(loops_, 0, pool_.run(std::move(call), later())).get();
  ASSERT_TRUE(result);
  EXPECT_EQ(**result, 7);
}

TEST_F(BlockingPoolTest, passes_refusals_and_unknown_outcomes_on) {
  auto refuse = []() -> Outcome<int> { return Code::sold_out; };
  auto lose = []() -> Outcome<int> { return base::Unknown{"connection lost"}; };
  EXPECT_EQ(start_on(loops_, 0, pool_.run(refuse, later())).get().refused().code, Code::sold_out);
  EXPECT_EQ(start_on(loops_, 0, pool_.run(lose, later())).get().unknown().cause, "connection lost");
}

TEST_F(BlockingPoolTest, rethrows_what_the_call_throws) {
  auto fail = []() -> Outcome<int> { throw std::runtime_error("broken"); };
  auto failed = start_on(loops_, 0, pool_.run(fail, later()));
  EXPECT_THROW(static_cast<void>(failed.get()), std::runtime_error);
  EXPECT_EQ(*start_on(loops_, 0, pool_.run(answer, later())).get(), 42);
}

TEST_F(BlockingPoolTest, refuses_at_once_beyond_its_queue) {
  Flag entered{0};
  Flag release{0};
  auto running = start_on(loops_, 0, pool_.run(Block{entered, release}, later()));
  entered.acquire();
  EXPECT_EQ(pool_.busy(), 1U);
  auto first = start_on(loops_, 0, pool_.run(answer, later()));
  auto second = start_on(loops_, 1, pool_.run(answer, later()));
  ASSERT_TRUE(eventually([&] { return pool_.queued() == 2; }));

  EXPECT_EQ(start_on(loops_, 0, pool_.run(answer, later())).get().refused().code, Code::overloaded);

  release.release();
  EXPECT_TRUE(running.get() && first.get() && second.get());
  EXPECT_EQ(pool_.queued(), 0U);
}

TEST_F(BlockingPoolTest, a_deadline_that_passes_in_the_queue_is_refused_while_the_threads_are_still_busy) {
  Flag entered{0};
  Flag release{0};
  std::atomic<bool> ran = false;
  auto note = [&ran]() -> Outcome<int> {
    ran = true;
    return 1;
  };
  auto running = start_on(loops_, 0, pool_.run(Block{entered, release}, later()));
  entered.acquire();
  auto late = start_on(loops_, 0, pool_.run(note, clock_.steady_now() + base::Milliseconds(50)));
  auto patient = start_on(loops_, 1, pool_.run(answer, later() + long_wait));
  ASSERT_TRUE(eventually([&] { return pool_.queued() == 2; }));

  clock_.advance(base::Milliseconds(50));
  EXPECT_EQ(late.get().refused().code, Code::overloaded);

  release.release();
  EXPECT_TRUE(running.get());
  EXPECT_EQ(*patient.get(), 42);
  EXPECT_FALSE(ran);
}

TEST_F(BlockingPoolTest, a_call_that_runs_is_waited_for_beyond_its_deadline) {
  Flag entered{0};
  Flag release{0};
  auto running = start_on(loops_, 0, pool_.run(Block{entered, release}, clock_.steady_now() + base::Milliseconds(1)));
  entered.acquire();
  clock_.advance(long_wait);
  release.release();
  EXPECT_EQ(*running.get(), 1);
}

TEST_F(BlockingPoolTest, refuses_a_deadline_that_has_passed_already) {
  EXPECT_EQ(start_on(loops_, 0, pool_.run(answer, clock_.steady_now())).get().refused().code, Code::overloaded);
}

TEST_F(BlockingPoolTest, stop_finishes_what_is_queued_and_takes_no_more) {
  Flag entered{0};
  Flag release{0};
  auto running = start_on(loops_, 0, pool_.run(Block{entered, release}, later()));
  entered.acquire();
  auto queued = start_on(loops_, 0, pool_.run(answer, later()));
  ASSERT_TRUE(eventually([&] { return pool_.queued() == 1; }));
  release.release();

  pool_.stop();

  EXPECT_TRUE(running.get());
  EXPECT_EQ(*queued.get(), 42);
  EXPECT_EQ(start_on(loops_, 0, pool_.run(answer, later())).get().refused().code, Code::overloaded);
}

TEST_F(BlockingPoolTest, every_thread_runs_its_hooks) {
  std::atomic<int> started = 0;
  std::atomic<int> ended = 0;
  BlockingPool pool("hooks", 3, 1, clock_, ThreadHooks{[&] { ++started; }, [&] { ++ended; }});
  pool.stop();
  EXPECT_EQ(started, 3);
  EXPECT_EQ(ended, 3);
}

boost::asio::awaitable<int> sum_of_calls(BlockingPool& pool, int calls, base::SteadyTime deadline) {
  int sum = 0;
  for (int i = 0; i < calls; ++i) {
    auto call = [i]() -> Outcome<int> { return i; };
    const auto result = co_await pool.run(std::move(call), deadline);
    if (result) sum += *result;
  }
  co_return sum;
}

TEST_F(BlockingPoolTest, serves_many_coroutines_of_several_loops_at_once) {
  BlockingPool pool("many", 2, 64, clock_);
  std::vector<std::future<int>> sums;
  sums.reserve(8);
  for (std::size_t i = 0; i < 8; ++i) sums.push_back(start_on(loops_, i % 2, sum_of_calls(pool, 200, later())));
  for (auto& sum : sums) EXPECT_EQ(sum.get(), 199 * 200 / 2);
}

}  // namespace
}  // namespace zl::runtime
