#include "store/mysql/account_writes.hpp"

#include <string>

#include "store/mysql/answers.hpp"
#include "store/mysql/audit_detail.hpp"

namespace zl::mysql {
namespace {

// Locks one row by the primary key.
constexpr std::string_view select_account_for_update = "SELECT 1 FROM accounts WHERE id = ? FOR UPDATE";

// A new row; locks its station, shared. A second run is a duplicate: nothing happens.
constexpr std::string_view insert_accounts =
    "INSERT INTO accounts (id, username, password_hash, role, station_id, blocked, version, created_at) "
    "VALUES (?, ?, ?, ?, ?, ?, 1, ?)";
// IGNORE: a token that was ended before is done.
constexpr std::string_view insert_ended_token = "INSERT IGNORE INTO ended_tokens (id, expires_at) VALUES (?, ?)";

// One row each, by the primary key. A second run raises the version once more, which voids nothing more.
constexpr std::string_view update_accounts =
    "UPDATE accounts SET username = ?, role = ?, station_id = ?, blocked = ?, version = version + 1, raised_at = ? "
    "WHERE id = ?";
constexpr std::string_view update_password = "UPDATE accounts SET password_hash = ? WHERE id = ?";
constexpr std::string_view raise_user = "UPDATE users SET version = version + 1, raised_at = ? WHERE id = ?";
constexpr std::string_view raise_account = "UPDATE accounts SET version = version + 1, raised_at = ? WHERE id = ?";
constexpr std::string_view select_user_version = "SELECT version FROM users WHERE id = ?";
constexpr std::string_view select_account_version = "SELECT version FROM accounts WHERE id = ?";

/// Runs a statement on accounts; why not, where the user name is taken or the station is unknown.
base::Outcome<base::Done> write_account(Write& write, const std::string& statement) {
  try {
    write.execute(statement);
    return base::Done{};
  } catch (const SqlError& error) {
    if (error.fault() == SqlFault::duplicate) return refused(base::Code::invalid_state, "the user name is taken");
    if (error.fault() == SqlFault::constraint) return refused(base::Code::not_found, "there is no such station");
    throw;
  }
}

std::string detail_of(const domain::Account& before, const app::AccountWithHash& after) {
  AuditDetail detail;
  detail.changed("username", before.username, after.account.username)
      .changed("role", domain::role_name(before.role), domain::role_name(after.account.role))
      .changed("station_id", before.station_id, after.account.station_id)
      .changed("blocked", before.blocked, after.account.blocked);
  if (!after.password_hash.empty()) detail.add("password_changed", true);
  return detail.text();
}

}  // namespace

std::vector<domain::Account> accounts_of(const Rows& rows) {
  std::vector<domain::Account> accounts;
  accounts.reserve(rows.size());
  for (const Row row : rows) {
    accounts.push_back({row.id<base::AccountId>(0), row.text(1), row.as<domain::Role>(2),
                        row.maybe_id<base::StationId>(3), row.flag(4), static_cast<std::uint32_t>(row.u64(5))});
  }
  return accounts;
}

base::Outcome<domain::Account> insert_account(Write& write, const app::AccountWithHash& account,
                                              const app::Actor& actor) {
  const domain::Account& facts = account.account;
  const auto written = write_account(write, sql(insert_accounts, facts.id, facts.username, account.password_hash,
                                                facts.role, facts.station_id, facts.blocked, write.now()));
  if (!written) return written.as<domain::Account>();
  write.change(app::ChangeKind::account, facts.id.bytes, 1);
  AuditDetail detail;
  detail.add("username", facts.username)
      .add("role", domain::role_name(facts.role))
      .add("station_id", facts.station_id)
      .add("blocked", facts.blocked);
  write.audit(actor, "account.create", facts.id.bytes, detail.text());
  domain::Account created = facts;
  created.version = 1;
  return created;
}

base::Outcome<domain::Account> update_account(Write& write, const app::AccountWithHash& wanted,
                                              std::uint64_t expected_version, const app::Actor& actor) {
  const domain::Account& facts = wanted.account;
  write.query(sql(select_account_for_update, facts.id));
  const std::optional<domain::Account> before = find_account(write, facts.id);
  if (!before) return base::Code::not_found;
  if (before->version != expected_version) return base::Code::version_mismatch;

  const auto written = write_account(
      write, sql(update_accounts, facts.username, facts.role, facts.station_id, facts.blocked, write.now(), facts.id));
  if (!written) return written.as<domain::Account>();
  if (!wanted.password_hash.empty()) write.execute(sql(update_password, wanted.password_hash, facts.id));
  domain::Account updated = facts;
  updated.version = before->version + 1;
  write.change(app::ChangeKind::account, facts.id.bytes, updated.version);
  write.audit(actor, "account.update", facts.id.bytes, detail_of(*before, wanted));
  return updated;
}

base::Outcome<base::Done> void_all_tokens(Write& write, const base::AccountId& id, const app::Actor& actor) {
  const bool is_user = write.execute(sql(raise_user, write.now(), id)) == 1;
  if (!is_user && write.execute(sql(raise_account, write.now(), id)) == 0) return base::Code::not_found;
  const Rows version = write.query(sql(is_user ? select_user_version : select_account_version, id));
  write.change(app::ChangeKind::account, id.bytes, version.front().u64(0));
  write.audit(actor, is_user ? "user.end_tokens" : "account.end_tokens", id.bytes);
  return base::Done{};
}

base::Outcome<base::Done> void_token(Write& write, const base::TokenId& id, base::Instant expires_at,
                                     const app::Actor& actor) {
  if (write.execute(sql(insert_ended_token, id, expires_at)) == 0) return base::Done{};
  write.change(app::ChangeKind::token, id.bytes, static_cast<std::uint64_t>(expires_at.unix_ms));
  write.audit(actor, "token.end", id.bytes);
  return base::Done{};
}

}  // namespace zl::mysql
