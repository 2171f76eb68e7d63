// Logins on their way to the chat platform and back, on a real database.
#include "store/mysql/login_states.hpp"

#include <gtest/gtest.h>

#include "runtime/sha256.hpp"
#include "store/mysql/retention.hpp"
#include "store_harness.hpp"

namespace zl::test {
namespace {

using app::LoginReturn;
using base::Outcome;

class LoginStatesTest : public StoreTest {
 protected:
  static constexpr base::Milliseconds lifetime{600'000};

  Outcome<base::Done> begin(const base::LoginId& id, const std::string& browser, const std::string& address,
                            bool is_restart = false, std::size_t limit = 100) {
    app::LoginStart start{id, runtime::sha256(browser), address, "/page", is_restart};
    return wait(states_->begin(std::move(start), limit, lifetime));
  }
  LoginReturn take(const base::LoginId& id, const std::string& browser) {
    return wait(states_->take(id, runtime::sha256(browser), lifetime)).value();
  }
  void age(const base::LoginId& id, std::int64_t by_ms) {
    connection_.execute(
        mysql::sql("UPDATE login_states SET created_at_ms = created_at_ms - ? WHERE state = ?", by_ms, id));
  }

  const std::unique_ptr<app::LoginStates> states_ = mysql::create_login_states(pool_);
};

TEST_F(LoginStatesTest, a_state_is_good_once_in_its_own_browser) {
  const auto id = new_id<base::LoginId>();
  ASSERT_TRUE(begin(id, "mine", "10.0.0.1"));
  EXPECT_EQ(take(id, "other").fate, LoginReturn::Fate::foreign);
  EXPECT_EQ(take(new_id<base::LoginId>(), "mine").fate, LoginReturn::Fate::foreign);
  const auto back = take(id, "mine");
  EXPECT_EQ(back.fate, LoginReturn::Fate::good);
  EXPECT_EQ(back.return_to, "/page");
  EXPECT_EQ(take(id, "mine").fate, LoginReturn::Fate::spent);
}

TEST_F(LoginStatesTest, of_many_who_bring_it_back_at_once_one_is_good) {
  const auto id = new_id<base::LoginId>();
  ASSERT_TRUE(begin(id, "mine", "10.0.0.1"));
  constexpr std::size_t windows = 20;
  std::vector<asio::awaitable<Outcome<LoginReturn>>> calls;
  calls.reserve(windows);
  for (std::size_t i = 0; i < windows; ++i) calls.push_back(states_->take(id, runtime::sha256("mine"), lifetime));
  int good = 0;
  for (auto& back : all(std::move(calls))) good += back.value().fate == LoginReturn::Fate::good ? 1 : 0;
  EXPECT_EQ(good, 1);
}

TEST_F(LoginStatesTest, an_old_state_is_spent) {
  const auto id = new_id<base::LoginId>();
  ASSERT_TRUE(begin(id, "mine", "10.0.0.1"));
  age(id, lifetime.count() + 1);
  EXPECT_EQ(take(id, "mine").fate, LoginReturn::Fate::spent);
}

TEST_F(LoginStatesTest, a_restart_is_remembered_for_a_minute_and_for_its_browser_alone) {
  const auto browser = new_id<base::LoginId>().hex();
  const auto restarted = new_id<base::LoginId>();
  ASSERT_TRUE(begin(restarted, browser, "10.0.0.1", true));
  const auto later = new_id<base::LoginId>();
  ASSERT_TRUE(begin(later, browser, "10.0.0.1"));
  EXPECT_TRUE(take(later, browser).restarted_lately);
  const auto others = new_id<base::LoginId>();
  ASSERT_TRUE(begin(others, "another browser", "10.0.0.1"));
  EXPECT_FALSE(take(others, "another browser").restarted_lately);
  age(restarted, app::LoginStates::restart_interval.count() + 1);
  EXPECT_FALSE(take(restarted, browser).restarted_lately);
}

TEST_F(LoginStatesTest, an_address_has_so_many_out_and_what_came_back_or_is_old_does_not_count) {
  const std::string address = "10.1.1.1";
  const auto first = new_id<base::LoginId>();
  const auto second = new_id<base::LoginId>();
  ASSERT_TRUE(begin(first, "a", address, false, 2));
  ASSERT_TRUE(begin(second, "b", address, false, 2));
  EXPECT_EQ(begin(new_id<base::LoginId>(), "c", address, false, 2).refused().code, base::Code::too_many_requests);
  EXPECT_TRUE(begin(new_id<base::LoginId>(), "c", "10.1.1.2", false, 2));
  EXPECT_EQ(take(first, "a").fate, LoginReturn::Fate::good);
  const auto third = new_id<base::LoginId>();
  EXPECT_TRUE(begin(third, "c", address, false, 2));
  EXPECT_EQ(begin(new_id<base::LoginId>(), "d", address, false, 2).refused().code, base::Code::too_many_requests);
  age(second, lifetime.count() + 1);
  EXPECT_TRUE(begin(new_id<base::LoginId>(), "d", address, false, 2));
}

TEST_F(LoginStatesTest, what_is_long_over_is_forgotten) {
  const auto retention = mysql::create_retention(pool_);
  const auto id = new_id<base::LoginId>();
  ASSERT_TRUE(begin(id, "mine", "10.0.0.9"));
  const auto kept = [&] { return number(mysql::sql("SELECT COUNT(*) FROM login_states WHERE state = ?", id)); };
  const auto begun_at = number(mysql::sql("SELECT created_at_ms FROM login_states WHERE state = ?", id));
  app::RetentionLimits limits;
  limits.logins_before = {static_cast<std::int64_t>(begun_at)};
  ASSERT_TRUE(wait(retention->purge(limits)));
  EXPECT_EQ(kept(), 1U);
  limits.logins_before = {static_cast<std::int64_t>(begun_at) + 1};
  ASSERT_TRUE(wait(retention->purge(limits)));
  EXPECT_EQ(kept(), 0U);
}

}  // namespace
}  // namespace zl::test
