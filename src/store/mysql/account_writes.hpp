// Changes of staff accounts and the end of tokens, each in the caller's transaction with its audit row and its row of
// the change feed. Outcomes are those of app::AccountStore.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "app/people_store.hpp"
#include "base/outcome.hpp"
#include "store/mysql/sql.hpp"
#include "store/mysql/write.hpp"

namespace zl::mysql {

// By the primary key; locks nothing.
inline constexpr std::string_view select_account =
    "SELECT id, username, role, station_id, blocked, version FROM accounts WHERE id = ?";

std::vector<domain::Account> accounts_of(const Rows& rows);

/// A source is a Connection, a Transaction or a Write.
template <class Source>
std::optional<domain::Account> find_account(Source& source, const base::AccountId& id) {
  std::vector<domain::Account> found = accounts_of(source.query(sql(select_account, id)));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

/// Refused{not_found} for an unknown station, Refused{invalid_state} for a user name that is taken.
base::Outcome<domain::Account> insert_account(Write& write, const app::AccountWithHash& account,
                                              const app::Actor& actor);
base::Outcome<domain::Account> update_account(Write& write, const app::AccountWithHash& wanted,
                                              std::uint64_t expected_version, const app::Actor& actor);

/// Refused{not_found} where the id is neither a user's nor an account's.
base::Outcome<base::Done> void_all_tokens(Write& write, const base::AccountId& id, const app::Actor& actor);
/// Ended again is done.
base::Outcome<base::Done> void_token(Write& write, const base::TokenId& id, base::Instant expires_at,
                                     const app::Actor& actor);

}  // namespace zl::mysql
