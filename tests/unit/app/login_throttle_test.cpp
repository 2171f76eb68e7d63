#include "app/login_throttle.hpp"

#include <gtest/gtest.h>

#include "support/manual_clock.hpp"

namespace zl::app {
namespace {

using std::chrono::milliseconds;

class LoginThrottleTest : public testing::Test {
 protected:
  void fail(const std::string& username, const std::string& address, int times) {
    for (int i = 0; i < times; ++i) throttle.failed(username, address);
  }

  test::ManualClock clock;
  LoginThrottle throttle{{3, 6, milliseconds(60'000), 4}, clock};
};

TEST_F(LoginThrottleTest, lets_a_few_failures_pass) {
  EXPECT_EQ(throttle.wait_s("admin", "a"), 0);
  fail("admin", "a", 2);
  EXPECT_EQ(throttle.wait_s("admin", "a"), 0);
}

TEST_F(LoginThrottleTest, makes_an_account_wait_for_its_window_from_any_address) {
  fail("admin", "a", 3);
  EXPECT_EQ(throttle.wait_s("admin", "a"), 60);
  EXPECT_EQ(throttle.wait_s("admin", "elsewhere"), 60);
  EXPECT_EQ(throttle.wait_s("other", "a"), 0);
  clock.advance(milliseconds(59'001));
  EXPECT_EQ(throttle.wait_s("admin", "a"), 1);
  clock.advance(milliseconds(999));
  EXPECT_EQ(throttle.wait_s("admin", "a"), 0);
}

TEST_F(LoginThrottleTest, makes_an_address_wait_whatever_name_it_tries) {
  for (const char* name : {"a", "b", "c"}) fail(name, "attacker", 2);
  EXPECT_EQ(throttle.wait_s("never tried", "attacker"), 60);
  EXPECT_EQ(throttle.wait_s("a", "elsewhere"), 0);
}

TEST_F(LoginThrottleTest, starts_a_new_window_after_the_old_one) {
  fail("admin", "a", 2);
  clock.advance(milliseconds(60'001));
  fail("admin", "a", 2);
  EXPECT_EQ(throttle.wait_s("admin", "a"), 0);
  fail("admin", "a", 1);
  EXPECT_EQ(throttle.wait_s("admin", "a"), 60);
}

TEST_F(LoginThrottleTest, forgives_an_account_that_logged_in_but_not_the_address) {
  fail("admin", "a", 3);
  throttle.succeeded("admin");
  EXPECT_EQ(throttle.wait_s("admin", "b"), 0);
  fail("other", "a", 3);
  EXPECT_EQ(throttle.wait_s("admin", "a"), 60);
}

TEST_F(LoginThrottleTest, forgets_the_oldest_window_beyond_its_bound) {
  for (const char* name : {"first", "second", "third", "fourth", "fifth"}) {
    fail(name, name, 3);
    clock.advance(milliseconds(10));
  }
  EXPECT_EQ(throttle.wait_s("first", "-"), 0);
  for (const char* name : {"second", "third", "fourth", "fifth"}) EXPECT_EQ(throttle.wait_s(name, "-"), 60) << name;
}

}  // namespace
}  // namespace zl::app
