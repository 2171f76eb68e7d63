#include "app/login_throttle.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/manual_clock.hpp"

namespace zl::app {
namespace {

using std::chrono::milliseconds;

class LoginThrottleTest : public testing::Test {
 protected:
  /// Seconds to wait before this login may be tried; 0 where it may be now.
  int wait_s(const std::string& username, const std::string& address) {
    const auto begun = throttle.begin(username, address);
    return begun ? 0 : begun.refused().retry_after_s;
  }
  void fail(const std::string& username, const std::string& address, int times) {
    for (int i = 0; i < times; ++i) {
      auto begun = throttle.begin(username, address);
      ASSERT_TRUE(begun);
      begun->failed();
    }
  }

  test::ManualClock clock;
  LoginThrottle throttle{{3, 6, milliseconds(60'000), 4}, clock};
};

TEST_F(LoginThrottleTest, lets_a_few_failures_pass) {
  EXPECT_EQ(wait_s("admin", "a"), 0);
  fail("admin", "a", 2);
  EXPECT_EQ(wait_s("admin", "a"), 0);
}

TEST_F(LoginThrottleTest, makes_an_account_wait_for_its_window_from_any_address) {
  fail("admin", "a", 3);
  EXPECT_EQ(wait_s("admin", "a"), 60);
  EXPECT_EQ(wait_s("admin", "elsewhere"), 60);
  EXPECT_EQ(wait_s("other", "a"), 0);
  clock.advance(milliseconds(59'001));
  EXPECT_EQ(wait_s("admin", "a"), 1);
  clock.advance(milliseconds(999));
  EXPECT_EQ(wait_s("admin", "a"), 0);
}

TEST_F(LoginThrottleTest, makes_an_address_wait_whatever_name_it_tries) {
  for (const char* name : {"a", "b", "c"}) fail(name, "attacker", 2);
  EXPECT_EQ(wait_s("never tried", "attacker"), 60);
  EXPECT_EQ(wait_s("a", "elsewhere"), 0);
}

TEST_F(LoginThrottleTest, counts_those_under_way_so_that_no_more_than_may_fail_at_once) {
  std::vector<base::Outcome<LoginThrottle::Try>> begun;
  begun.reserve(40);
  for (int i = 0; i < 40; ++i) begun.push_back(throttle.begin("admin", "a"));
  for (int i = 0; i < 40; ++i) EXPECT_EQ(begun[static_cast<std::size_t>(i)].is_done(), i < 3) << i;
  EXPECT_EQ(begun[3].refused().code, base::Code::too_many_requests);
  EXPECT_EQ(begun[3].refused().retry_after_s, 1) << "they may all turn out to be right";
  for (int i = 0; i < 3; ++i) begun[static_cast<std::size_t>(i)]->failed();
  EXPECT_EQ(wait_s("admin", "a"), 60);
}

TEST_F(LoginThrottleTest, counts_those_under_way_of_an_address_over_all_names) {
  std::vector<base::Outcome<LoginThrottle::Try>> begun;
  for (const char* name : {"a", "b", "c"}) {
    for (int i = 0; i < 2; ++i) begun.push_back(throttle.begin(name, "attacker"));
  }
  EXPECT_EQ(wait_s("d", "attacker"), 1);
  begun.clear();
  EXPECT_EQ(wait_s("d", "attacker"), 0);
}

TEST_F(LoginThrottleTest, gives_a_try_back_that_got_no_answer) {
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(throttle.begin("admin", "a"));
  fail("admin", "a", 2);
  EXPECT_TRUE(throttle.begin("admin", "a"));
  EXPECT_EQ(wait_s("admin", "a"), 0);
}

TEST_F(LoginThrottleTest, starts_a_new_window_after_the_old_one) {
  fail("admin", "a", 2);
  clock.advance(milliseconds(60'001));
  fail("admin", "a", 2);
  EXPECT_EQ(wait_s("admin", "a"), 0);
  fail("admin", "a", 1);
  EXPECT_EQ(wait_s("admin", "a"), 60);
}

TEST_F(LoginThrottleTest, counts_in_the_new_window_what_began_in_the_old_one_and_fails) {
  fail("admin", "a", 1);
  auto begun = throttle.begin("admin", "a");
  clock.advance(milliseconds(60'001));
  fail("admin", "a", 1);
  begun->failed();
  EXPECT_EQ(wait_s("admin", "a"), 0);
  fail("admin", "a", 1);
  EXPECT_EQ(wait_s("admin", "a"), 60);
}

TEST_F(LoginThrottleTest, forgives_an_account_that_logged_in_but_not_the_address) {
  fail("admin", "a", 2);
  throttle.begin("admin", "b")->succeeded();
  fail("admin", "a", 2);
  fail("other", "a", 2);
  EXPECT_EQ(wait_s("admin", "b"), 0);
  EXPECT_EQ(wait_s("admin", "a"), 60);
}

TEST_F(LoginThrottleTest, forgives_nothing_to_those_still_under_way) {
  auto one = throttle.begin("admin", "a");
  auto other = throttle.begin("admin", "a");
  throttle.begin("admin", "b")->succeeded();
  EXPECT_TRUE(throttle.begin("admin", "b"));
  one->failed();
  other->failed();
  fail("admin", "a", 1);
  EXPECT_EQ(wait_s("admin", "b"), 60);
}

TEST_F(LoginThrottleTest, forgets_the_oldest_window_beyond_its_bound) {
  for (const char* name : {"first", "second", "third", "fourth", "fifth"}) {
    fail(name, name, 3);
    clock.advance(milliseconds(10));
  }
  for (const char* name : {"second", "third", "fourth", "fifth"}) EXPECT_EQ(wait_s(name, name), 60) << name;
  EXPECT_EQ(wait_s("first", "first"), 0);
}

TEST_F(LoginThrottleTest, outlives_the_forgetting_of_a_window_whose_try_is_under_way) {
  auto begun = throttle.begin("first", "first");
  for (const char* name : {"second", "third", "fourth", "fifth"}) fail(name, name, 1);
  begun->failed();
  fail("first", "first", 2);
  EXPECT_EQ(wait_s("first", "first"), 60);
}

}  // namespace
}  // namespace zl::app
