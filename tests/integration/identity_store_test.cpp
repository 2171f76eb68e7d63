// Who is who: identities of the chat platform, on a real database.
#include <gtest/gtest.h>

#include <set>

#include "store/mysql/identity_store.hpp"
#include "store/mysql/people_store.hpp"
#include "store_harness.hpp"

namespace zl::test {
namespace {

using app::PlatformIdentity;
using base::Outcome;

constexpr std::string_view service = "wx-service";
constexpr std::string_view mini = "wx-mini";

class IdentityStoreTest : public StoreTest {
 protected:
  std::string fresh(std::string_view prefix) { return std::string(prefix) + new_id<base::TokenId>().hex(); }

  PlatformIdentity at(std::string_view appid, std::string openid, std::string unionid = {}) {
    return {std::string(appid), std::move(openid), std::move(unionid)};
  }
  Outcome<domain::User> sign_in(std::string_view appid, const std::string& openid, const std::string& unionid = {}) {
    clock_.now = clock_.now + base::Milliseconds(1);  // so that one user is older than the next
    return wait(store_->sign_in(at(appid, openid, unionid)));
  }
  base::UserId user_at(std::string_view appid, const std::string& openid, const std::string& unionid = {}) {
    return sign_in(appid, openid, unionid).value().id;
  }
  void give_child(const base::UserId& user) {
    connection_.execute(mysql::sql(
        "INSERT INTO guardianships (user_id, attendee_id, relation, name, birth_date, created_at) VALUES (?, ?, 1, "
        "'小明', '2017-05-04', 0)",
        user, an_attendee()));
  }
  void set(const base::UserId& user, const std::string& assignment) {
    connection_.execute(mysql::sql("UPDATE users SET " + assignment + " WHERE id = ?", user));
  }
  std::uint64_t identities_of(const base::UserId& user) {
    return number(mysql::sql("SELECT COUNT(*) FROM identities WHERE user_id = ?", user));
  }
  /// What there may be of somebody beside an identity: as after a receipt that came late.
  void leave_traces(const std::string& openid) {
    connection_.execute(
        mysql::sql("INSERT INTO message_people (openid, follows, at) VALUES (?, 0, ?)", openid, clock_.now));
    connection_.execute(
        mysql::sql("INSERT INTO message_consents (openid, template_id, notices_left) VALUES (?, 'N', 0)", openid));
    connection_.execute(
        mysql::sql("INSERT INTO chat_choices (openid, bookings, told_at) VALUES (?, '', ?)", openid, clock_.now));
  }
  /// The tables that name somebody of the platform's, as the database itself knows them.
  std::set<std::string> tables_that_name(const std::string& openid) {
    std::set<std::string> naming;
    for (const std::string& table : tables_with_an_openid()) {
      if (number(mysql::sql("SELECT COUNT(*) FROM " + table + " WHERE openid = ?", openid)) != 0) naming.insert(table);
    }
    return naming;
  }
  std::set<std::string> tables_with_an_openid() {
    std::set<std::string> tables;
    for (const mysql::Row row :
         connection_.query("SELECT c.table_name FROM information_schema.columns c WHERE c.table_schema = DATABASE() "
                           "AND c.column_name LIKE '%openid%'")) {
      tables.insert(row.text(0));
    }
    tables.erase("users");  // there it is of a development login
    return tables;
  }

  const std::unique_ptr<app::IdentityStore> store_ = mysql::create_identity_store(pool_, random_, std::string(service));
};

TEST_F(IdentityStoreTest, a_first_login_makes_a_user_and_the_next_finds_it) {
  const std::string openid = fresh("o");
  const auto user = sign_in(service, openid).value();
  EXPECT_EQ(user.nickname, "");
  EXPECT_EQ(user.version, 1U);
  EXPECT_EQ(user_at(service, openid), user.id);
  EXPECT_NE(user_at(mini, openid), user.id) << "an openid is one account's own";
  EXPECT_EQ(audit_rows(user.id.bytes, "user.create"), 1U);
}

TEST_F(IdentityStoreTest, first_logins_of_one_person_at_once_are_one_user) {
  constexpr std::size_t people = 40;
  constexpr std::size_t windows = 4;
  std::vector<asio::awaitable<Outcome<domain::User>>> calls;
  calls.reserve(people * windows);
  for (std::size_t i = 0; i < people; ++i) {
    const std::string openid = fresh("o");
    for (std::size_t j = 0; j < windows; ++j) calls.push_back(store_->sign_in(at(service, openid)));
  }
  auto users = all(std::move(calls));
  for (std::size_t i = 0; i < users.size(); ++i) {
    ASSERT_TRUE(users[i]) << i;
    const auto& first = users[i - i % windows];
    EXPECT_EQ(users[i]->id, first->id);
    EXPECT_EQ(audit_rows(users[i]->id.bytes, "user.create"), 1U);
  }
}

TEST_F(IdentityStoreTest, openids_differ_by_case) {
  const std::string openid = fresh("o");
  EXPECT_NE(user_at(service, openid + "a"), user_at(service, openid + "A"));
}

TEST_F(IdentityStoreTest, a_new_identity_goes_to_the_user_of_its_unionid) {
  const std::string unionid = fresh("u");
  const auto user = user_at(mini, fresh("o"), unionid);
  give_child(user);
  const std::string openid = fresh("o");
  EXPECT_EQ(user_at(service, openid, unionid), user);
  EXPECT_EQ(user_at(service, openid), user) << "a silent login, which tells no unionid";
}

TEST_F(IdentityStoreTest, the_younger_of_two_who_have_nothing_gives_way) {
  const std::string unionid = fresh("u");
  const std::string openid = fresh("o");
  const std::string other = fresh("o");
  const auto older = user_at(service, openid);
  const auto younger = user_at(mini, other, unionid);
  EXPECT_EQ(user_at(service, openid, unionid), older);
  EXPECT_EQ(user_at(mini, other), older);
  EXPECT_EQ(identities_of(younger), 0U);
  EXPECT_EQ(number(mysql::sql("SELECT version FROM users WHERE id = ?", younger)), 2U) << "its tokens end";
  EXPECT_EQ(change_rows(younger.bytes), 1U);
  EXPECT_EQ(audit_detail(younger.bytes, "user.join"), "{\"into\":\"" + older.hex() + "\"}");
}

TEST_F(IdentityStoreTest, who_logs_in_and_gives_way_to_an_older_one_does_so_once) {
  const std::string unionid = fresh("u");
  const std::string openid = fresh("o");
  const auto older = user_at(service, fresh("o"), unionid);
  give_child(older);
  const auto younger = user_at(mini, openid);
  EXPECT_EQ(user_at(mini, openid, unionid), older);
  EXPECT_EQ(number(mysql::sql("SELECT version FROM users WHERE id = ?", younger)), 2U);
  EXPECT_EQ(change_rows(younger.bytes), 1U);
  EXPECT_EQ(number(mysql::sql("SELECT COUNT(*) FROM audit WHERE action = 'user.join' AND subject = ?", younger)), 1U);
}

TEST_F(IdentityStoreTest, who_gave_way_gets_nothing_any_more) {
  const std::string unionid = fresh("u");
  const std::string openid = fresh("o");
  const auto older = user_at(service, openid);
  const auto younger = user_at(mini, fresh("o"), unionid);
  ASSERT_EQ(user_at(service, openid, unionid), older);
  const auto people = mysql::create_people_store(pool_, random_);
  const auto add_child = [&](const base::UserId& user) {
    domain::Attendee child;
    child.id = new_id<base::AttendeeId>();
    child.name = "小明";
    child.birth_date = *base::parse_date("2017-05-04");
    return wait(people->create_attendee(user, child, {base::AccountId{user.bytes}, "user", {}, {}}, std::nullopt));
  };
  EXPECT_EQ(add_child(younger).refused().code, base::Code::unauthorized);
  EXPECT_TRUE(add_child(older));
}

TEST_F(IdentityStoreTest, who_has_nothing_gives_way_though_older) {
  const std::string unionid = fresh("u");
  const std::string openid = fresh("o");
  const auto older = user_at(service, openid);
  const auto younger = user_at(mini, fresh("o"), unionid);
  give_child(younger);
  EXPECT_EQ(user_at(service, openid, unionid), younger);
  EXPECT_EQ(identities_of(older), 0U);
}

TEST_F(IdentityStoreTest, two_who_both_have_something_stay_two_and_each_login_finds_its_own) {
  const std::string unionid = fresh("u");
  const std::string openid = fresh("o");
  const std::string other = fresh("o");
  const auto first = user_at(service, openid);
  const auto second = user_at(mini, other, unionid);
  give_child(first);
  give_child(second);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(user_at(service, openid, unionid), first);
    EXPECT_EQ(user_at(mini, other, unionid), second);
  }
  EXPECT_EQ(number(mysql::sql("SELECT version FROM users WHERE id = ?", first)), 1U);
  EXPECT_EQ(number(mysql::sql("SELECT version FROM users WHERE id = ?", second)), 1U);
}

TEST_F(IdentityStoreTest, a_blocked_person_is_refused_by_every_account) {
  const std::string unionid = fresh("u");
  const std::string openid = fresh("o");
  const std::string known = fresh("o");
  const auto user = user_at(service, openid, unionid);
  const auto other = user_at(mini, known);
  set(user, "blocked = 1");
  EXPECT_EQ(sign_in(service, openid).refused().code, base::Code::forbidden);
  EXPECT_EQ(sign_in(mini, fresh("o"), unionid).refused().code, base::Code::forbidden);
  EXPECT_EQ(sign_in(mini, known, unionid).refused().code, base::Code::forbidden);
  EXPECT_EQ(identities_of(user), 1U);
  EXPECT_EQ(identities_of(other), 1U);
}

TEST_F(IdentityStoreTest, a_blocked_user_does_not_give_way_to_one_who_is_not) {
  const std::string unionid = fresh("u");
  const std::string openid = fresh("o");
  const auto older = user_at(service, openid);
  const auto blocked = user_at(mini, fresh("o"), unionid);
  set(blocked, "blocked = 1");
  EXPECT_EQ(sign_in(service, openid, unionid).refused().code, base::Code::forbidden);
  EXPECT_EQ(identities_of(older), 1U);
  EXPECT_EQ(identities_of(blocked), 1U);
}

TEST_F(IdentityStoreTest, who_left_stands_for_nobody_until_the_next_login) {
  const std::string openid = fresh("o");
  const auto user = user_at(service, openid);
  EXPECT_EQ(wait(store_->user_of(openid)).value(), user);
  EXPECT_EQ(wait(store_->openid_of(user)).value(), openid);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(wait(store_->unbind(openid, 1)));
  EXPECT_EQ(wait(store_->user_of(openid)).value(), std::nullopt);
  EXPECT_EQ(wait(store_->openid_of(user)).value(), std::nullopt);
  EXPECT_EQ(audit_rows(user.bytes, "user.unbind"), 1U);
  EXPECT_EQ(user_at(service, openid), user);
  EXPECT_EQ(wait(store_->user_of(openid)).value(), user);

  ASSERT_TRUE(wait(store_->unbind(openid, 1)));
  ASSERT_TRUE(wait(store_->rebind(openid, 1)));
  EXPECT_EQ(wait(store_->user_of(openid)).value(), user);
  ASSERT_TRUE(wait(store_->unbind("nobody", 1)));
  ASSERT_TRUE(wait(store_->rebind("nobody", 1)));
}

TEST_F(IdentityStoreTest, news_of_before_the_newest_unbinds_and_binds_nobody) {
  const std::string openid = fresh("o");
  const auto user = user_at(service, openid);
  ASSERT_TRUE(wait(store_->rebind(openid, 20)));
  ASSERT_TRUE(wait(store_->unbind(openid, 19))) << "left before, and is told late";
  EXPECT_EQ(wait(store_->user_of(openid)).value(), user);
  EXPECT_EQ(audit_rows(user.bytes, "user.unbind"), 0U);
  ASSERT_TRUE(wait(store_->unbind(openid, 20))) << "in one second the later told counts";
  EXPECT_EQ(wait(store_->user_of(openid)).value(), std::nullopt);
  ASSERT_TRUE(wait(store_->unbind(openid, 30)));
  ASSERT_TRUE(wait(store_->rebind(openid, 29))) << "what was told again moves the newest";
  EXPECT_EQ(wait(store_->user_of(openid)).value(), std::nullopt);
  ASSERT_TRUE(wait(store_->rebind(openid, 31)));
  EXPECT_EQ(wait(store_->user_of(openid)).value(), user);
}

TEST_F(IdentityStoreTest, an_openid_alone_is_the_service_accounts) {
  const std::string openid = fresh("o");
  const auto user = user_at(mini, openid);
  EXPECT_EQ(wait(store_->user_of(openid)).value(), std::nullopt);
  EXPECT_EQ(wait(store_->openid_of(user)).value(), std::nullopt);
  ASSERT_TRUE(wait(store_->unbind(openid, 1)));
  EXPECT_EQ(number(mysql::sql("SELECT COUNT(*) FROM identities WHERE user_id = ? AND unbound_at IS NULL", user)), 1U);
}

TEST_F(IdentityStoreTest, after_the_grace_period_nothing_of_the_platform_is_left_and_children_stay) {
  const std::string openid = fresh("o");
  const auto user = user_at(service, openid);
  set(user, "nickname = '妈妈'");
  give_child(user);
  leave_traces(openid);
  EXPECT_EQ(tables_that_name(openid), tables_with_an_openid()) << "a new table has to be wiped, and here to be filled";
  ASSERT_TRUE(wait(store_->unbind(openid, 1)));
  EXPECT_EQ(wait(store_->wipe(clock_.now)).value(), 0U) << "not before its time";
  EXPECT_EQ(tables_that_name(openid), tables_with_an_openid());
  EXPECT_EQ(wait(store_->wipe(clock_.now + base::Milliseconds(1))).value(), 1U);
  EXPECT_EQ(wait(store_->wipe(clock_.now + base::Milliseconds(1))).value(), 0U);
  EXPECT_EQ(tables_that_name(openid), std::set<std::string>{});
  EXPECT_EQ(number(mysql::sql("SELECT COUNT(*) FROM users WHERE id = ? AND nickname = '' AND version = 2", user)), 1U);
  EXPECT_EQ(number(mysql::sql("SELECT COUNT(*) FROM guardianships WHERE user_id = ?", user)), 1U);
  EXPECT_EQ(audit_detail(user.bytes, "user.wipe"), "{}");
  EXPECT_NE(user_at(service, openid), user) << "who comes back is somebody new";
}

TEST_F(IdentityStoreTest, strangers_who_left_are_forgotten_after_the_grace_period_too) {
  const std::string gone = fresh("o");
  const std::string follower = fresh("o");
  const std::string known = fresh("o");
  user_at(service, known);
  for (const std::string& openid : {gone, follower, known}) leave_traces(openid);
  connection_.execute(mysql::sql("UPDATE message_people SET follows = 1 WHERE openid = ?", follower));
  EXPECT_EQ(wait(store_->wipe(clock_.now)).value(), 0U) << "not before their time";
  EXPECT_EQ(wait(store_->wipe(clock_.now + base::Milliseconds(1))).value(), 1U);
  EXPECT_EQ(tables_that_name(gone), std::set<std::string>{});
  EXPECT_FALSE(tables_that_name(follower).empty());
  EXPECT_EQ(tables_that_name(known), tables_with_an_openid());
}

TEST_F(IdentityStoreTest, what_a_receipt_leaves_of_somebody_who_is_forgotten_already_goes_too) {
  const std::string gone = fresh("o");
  const std::string consenting = fresh("o");
  const std::string insert = "INSERT INTO message_consents (openid, template_id, notices_left) VALUES (?, 'N', ?)";
  connection_.execute(mysql::sql(insert, gone, 0));
  connection_.execute(mysql::sql(insert, consenting, 1));
  EXPECT_EQ(wait(store_->wipe(clock_.now)).value(), 1U);
  EXPECT_EQ(tables_that_name(gone), std::set<std::string>{});
  EXPECT_FALSE(tables_that_name(consenting).empty());
}

TEST_F(IdentityStoreTest, the_same_openid_of_another_account_is_somebody_else) {
  const std::string openid = fresh("o");
  user_at(service, openid);
  leave_traces(openid);
  user_at(mini, openid);
  connection_.execute(mysql::sql("UPDATE identities SET unbound_at = 0 WHERE appid = ? AND openid = ?", mini, openid));
  EXPECT_EQ(wait(store_->wipe(clock_.now)).value(), 1U);
  EXPECT_EQ(tables_that_name(openid), tables_with_an_openid());
}

TEST_F(IdentityStoreTest, who_is_blocked_and_leaves_comes_back_blocked) {
  const std::string openid = fresh("o");
  const auto user = user_at(service, openid);
  set(user, "blocked = 1");
  ASSERT_TRUE(wait(store_->unbind(openid, 1)));
  EXPECT_EQ(wait(store_->wipe(clock_.now + one_hour)).value(), 0U);
  EXPECT_EQ(sign_in(service, openid).refused().code, base::Code::forbidden);
  set(user, "blocked = 0");
  EXPECT_EQ(wait(store_->wipe(clock_.now + one_hour)).value(), 1U) << "and who is let in again is wiped as all are";
  EXPECT_EQ(identities_of(user), 0U);
}

TEST_F(IdentityStoreTest, who_keeps_another_identity_keeps_the_profile) {
  const std::string unionid = fresh("u");
  const std::string openid = fresh("o");
  const auto user = user_at(service, openid, unionid);
  ASSERT_EQ(user_at(mini, fresh("o"), unionid), user);
  set(user, "nickname = '妈妈'");
  ASSERT_TRUE(wait(store_->unbind(openid, 1)));
  EXPECT_EQ(wait(store_->wipe(clock_.now + base::Milliseconds(1))).value(), 1U);
  EXPECT_EQ(number(mysql::sql("SELECT COUNT(*) FROM users WHERE id = ? AND nickname = '妈妈' AND version = 1", user)),
            1U);
  EXPECT_EQ(user_at(service, openid, unionid), user);
}

}  // namespace
}  // namespace zl::test
