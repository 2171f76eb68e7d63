#include "store/mysql/account_store.hpp"

#include <boost/asio/awaitable.hpp>
#include <string_view>
#include <utility>

#include "store/mysql/account_writes.hpp"
#include "store/mysql/answers.hpp"

namespace zl::mysql {
namespace {

using base::Outcome;
using boost::asio::awaitable;

// All of them lock nothing. Unique index accounts_username.
constexpr std::string_view select_with_hash =
    "SELECT id, username, role, station_id, blocked, version, password_hash FROM accounts WHERE username = ?";
// By the primary key. No id is all zeros, so those are before the first.
constexpr std::string_view select_page =
    "SELECT id, username, role, station_id, blocked, version FROM accounts WHERE id > ? ORDER BY id LIMIT ?";
// Indexes users_raised and accounts_raised.
constexpr std::string_view select_raised =
    "SELECT id, version FROM users WHERE raised_at >= ? UNION ALL "
    "SELECT id, version FROM accounts WHERE raised_at >= ?";
// Index ended_tokens_expiry.
constexpr std::string_view select_ended = "SELECT id, expires_at FROM ended_tokens WHERE expires_at >= ?";

class MysqlAccountStore final : public app::AccountStore {
 public:
  explicit MysqlAccountStore(ConnectionPool& pool) : pool_(pool) {}

  awaitable<Outcome<std::optional<app::AccountWithHash>>> find_by_username(const std::string& username) override {
    return pool_.read([username](Connection& connection) -> Outcome<std::optional<app::AccountWithHash>> {
      const Rows rows = connection.query(sql(select_with_hash, username));
      if (rows.empty()) return std::optional<app::AccountWithHash>();
      return std::optional(app::AccountWithHash{accounts_of(rows).front(), rows.front().text(6)});
    });
  }

  awaitable<Outcome<std::optional<domain::Account>>> find(const base::AccountId& id) override {
    return pool_.read([id](Connection& connection) -> Outcome<std::optional<domain::Account>> {
      return find_account(connection, id);
    });
  }

  awaitable<Outcome<app::AccountPage>> list(std::optional<base::AccountId> after, std::size_t limit) override {
    return pool_.read([after, limit](Connection& connection) -> Outcome<app::AccountPage> {
      const Rows rows = connection.query(sql(select_page, after.value_or(base::AccountId{}), limit + 1));
      app::AccountPage page{accounts_of(rows), rows.size() > limit};
      if (page.more) page.items.pop_back();
      return page;
    });
  }

  awaitable<Outcome<app::Created<domain::Account>>> create(const app::AccountWithHash& account, const app::Actor& actor,
                                                           std::optional<app::CreationMark> mark) override {
    return pool_.write([account, actor, mark](Write& write) {
      return create_once<domain::Account>(
          write, mark, account.account.id.bytes, [&] { return insert_account(write, account, actor); },
          [&](const base::Bytes16& id) -> Outcome<domain::Account> {
            std::optional<domain::Account> found = find_account(write, base::AccountId{id});
            if (!found) return base::Code::not_found;
            return *std::move(found);
          });
    });
  }

  awaitable<Outcome<domain::Account>> update(const app::AccountWithHash& account, std::uint64_t expected_version,
                                             const app::Actor& actor) override {
    return pool_.write([account, expected_version, actor](Write& write) {
      return update_account(write, account, expected_version, actor);
    });
  }

  awaitable<Outcome<base::Done>> end_all_tokens(const base::AccountId& id, const app::Actor& actor) override {
    return pool_.write([id, actor](Write& write) { return void_all_tokens(write, id, actor); });
  }

  awaitable<Outcome<base::Done>> end_token(const base::TokenId& id, base::Instant expires_at,
                                           const app::Actor& actor) override {
    return pool_.write([id, expires_at, actor](Write& write) { return void_token(write, id, expires_at, actor); });
  }

  // A token that ended before `since` and lives longer does not exist: `since` is one token lifetime ago.
  awaitable<Outcome<app::VoidedTokens>> voided_since(base::Instant since) override {
    return pool_.read([since](Connection& connection) -> Outcome<app::VoidedTokens> {
      app::VoidedTokens voided;
      for (const Row row : connection.query(sql(select_raised, since, since))) {
        voided.raised.push_back({row.id<base::AccountId>(0), static_cast<std::uint32_t>(row.u64(1))});
      }
      for (const Row row : connection.query(sql(select_ended, since))) {
        voided.ended.push_back({row.id<base::TokenId>(0), row.instant(1)});
      }
      return voided;
    });
  }

 private:
  ConnectionPool& pool_;
};

}  // namespace

std::unique_ptr<app::AccountStore> create_account_store(ConnectionPool& pool) {
  return std::make_unique<MysqlAccountStore>(pool);
}

}  // namespace zl::mysql
