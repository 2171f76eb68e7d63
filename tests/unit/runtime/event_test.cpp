#include "runtime/event.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "unit/runtime/support.hpp"

namespace zl::runtime {
namespace {

using test::eventually;
using test::long_wait;
using test::start_on;

struct Woken {
  bool set = false;
  std::size_t loop = 0;
};

boost::asio::awaitable<Woken> wait_and_tell_loop(Event& event, base::Milliseconds timeout) {
  const bool set = co_await event.wait(timeout);
  co_return Woken{set, Loops::current()};
}

class EventTest : public testing::Test {
 protected:
  EventTest() { loops_.start(); }

  Loops loops_{2};
};

TEST_F(EventTest, wakes_waiters_on_their_own_loops) {
  Event event;
  auto first = start_on(loops_, 0, wait_and_tell_loop(event, long_wait));
  auto second = start_on(loops_, 1, wait_and_tell_loop(event, long_wait));
  ASSERT_TRUE(eventually([&] { return event.waiting() == 2; }));

  event.set();

  const Woken on_first = first.get();
  const Woken on_second = second.get();
  EXPECT_TRUE(on_first.set && on_second.set);
  EXPECT_EQ(on_first.loop, 0U);
  EXPECT_EQ(on_second.loop, 1U);
  EXPECT_EQ(event.waiting(), 0U);
}

TEST_F(EventTest, lets_everybody_pass_while_set) {
  Event event;
  event.set();
  EXPECT_TRUE(start_on(loops_, 0, event.wait(base::Milliseconds(0))).get());
  event.reset();
  EXPECT_FALSE(start_on(loops_, 0, event.wait(base::Milliseconds(0))).get());
}

TEST_F(EventTest, gives_up_at_the_timeout) {
  Event event;
  EXPECT_FALSE(start_on(loops_, 0, event.wait(base::Milliseconds(1))).get());
  EXPECT_EQ(event.waiting(), 0U);
}

TEST_F(EventTest, refuses_waiters_beyond_its_limit) {
  Event event(1);
  auto admitted = start_on(loops_, 0, event.wait(long_wait));
  ASSERT_TRUE(eventually([&] { return event.waiting() == 1; }));

  EXPECT_FALSE(start_on(loops_, 1, event.wait(long_wait)).get());

  event.set();
  EXPECT_TRUE(admitted.get());
}

TEST_F(EventTest, a_reset_right_after_the_set_still_wakes) {
  Event event;
  auto waiter = start_on(loops_, 0, event.wait(long_wait));
  ASSERT_TRUE(eventually([&] { return event.waiting() == 1; }));
  event.set();
  event.reset();
  EXPECT_TRUE(waiter.get());
}

TEST_F(EventTest, destroying_it_sends_its_waiters_away) {
  auto event = std::make_unique<Event>();
  auto waiter = start_on(loops_, 0, event->wait(long_wait));
  ASSERT_TRUE(eventually([&] { return event->waiting() == 1; }));
  event.reset();
  EXPECT_FALSE(waiter.get());
}

TEST_F(EventTest, waits_for_ever_without_overflowing) {
  Event event;
  auto waiter = start_on(loops_, 0, event.wait(base::Milliseconds::max()));
  ASSERT_TRUE(eventually([&] { return event.waiting() == 1; }));
  event.set();
  EXPECT_TRUE(waiter.get());
}

TEST_F(EventTest, a_loop_that_ends_takes_its_waiters_with_it) {
  Event event;
  {
    Loops short_lived(1);
    boost::asio::co_spawn(short_lived.executor(0), event.wait(long_wait), [](const std::exception_ptr&, bool) {});
    short_lived.start();
    ASSERT_TRUE(eventually([&] { return event.waiting() == 1; }));
  }
  EXPECT_EQ(event.waiting(), 0U);
  event.set();
}

boost::asio::awaitable<int> count_sets(Event& event, int rounds) {
  int seen = 0;
  for (int i = 0; i < rounds; ++i) {
    if (co_await event.wait(base::Milliseconds(1))) ++seen;
  }
  co_return seen;
}

TEST_F(EventTest, survives_sets_resets_and_timeouts_from_many_threads) {
  Event event;
  auto first = start_on(loops_, 0, count_sets(event, 300));
  auto second = start_on(loops_, 1, count_sets(event, 300));
  std::atomic<bool> done = false;
  std::thread setter([&] {
    while (!done) {
      event.set();
      event.reset();
    }
  });
  EXPECT_GE(first.get() + second.get(), 0);
  done = true;
  setter.join();
  EXPECT_EQ(event.waiting(), 0U);
}

}  // namespace
}  // namespace zl::runtime
