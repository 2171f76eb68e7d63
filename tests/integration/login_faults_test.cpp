// Every statement of a login that is on its way, and of the credentials that all processes share, fails once, in every
// way in which MySQL may fail it (statement_fault_trials.hpp says what has to hold).
#include "administration_faults.hpp"
#include "runtime/sha256.hpp"
#include "store/mysql/credential_store.hpp"
#include "store/mysql/login_states.hpp"

namespace zl::test {
namespace {

constexpr base::Milliseconds ten_minutes{600'000};
constexpr std::size_t limit = 3;

class LoginFaultsTest : public AdministrationFaultsTest {
 protected:
  void SetUp() override {
    AdministrationFaultsTest::SetUp();
    logins_ = mysql::create_login_states(*pool_);
    credentials_ = mysql::create_credential_store(*pool_);
  }

  std::string fresh() { return random_.next_id<base::TokenId>().hex(); }
  /// From a browser and an address of its own.
  app::LoginStart a_start() {
    const std::string name = fresh();
    return {random_.next_id<base::LoginId>(), runtime::sha256(name), name, "/me", true};
  }
  app::RenewalTurn turn_of(const std::string& name) {
    return wait(credentials_->take_turn(name, ten_minutes)).value().value();
  }
  void let_turns_lapse(const std::string& name) {
    db_.execute(sql("UPDATE credentials SET turn_until_ms = 0 WHERE name = ?", name));
  }
  void put(const std::string& name, const std::string& value) {
    EXPECT_TRUE(wait(credentials_->put(name, turn_of(name), {value, ten_minutes})).value());
  }
  std::uint64_t count(const std::string& name, const std::string& condition) {
    return number(sql("SELECT COUNT(*) FROM credentials WHERE name = ? AND " + condition, name));
  }
  void expect_free_for(const std::string& name, std::uint64_t turn) {
    expect_unlocked("credentials");
    EXPECT_EQ(turn_of(name).number, turn);
    EXPECT_FALSE(wait(credentials_->take_turn(name, ten_minutes)).value());
  }

  std::unique_ptr<app::LoginStates> logins_;
  std::unique_ptr<app::CredentialStore> credentials_;
};

TEST_F(LoginFaultsTest, OfALoginThatIsBegun) {
  fail_each_statement(
      [this] {
        const app::LoginStart start = a_start();
        Trial trial{[this, start] { return told(wait(logins_->begin(start, limit, ten_minutes))); },
                    [this, start] {
                      return written(
                          {number(sql("SELECT COUNT(*) FROM login_states WHERE state = ? AND open = 1", start.id)),
                           number(sql("SELECT COUNT(*) FROM login_states WHERE address = ?", start.address))},
                          {0, 0}, {1, 1});
                    }};
        trial.settled = [this, start] {
          expect_unlocked("login_states");
          EXPECT_EQ(wait(logins_->take(start.id, start.browser, ten_minutes))->fate, app::LoginReturn::Fate::good);
        };
        return trial;
      },
      Follows::not_up, 4);
}

/// It is good once at most: whoever isn't told so begins anew.
TEST_F(LoginFaultsTest, OfALoginThatComesBack) {
  fail_each_statement(
      [this] {
        const app::LoginStart start = a_start();
        EXPECT_TRUE(wait(logins_->begin(start, limit, ten_minutes)).is_done());
        const auto look = [this, start] {
          return written({number(sql("SELECT COUNT(*) FROM login_states WHERE state = ? AND open IS NULL", start.id))},
                         {0}, {1});
        };
        Trial trial{[this, start, look] {
                      using enum app::LoginReturn::Fate;
                      const bool was_back = look() == Written::everything;
                      const auto back = wait(logins_->take(start.id, start.browser, ten_minutes));
                      if (back.is_done()) {
                        EXPECT_EQ(back->fate, was_back ? spent : good);
                        EXPECT_EQ(back->return_to, "/me");
                        EXPECT_TRUE(back->restarted_lately);
                      }
                      return told(back);
                    },
                    look};
        trial.settled = [this] { expect_unlocked("login_states"); };
        return trial;
      },
      Follows::not_up);
}

TEST_F(LoginFaultsTest, OfATurnToRenewACredential) {
  fail_each_statement(
      [this] {
        const std::string name = fresh();
        const auto look = [this, name] {
          return written({count(name, "TRUE"), count(name, "turn = 1 AND turn_until_ms > 0")}, {0, 0}, {1, 1});
        };
        Trial trial{[this, name, look] {
                      const bool was_taken = look() == Written::everything;
                      const auto turn = wait(credentials_->take_turn(name, ten_minutes));
                      if (turn.is_done()) EXPECT_EQ(turn->has_value(), !was_taken);
                      return told(turn);
                    },
                    look};
        trial.settled = [this, name] {
          let_turns_lapse(name);
          expect_free_for(name, 2);
        };
        return trial;
      },
      Follows::not_up);
}

TEST_F(LoginFaultsTest, OfARenewedCredential) {
  fail_each_statement(
      [this] {
        const std::string name = fresh();
        put(name, "old");
        const app::RenewalTurn turn = turn_of(name);
        Trial trial{[this, name, turn] {
                      const auto stored = wait(credentials_->put(name, turn, {"new", ten_minutes}));
                      if (stored.is_done()) EXPECT_TRUE(*stored);
                      return told(stored);
                    },
                    [this, name] {
                      return written({count(name, "value = 'new'"), count(name, "turn_until_ms = 0")}, {0, 0}, {1, 1});
                    }};
        trial.settled = [this, name] {
          EXPECT_EQ(wait(credentials_->find(name)).value().value().value, "new");
          expect_free_for(name, 3);
        };
        return trial;
      },
      Follows::not_up, 4);
}

/// A later turn was taken meanwhile.
TEST_F(LoginFaultsTest, OfACredentialThatCameTooLate) {
  fail_each_statement(
      [this] {
        const std::string name = fresh();
        const app::RenewalTurn lapsed = turn_of(name);
        let_turns_lapse(name);
        turn_of(name);
        return a_reading([this, name, lapsed] { return credentials_->put(name, lapsed, {"late", ten_minutes}); },
                         [](bool stored) { EXPECT_FALSE(stored); });
      },
      Follows::not_up, 4);
}

TEST_F(LoginFaultsTest, OfATurnThatEndsWithoutACredential) {
  fail_each_statement(
      [this] {
        const std::string name = fresh();
        const app::RenewalTurn turn = turn_of(name);
        Trial trial{[this, name, turn] { return told(wait(credentials_->end_turn(name, turn))); },
                    [this, name] { return written({count(name, "turn_until_ms = 0")}, {0}, {1}); }};
        trial.settled = [this, name] { expect_free_for(name, 2); };
        return trial;
      },
      Follows::not_up, 3);
}

TEST_F(LoginFaultsTest, OfACredentialThatIsFoundVoid) {
  fail_each_statement(
      [this] {
        const std::string name = fresh();
        put(name, "void");
        Trial trial{[this, name] { return told(wait(credentials_->expire(name, "void"))); },
                    [this, name] { return written({count(name, "lapses_at_ms = 0")}, {0}, {1}); }};
        trial.settled = [this, name] {
          EXPECT_LE(wait(credentials_->find(name)).value().value().lifetime.count(), 0);
          expect_free_for(name, 2);
        };
        return trial;
      },
      Follows::not_up, 3);
}

}  // namespace
}  // namespace zl::test
