#include "store/mysql/identity_store.hpp"

#include <string_view>
#include <utility>

#include "store/mysql/identity_writes.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

using base::Outcome;
using boost::asio::awaitable;

// By the primary keys; locks nothing. Nothing for an identity that has to be written first: it is unbound, or its
// unionid is another, or the same person is another user too.
constexpr std::string_view select_bound =
    "SELECT u.id, u.nickname, u.version, u.blocked FROM identities i JOIN users u ON u.id = i.user_id "
    "WHERE i.appid = ? AND i.openid = ? AND i.unbound_at IS NULL AND (? = '' OR i.unionid = ?) AND NOT EXISTS "
    "(SELECT 1 FROM identities other WHERE other.unionid = i.unionid AND other.user_id <> i.user_id)";
constexpr std::string_view select_user_of =
    "SELECT user_id FROM identities WHERE appid = ? AND openid = ? AND unbound_at IS NULL";
// Index identities_user; locks nothing. The newest, where a person has several accounts of the same kind.
constexpr std::string_view select_openid_of =
    "SELECT openid FROM identities WHERE user_id = ? AND appid = ? AND unbound_at IS NULL "
    "ORDER BY created_at DESC, openid LIMIT 1";
// One row by the primary key, which the first locks; nothing where something newer was told. A second run changes
// nothing.
constexpr std::string_view lock_older =
    "SELECT user_id, unbound_at IS NULL FROM identities WHERE appid = ? AND openid = ? "
    "AND (follow_told_s IS NULL OR follow_told_s <= ?) FOR UPDATE";
constexpr std::string_view update_following =
    "UPDATE identities SET unbound_at = ?, follow_told_s = ? WHERE appid = ? AND openid = ?";
constexpr std::string_view update_told = "UPDATE identities SET follow_told_s = ? WHERE appid = ? AND openid = ?";

/// Binds or unbinds, where what is told is not older than what is known; the audit names nobody but the user.
void note_following(Write& write, const std::string& appid, const std::string& openid, bool follows,
                    std::int64_t told_s) {
  const Rows found = write.query(sql(lock_older, appid, openid, told_s));
  if (found.empty()) return;
  if (found.front().flag(1) == follows) {
    write.execute(sql(update_told, told_s, appid, openid));
    return;
  }
  const std::optional<base::Instant> unbound_at = follows ? std::nullopt : std::optional(write.now());
  write.execute(sql(update_following, unbound_at, told_s, appid, openid));
  const auto user = found.front().id<base::UserId>(0);
  const std::string_view action = follows ? "user.rebind" : "user.unbind";
  write.audit({base::AccountId{user.bytes}, "user", {}, {}}, action, user.bytes);
}

class MysqlIdentityStore final : public app::IdentityStore {
 public:
  MysqlIdentityStore(ConnectionPool& pool, base::Random& random, std::string appid)
      : pool_(pool), random_(random), appid_(std::move(appid)) {}

  // Almost always one read: thousands sign in within a minute, and nearly all of them exist.
  awaitable<Outcome<domain::User>> sign_in(app::PlatformIdentity identity) override {
    const auto found = co_await find_bound(identity);
    if (!found) co_return found.as<domain::User>();
    if (*found && (*found)->blocked) {
      co_return base::Refused{base::Code::forbidden, "this account is blocked", {}, 0};
    }
    if (*found) co_return **found;
    co_return co_await bind(std::move(identity));
  }

  awaitable<Outcome<base::Done>> unbind(std::string openid, std::int64_t told_s) override {
    return follow(std::move(openid), false, told_s);
  }

  awaitable<Outcome<base::Done>> rebind(std::string openid, std::int64_t told_s) override {
    return follow(std::move(openid), true, told_s);
  }

  awaitable<Outcome<std::optional<base::UserId>>> user_of(std::string openid) override {
    return pool_.read(
        [appid = appid_, openid = std::move(openid)](Connection& connection) -> Outcome<std::optional<base::UserId>> {
          const Rows rows = connection.query(sql(select_user_of, appid, openid));
          return rows.empty() ? std::nullopt : std::optional(rows.front().id<base::UserId>(0));
        });
  }

  awaitable<Outcome<std::optional<std::string>>> openid_of(base::UserId user) override {
    return pool_.read([appid = appid_, user](Connection& connection) -> Outcome<std::optional<std::string>> {
      const Rows rows = connection.query(sql(select_openid_of, user, appid));
      return rows.empty() ? std::nullopt : std::optional(rows.front().text(0));
    });
  }

  awaitable<Outcome<std::uint64_t>> wipe(base::Instant unbound_before) override {
    return pool_.write([appid = appid_, unbound_before](Write& write) -> Outcome<std::uint64_t> {
      return wipe_identities(write, appid, unbound_before);
    });
  }

 private:
  awaitable<Outcome<std::optional<domain::User>>> find_bound(const app::PlatformIdentity& identity) {
    return pool_.read([identity](Connection& connection) -> Outcome<std::optional<domain::User>> {
      const Rows rows =
          connection.query(sql(select_bound, identity.appid, identity.openid, identity.unionid, identity.unionid));
      if (rows.empty()) return std::optional<domain::User>();
      const Row row = rows.front();
      return std::optional(
          domain::User{row.id<base::UserId>(0), row.text(1), static_cast<std::uint32_t>(row.u64(2)), row.flag(3)});
    });
  }

  awaitable<Outcome<base::Done>> follow(std::string openid, bool follows, std::int64_t told_s) {
    return pool_.write(
        [appid = appid_, openid = std::move(openid), follows, told_s](Write& write) -> Outcome<base::Done> {
          note_following(write, appid, openid, follows, told_s);
          return base::Done{};
        });
  }

  awaitable<Outcome<domain::User>> bind(app::PlatformIdentity identity) {
    const auto new_id = random_.next_id<base::UserId>();
    const auto attempt = [identity = std::move(identity), new_id](Write& write) {
      return bind_identity(write, identity, new_id);
    };
    auto bound = co_await pool_.write(attempt);
    const bool lost_race = bound.is_refused() && bound.refused().code == base::Code::in_progress;
    // Whoever was first has committed, so this finds it.
    if (lost_race) co_return co_await pool_.write(attempt);
    co_return bound;
  }

  ConnectionPool& pool_;
  base::Random& random_;
  const std::string appid_;
};

}  // namespace

std::unique_ptr<app::IdentityStore> create_identity_store(ConnectionPool& pool, base::Random& random,
                                                          std::string appid) {
  return std::make_unique<MysqlIdentityStore>(pool, random, std::move(appid));
}

}  // namespace zl::mysql
