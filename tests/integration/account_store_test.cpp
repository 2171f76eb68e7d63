// Staff accounts and the end of tokens on a real MariaDB.
#include "store/mysql/account_store.hpp"

#include <algorithm>

#include "store/mysql/sql.hpp"
#include "store_harness.hpp"

namespace zl::test {
namespace {

using base::Code;
using mysql::sql;

class AccountStoreTest : public StoreTest {
 protected:
  app::AccountWithHash account(std::string username) {
    app::AccountWithHash made;
    made.account.id = new_id<base::AccountId>();
    made.account.username = std::move(username);
    made.account.role = domain::Role::auditor;
    made.password_hash = "$argon2id$hash";
    return made;
  }
  app::AccountWithHash created(std::string username) {
    app::AccountWithHash made = account(std::move(username));
    EXPECT_TRUE(wait(store_->create(made, admin_, std::nullopt)).is_done());
    return made;
  }
  bool raised(const base::AccountId& id, std::uint32_t version) {
    const auto voided = wait(store_->voided_since(clock_.now)).value();
    return std::ranges::any_of(voided.raised,
                               [&](const auto& r) { return r.account_id == id && r.version == version; });
  }

  std::unique_ptr<app::AccountStore> store_ = mysql::create_account_store(pool_);
};

TEST_F(AccountStoreTest, finds_an_account_by_name_and_by_id) {
  const app::AccountWithHash made = created("found");

  const auto by_name = wait(store_->find_by_username("found")).value();
  const auto by_id = wait(store_->find(made.account.id)).value();

  ASSERT_TRUE(by_name && by_id);
  EXPECT_EQ(by_name->password_hash, "$argon2id$hash");
  EXPECT_EQ(by_name->account.id, made.account.id);
  EXPECT_EQ(by_id->role, domain::Role::auditor);
  EXPECT_FALSE(by_id->station_id.has_value());
  EXPECT_FALSE(wait(store_->find_by_username("nobody")).value().has_value());
  EXPECT_FALSE(wait(store_->find(new_id<base::AccountId>())).value().has_value());
}

TEST_F(AccountStoreTest, refuses_a_name_that_is_taken_and_an_unknown_station) {
  created("taken");
  app::AccountWithHash other = account("taken");
  EXPECT_EQ(wait(store_->create(other, admin_, std::nullopt)).refused().code, Code::invalid_state);
  other.account.username = "free";
  other.account.station_id = new_id<base::StationId>();
  EXPECT_EQ(wait(store_->create(other, admin_, std::nullopt)).refused().code, Code::not_found);
  EXPECT_FALSE(wait(store_->find_by_username("free")).value().has_value());
}

TEST_F(AccountStoreTest, gives_the_first_account_again_for_the_same_mark) {
  app::CreationMark mark;
  random_.fill(mark.key);
  const app::AccountWithHash first = account("marked");
  ASSERT_FALSE(wait(store_->create(first, admin_, mark)).value().earlier);
  const app::AccountWithHash second = account("marked");
  const auto again = wait(store_->create(second, admin_, mark));
  EXPECT_TRUE(again->earlier);
  EXPECT_EQ(again->value.id, first.account.id);
}

TEST_F(AccountStoreTest, a_change_raises_the_version_and_keeps_an_unnamed_password) {
  app::AccountWithHash made = created("changed");
  made.account.blocked = true;
  made.password_hash.clear();

  EXPECT_EQ(wait(store_->update(made, 1, admin_)).value().version, 2U);
  EXPECT_EQ(wait(store_->find_by_username("changed")).value()->password_hash, "$argon2id$hash");
  EXPECT_TRUE(wait(store_->find(made.account.id)).value()->blocked);
  EXPECT_TRUE(raised(made.account.id, 2));
  EXPECT_EQ(audit_detail(made.account.id.bytes, "account.update"), R"({"blocked":true})");
  EXPECT_EQ(number(sql("SELECT number FROM changes WHERE subject = ? ORDER BY seq DESC LIMIT 1", made.account.id)), 2U);

  made.password_hash = "$argon2id$other";
  EXPECT_EQ(wait(store_->update(made, 1, admin_)).refused().code, Code::version_mismatch);
  EXPECT_EQ(wait(store_->update(made, 2, admin_)).value().version, 3U);
  EXPECT_EQ(wait(store_->find_by_username("changed")).value()->password_hash, "$argon2id$other");
  EXPECT_EQ(number(sql("SELECT COUNT(*) FROM audit WHERE subject = ? AND detail LIKE '%argon%'", made.account.id)), 0U);
  EXPECT_EQ(wait(store_->update(account("nobody"), 1, admin_)).refused().code, Code::not_found);
}

TEST_F(AccountStoreTest, lists_in_pages_by_id) {
  for (int i = 0; i < 5; ++i) created("page-" + std::to_string(i));
  std::vector<base::AccountId> seen;
  std::optional<base::AccountId> after;
  for (bool more = true; more;) {
    const app::AccountPage page = wait(store_->list(after, 2)).value();
    EXPECT_LE(page.items.size(), 2U);
    for (const domain::Account& item : page.items) seen.push_back(item.id);
    more = page.more;
    after = seen.back();
  }
  EXPECT_EQ(seen.size(), number("SELECT COUNT(*) FROM accounts"));
  EXPECT_TRUE(std::ranges::is_sorted(seen));
}

TEST_F(AccountStoreTest, ends_all_tokens_of_users_and_of_accounts) {
  const base::AccountId user{a_user().bytes};
  const base::AccountId staff = created("ended").account.id;

  EXPECT_TRUE(wait(store_->end_all_tokens(user, admin_)).is_done());
  EXPECT_TRUE(wait(store_->end_all_tokens(staff, admin_)).is_done());

  EXPECT_TRUE(raised(user, 2));
  EXPECT_TRUE(raised(staff, 2));
  EXPECT_EQ(audit_rows(user.bytes, "user.end_tokens"), 1U);
  EXPECT_EQ(audit_rows(staff.bytes, "account.end_tokens"), 1U);
  EXPECT_EQ(wait(store_->end_all_tokens(new_id<base::AccountId>(), admin_)).refused().code, Code::not_found);
}

TEST_F(AccountStoreTest, ends_a_token_once) {
  const auto token = new_id<base::TokenId>();
  const base::Instant expires_at = clock_.now + one_hour;

  EXPECT_TRUE(wait(store_->end_token(token, expires_at, admin_)).is_done());
  EXPECT_TRUE(wait(store_->end_token(token, expires_at, admin_)).is_done());

  EXPECT_EQ(change_rows(token.bytes), 1U);
  EXPECT_EQ(audit_rows(token.bytes, "token.end"), 1U);
  const auto voided = wait(store_->voided_since(clock_.now)).value();
  EXPECT_EQ(std::ranges::count(voided.ended, token, &app::VoidedTokens::Ended::token_id), 1);
  const auto later = wait(store_->voided_since(expires_at + one_hour)).value();
  EXPECT_EQ(std::ranges::count(later.ended, token, &app::VoidedTokens::Ended::token_id), 0);
}

}  // namespace
}  // namespace zl::test
