// Every statement of what parents and staff write about themselves fails once, in every way in which MySQL may fail it
// (statement_fault_trials.hpp says what has to hold).
#include "administration_faults.hpp"
#include "store/mysql/account_store.hpp"
#include "store/mysql/people_store.hpp"

namespace zl::test {
namespace {

class PeopleFaultsTest : public AdministrationFaultsTest {
 protected:
  void SetUp() override {
    AdministrationFaultsTest::SetUp();
    people_ = mysql::create_people_store(*pool_, random_);
    accounts_ = mysql::create_account_store(*pool_);
  }

  domain::Attendee a_child() { return a_child(random_.next_id<base::AttendeeId>()); }
  static domain::Attendee a_child(const base::AttendeeId& id) {
    domain::Attendee child;
    child.id = id;
    child.name = "小红";
    child.birth_date = base::Date{std::chrono::year{2017}, std::chrono::month{5}, std::chrono::day{4}};
    return child;
  }
  std::vector<std::uint64_t> facts(const base::AttendeeId& id) {
    return joined({number(sql("SELECT COUNT(*) FROM attendees WHERE id = ? AND deleted = 0", id)),
                   number(sql("SELECT COUNT(*) FROM guardianships WHERE attendee_id = ?", id))},
                  records(id));
  }

  app::AccountWithHash an_account() { return an_account(random_.next_id<base::AccountId>()); }
  static app::AccountWithHash an_account(const base::AccountId& id) {
    app::AccountWithHash account;
    account.account.id = id;
    account.account.username = account.account.id.hex();
    account.account.role = domain::Role::auditor;
    account.password_hash = "hash";
    return account;
  }
  std::vector<std::uint64_t> facts(const base::AccountId& id) {
    return joined({number(sql("SELECT COALESCE(SUM(version), 0) FROM accounts WHERE id = ?", id))}, records(id));
  }

  /// Each call raises the version, which is told and audited as often.
  template <class IdType>
  Trial voided_tokens(const std::string& select_version, const IdType& id) {
    const auto before = joined({number(select_version)}, records(id));
    return Trial{[this, id] { return told(wait(accounts_->end_all_tokens(base::AccountId{id.bytes}, admin_))); },
                 [this, select_version, id, before] {
                   const auto now = joined({number(select_version)}, records(id));
                   const std::uint64_t raised = now[0] - before[0];
                   return written({raised > 0 ? 1U : 0U, now[1] - before[1] - raised, now[2] - before[2] - raised},
                                  {0, 0, 0}, {1, 0, 0});
                 }};
  }

  std::unique_ptr<app::PeopleStore> people_;
  std::unique_ptr<app::AccountStore> accounts_;
};

TEST_F(PeopleFaultsTest, OfAFirstLogin) {
  // Nobody else comes meanwhile, so that all that is new is of this one person.
  const auto all = [this] {
    return std::vector<std::uint64_t>{number("SELECT COUNT(*) FROM users"),
                                      number("SELECT COUNT(*) FROM audit WHERE action = 'user.create'")};
  };
  fail_each_statement(
      [this, all] {
        const std::string openid = random_.next_id<base::TokenId>().hex();
        const std::vector<std::uint64_t> before = all();
        return Trial{[this, openid] {
                       const auto user = wait(people_->sign_in(openid, "王妈妈"));
                       if (user.is_done()) {
                         EXPECT_EQ(user->nickname, "王妈妈");
                         EXPECT_EQ(number(sql("SELECT COUNT(*) FROM users WHERE id = ? AND openid = ? AND nickname = ?",
                                              user->id, openid, user->nickname)),
                                   1U);
                       }
                       return told(user);
                     },
                     [all, before] { return written(all(), before, {before[0] + 1, before[1] + 1}); }};
      },
      Follows::not_up);
}

TEST_F(PeopleFaultsTest, OfANewNickname) {
  fail_each_statement(
      [this] {
        const std::string openid = random_.next_id<base::TokenId>().hex();
        const base::UserId id = wait(people_->sign_in(openid, "王妈妈"))->id;
        Trial trial{[this, openid, id] {
                      const auto user = wait(people_->sign_in(openid, "李妈妈"));
                      if (user.is_done()) {
                        EXPECT_EQ(user->id, id);
                        EXPECT_EQ(user->nickname, "李妈妈");
                      }
                      return told(user);
                    },
                    [this, id] {
                      return written(
                          {number(sql("SELECT COUNT(*) FROM users WHERE id = ? AND nickname = '李妈妈'", id)),
                           number(sql("SELECT version FROM users WHERE id = ?", id))},
                          {0, 1}, {1, 1});
                    }};
        trial.settled = [this] { expect_unlocked("users"); };
        return trial;
      },
      Follows::not_up, 4);
}

TEST_F(PeopleFaultsTest, OfANewAttendee) {
  fail_each_statement(
      [this] {
        return a_creation<base::AttendeeId>(
            [this, user = a_user()](const base::AttendeeId& id, const app::CreationMark& mark) {
              return people_->create_attendee(user, a_child(id), admin_, mark);
            },
            [this](const std::vector<base::AttendeeId>& ids) {
              return joined({number(sql("SELECT COUNT(*) FROM attendees WHERE id IN (?)", ids)),
                             number(sql("SELECT COUNT(*) FROM guardianships WHERE attendee_id IN (?)", ids))},
                            records(ids));
            },
            {1, 1, 1, 0});
      },
      Follows::not_up);
}

TEST_F(PeopleFaultsTest, OfAChangedAttendee) {
  fail_each_statement(
      [this] {
        const base::UserId user = a_user();
        domain::Attendee child = a_child();
        EXPECT_TRUE(wait(people_->create_attendee(user, child, admin_, std::nullopt)).is_done());
        child.name = "小绿";
        child.birth_date = base::Date{std::chrono::year{2018}, std::chrono::month{1}, std::chrono::day{2}};
        const auto look = [this, id = child.id] {
          return written(
              joined({number(sql("SELECT version FROM attendees WHERE id = ?", id)),
                      number(sql("SELECT COUNT(*) FROM attendees WHERE id = ? AND name = '小绿'", id)),
                      number(sql("SELECT COUNT(*) FROM guardianships WHERE attendee_id = ? AND name = '小绿'", id))},
                     records(id)),
              {1, 0, 0, 1, 0}, {2, 1, 1, 2, 1});
        };
        return Trial{[this, user, child, look] {
                       return told_once(wait(people_->update_attendee(user, child, 1, admin_)),
                                        base::Code::version_mismatch, look);
                     },
                     look};
      },
      Follows::not_up);
}

TEST_F(PeopleFaultsTest, OfAnAttendeeWhoIsDeleted) {
  fail_each_statement(
      [this] {
        const base::UserId user = a_user();
        const domain::Attendee child = a_child();
        EXPECT_TRUE(wait(people_->create_attendee(user, child, admin_, std::nullopt)).is_done());
        const auto look = [this, id = child.id] { return written(facts(id), {1, 1, 1, 0}, {0, 0, 2, 1}); };
        return Trial{[this, user, id = child.id, look] {
                       return told_once(wait(people_->delete_attendee(user, id, admin_)), base::Code::not_found, look);
                     },
                     look};
      },
      Follows::not_up);
}

TEST_F(PeopleFaultsTest, OfANewAccount) {
  fail_each_statement(
      [this] {
        return a_creation<base::AccountId>(
            [this, name = random_.next_id<base::AccountId>().hex()](const base::AccountId& id,
                                                                    const app::CreationMark& mark) {
              app::AccountWithHash account = an_account(id);
              account.account.username = name;
              return accounts_->create(account, admin_, mark);
            },
            [this](const std::vector<base::AccountId>& ids) {
              return joined({number(sql("SELECT COUNT(*) FROM accounts WHERE id IN (?)", ids))}, records(ids));
            },
            {1, 1, 1});
      },
      Follows::not_up);
}

TEST_F(PeopleFaultsTest, OfAChangedAccount) {
  fail_each_statement(
      [this] {
        app::AccountWithHash account = an_account();
        EXPECT_TRUE(wait(accounts_->create(account, admin_, std::nullopt)).is_done());
        account.account.blocked = true;
        const auto look = [this, id = account.account.id] { return written(facts(id), {1, 1, 1}, {2, 2, 2}); };
        return Trial{[this, account, look] {
                       return told_once(wait(accounts_->update(account, 1, admin_)), base::Code::version_mismatch,
                                        look);
                     },
                     look};
      },
      Follows::not_up);
}

TEST_F(PeopleFaultsTest, OfALogout) {
  fail_each_statement(
      [this] {
        const auto id = random_.next_id<base::TokenId>();
        return Trial{[this, id] { return told(wait(accounts_->end_token(id, {1'000}, admin_))); },
                     [this, id] {
                       return written(
                           joined({number(sql("SELECT COUNT(*) FROM ended_tokens WHERE id = ?", id))}, records(id)),
                           {0, 0, 0}, {1, 1, 1});
                     }};
      },
      Follows::not_up);
}

TEST_F(PeopleFaultsTest, OfALogoutEverywhere) {
  fail_each_statement(
      [this] {
        const base::UserId user = a_user();
        return voided_tokens(sql("SELECT version FROM users WHERE id = ?", user), user);
      },
      Follows::not_up);
}

TEST_F(PeopleFaultsTest, OfALogoutEverywhereOfStaff) {
  fail_each_statement(
      [this] {
        const app::AccountWithHash account = an_account();
        EXPECT_TRUE(wait(accounts_->create(account, admin_, std::nullopt)).is_done());
        const base::AccountId id = account.account.id;
        return voided_tokens(sql("SELECT version FROM accounts WHERE id = ?", id), id);
      },
      Follows::not_up);
}

}  // namespace
}  // namespace zl::test
