// Staff logins and the throttle: which of them cost a try.
#include "app/sign_in.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "runtime/password.hpp"
#include "support/engine.hpp"
#include "support/fake_catalogue.hpp"

namespace zl::app {
namespace {

using base::Code;
using test::Fate;
using test::id_of;

class NoRandom final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override { std::ranges::fill(bytes, std::uint8_t{7}); }
};

/// Knows one account.
class OneAccount final : public test::FakeAccountStore {
 public:
  OneAccount(test::Trace& trace, AccountWithHash account)
      : FakeAccountStore(trace), find_calls(trace, "accounts.find"), account_(std::move(account)) {}

  Answer<std::optional<AccountWithHash>> find_by_username(const std::string& username) override {
    using Found = std::optional<AccountWithHash>;
    return test::serve<Found>(find_calls, [this, username] {
      return base::Outcome<Found>(username == account_.account.username ? Found(account_) : Found());
    });
  }

  test::Calls find_calls;

 private:
  AccountWithHash account_;
};

AccountWithHash admin() {
  AccountWithHash account;
  account.account.id = id_of<base::AccountId>(1);
  account.account.username = "admin";
  account.account.role = domain::Role::town_admin;
  account.password_hash = runtime::dummy_hash();
  return account;
}

class SignInTest : public testing::Test {
 protected:
  base::Outcome<SignedIn> log_in(const std::string& username) {
    const auto result = engine.start(sign_in.staff(username, "no password fits", "10.0.0.1"));
    wait_for(result);
    return **result;
  }
  /// A thread of the pool hashes meanwhile.
  void wait_for(const test::Eventual<base::Outcome<SignedIn>>& result) {
    for (; !*result; engine.settle()) std::this_thread::yield();
  }
  Code refused(const std::string& username = "admin") { return log_in(username).refused().code; }

  test::Engine engine;
  OneAccount accounts{engine.trace, admin()};
  runtime::BlockingPool pool{"password", 1, 4, engine.clock};
  TokenKeys keys{"0123456789abcdef0123456789abcdef", {}};
  VoidedTokenList voided;
  LoginThrottle throttle{{2, 50, base::Milliseconds(60'000), 100}, engine.clock};
  NoRandom random;
  SignIn sign_in{{engine.people, accounts, engine.gate, keys, voided, throttle, pool, engine.clock, random,
                  base::Milliseconds(60'000), base::Milliseconds(60'000)}};
};

TEST_F(SignInTest, wrong_passwords_are_counted_for_names_that_exist_and_for_others) {
  for (const char* username : {"admin", "nobody"}) {
    EXPECT_EQ(refused(username), Code::unauthorized);
    EXPECT_EQ(refused(username), Code::unauthorized);
    EXPECT_EQ(refused(username), Code::too_many_requests);
  }
}

TEST_F(SignInTest, a_store_that_does_not_answer_costs_no_try) {
  for (int i = 0; i < 5; ++i) {
    accounts.find_calls.next(i % 2 == 0 ? Fate::refused : Fate::request_lost);
    EXPECT_FALSE(log_in("admin"));
  }
  EXPECT_EQ(refused(), Code::unauthorized);
}

TEST_F(SignInTest, a_pool_without_room_costs_no_try) {
  pool.stop();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(refused(), Code::overloaded);
}

TEST_F(SignInTest, a_login_that_waits_for_its_account_is_counted) {
  accounts.find_calls.next(Fate::late, 2);
  const auto one = engine.start(sign_in.staff("admin", "x", "10.0.0.1"));
  const auto other = engine.start(sign_in.staff("admin", "x", "10.0.0.2"));
  EXPECT_EQ(refused(), Code::too_many_requests);
  accounts.find_calls.release();
  wait_for(one);
  wait_for(other);
  EXPECT_EQ((*one)->refused().code, Code::unauthorized);
  EXPECT_EQ((*other)->refused().code, Code::unauthorized);
}

}  // namespace
}  // namespace zl::app
