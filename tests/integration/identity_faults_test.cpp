// Every statement of who a person of the chat platform is, who comes, leaves and is forgotten, fails once, in every way
// in which MySQL may fail it (statement_fault_trials.hpp says what has to hold).
#include "administration_faults.hpp"
#include "store/mysql/identity_store.hpp"

namespace zl::test {
namespace {

constexpr std::string_view service = "wx-service";
constexpr std::string_view mini = "wx-mini";

class IdentityFaultsTest : public AdministrationFaultsTest {
 protected:
  void SetUp() override {
    AdministrationFaultsTest::SetUp();
    identities_ = mysql::create_identity_store(*pool_, random_, std::string(service));
  }

  std::string fresh() { return random_.next_id<base::TokenId>().hex(); }
  base::Outcome<domain::User> sign_in(std::string_view appid, const std::string& openid,
                                      const std::string& unionid = {}) {
    return wait(identities_->sign_in({std::string(appid), openid, unionid}));
  }
  void give_child(const base::UserId& user) {
    db_.execute(
        sql("INSERT INTO guardianships (user_id, attendee_id, relation, name, birth_date, created_at) "
            "VALUES (?, ?, 1, '小明', '2017-05-04', 0)",
            user, an_attendee()));
  }
  std::uint64_t identities_of(const base::UserId& user) {
    return number(sql("SELECT COUNT(*) FROM identities WHERE user_id = ? AND unbound_at IS NULL", user));
  }
  std::uint64_t version_of(const base::UserId& user) {
    return number(sql("SELECT version FROM users WHERE id = ?", user));
  }

  std::unique_ptr<app::IdentityStore> identities_;
};

TEST_F(IdentityFaultsTest, OfAFirstLogin) {
  // Nobody else comes meanwhile, so that all that is new is of this one person.
  const auto all = [this] {
    return std::vector<std::uint64_t>{number("SELECT COUNT(*) FROM users"), number("SELECT COUNT(*) FROM identities"),
                                      number("SELECT COUNT(*) FROM audit WHERE action = 'user.create'")};
  };
  fail_each_statement(
      [this, all] {
        const std::string openid = fresh();
        const std::vector<std::uint64_t> before = all();
        return Trial{[this, openid] {
                       const auto user = sign_in(service, openid);
                       if (user.is_done()) EXPECT_EQ(identities_of(user->id), 1U);
                       return told(user);
                     },
                     [all, before] { return written(all(), before, {before[0] + 1, before[1] + 1, before[2] + 1}); }};
      },
      Follows::not_up);
}

/// Somebody who is known by the service account comes by the mini-program for the first time.
TEST_F(IdentityFaultsTest, OfASecondIdentity) {
  fail_each_statement(
      [this] {
        const std::string unionid = fresh();
        const base::UserId known = sign_in(service, fresh(), unionid)->id;
        return Trial{[this, known, unionid, openid = fresh()] {
                       const auto user = sign_in(mini, openid, unionid);
                       if (user.is_done()) EXPECT_EQ(user->id, known);
                       return told(user);
                     },
                     [this, known] { return written({identities_of(known)}, {1}, {2}); }};
      },
      Follows::not_up);
}

/// Two users turn out to be one person: who has nothing gives way, and only its tokens end.
TEST_F(IdentityFaultsTest, OfUsersWhoAreJoined) {
  fail_each_statement(
      [this] {
        const std::string unionid = fresh();
        const std::string openid = fresh();
        const base::UserId stays = sign_in(service, fresh(), unionid)->id;
        give_child(stays);
        db_.execute(sql("UPDATE users SET created_at = created_at + 1 WHERE id = ?", stays));  // the younger one
        const base::UserId goes = sign_in(mini, openid)->id;
        return Trial{[this, stays, openid, unionid] {
                       const auto user = sign_in(mini, openid, unionid);
                       if (user.is_done()) EXPECT_EQ(user->id, stays);
                       return told(user);
                     },
                     [this, stays, goes] {
                       return written(
                           joined({identities_of(stays), identities_of(goes), version_of(stays), version_of(goes)},
                                  records(goes)),
                           {1, 1, 1, 1, 1, 0}, {2, 0, 1, 2, 2, 1});
                     }};
      },
      Follows::not_up);
}

TEST_F(IdentityFaultsTest, OfAPersonWhoLeaves) {
  fail_each_statement(
      [this] {
        const std::string openid = fresh();
        const base::UserId user = sign_in(service, openid)->id;
        return Trial{
            [this, openid] { return told(wait(identities_->unbind(openid, 100))); },
            [this, user] { return written(joined({identities_of(user)}, records(user)), {1, 1, 0}, {0, 2, 0}); }};
      },
      Follows::not_up);
}

TEST_F(IdentityFaultsTest, OfAPersonWhoComesBack) {
  fail_each_statement(
      [this] {
        const std::string openid = fresh();
        const base::UserId user = sign_in(service, openid)->id;
        EXPECT_TRUE(wait(identities_->unbind(openid, 100)).is_done());
        Trial trial{
            [this, openid] { return told(wait(identities_->rebind(openid, 200))); },
            [this, user] { return written(joined({identities_of(user)}, records(user)), {0, 2, 0}, {1, 3, 0}); }};
        trial.settled = [this, openid, user] {
          expect_unlocked("identities");
          EXPECT_EQ(wait(identities_->user_of(openid)).value(), user);
        };
        return trial;
      },
      Follows::not_up);
}

/// What is known already makes what is older by the platform's clock old news.
TEST_F(IdentityFaultsTest, OfAPersonWhoIsKnownToBeThere) {
  fail_each_statement(
      [this] {
        const std::string openid = fresh();
        const base::UserId user = sign_in(service, openid)->id;
        Trial trial{[this, openid] { return told(wait(identities_->rebind(openid, 200))); },
                    [this, user] {
                      const std::uint64_t told_s =
                          number(sql("SELECT COALESCE(MAX(follow_told_s), 0) FROM identities WHERE user_id = ?", user));
                      return written(joined({told_s}, records(user)), {0, 1, 0}, {200, 1, 0});
                    }};
        trial.settled = [this, openid, user] {
          expect_unlocked("identities");
          EXPECT_TRUE(wait(identities_->unbind(openid, 199)).is_done());
          EXPECT_EQ(identities_of(user), 1U);
        };
        return trial;
      },
      Follows::not_up, 4);
}

/// With all that is kept by the openid, and by those of strangers who left or of whom a receipt alone is left.
TEST_F(IdentityFaultsTest, OfAPersonWhoIsForgotten) {
  fail_each_statement(
      [this] {
        const std::vector<std::string> openids{fresh(), fresh(), fresh()};
        const base::UserId user = sign_in(service, openids[0])->id;
        EXPECT_TRUE(wait(identities_->unbind(openids[0], 100)).is_done());
        db_.execute(sql("UPDATE identities SET unbound_at = 1 WHERE user_id = ?", user));
        db_.execute(sql("UPDATE users SET nickname = '王妈妈' WHERE id = ?", user));
        for (const std::string& openid : {openids[0], openids[1]}) {
          db_.execute(sql("INSERT INTO message_people (openid, follows, at) VALUES (?, 0, 1)", openid));
        }
        for (const std::string& openid : openids) {
          db_.execute(
              sql("INSERT INTO message_consents (openid, template_id, notices_left) VALUES (?, 'N', 0)", openid));
          db_.execute(sql("INSERT INTO chat_choices (openid, bookings, told_at) VALUES (?, '', 1)", openid));
        }
        const auto look = [this, user, openids] {
          std::vector<std::uint64_t> found{
              number(sql("SELECT COUNT(*) FROM identities WHERE user_id = ?", user)),
              number(sql("SELECT COUNT(*) FROM users WHERE id = ? AND nickname <> ''", user)), version_of(user)};
          for (const std::string table : {"message_people", "message_consents", "chat_choices"}) {
            found.push_back(number(sql("SELECT COUNT(*) FROM " + table + " WHERE openid IN (?)", openids)));
          }
          return written(joined(found, records(user)), {1, 1, 1, 2, 3, 3, 2, 0}, {0, 0, 2, 0, 0, 0, 3, 1});
        };
        Trial trial{[this, look] {
                      const bool was_wiped = look() == Written::everything;
                      const auto wiped = wait(identities_->wipe({100}));
                      if (wiped.is_done()) EXPECT_EQ(*wiped, was_wiped ? 0U : 3U);
                      return told(wiped);
                    },
                    look};
        trial.settled = [this] {
          for (const char* table : {"identities", "users", "message_people"}) expect_unlocked(table);
        };
        return trial;
      },
      Follows::not_up, 15);
}

}  // namespace
}  // namespace zl::test
