// Who is calling: signed tokens that are checked in memory, and what voids them before their time.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/random.hpp"
#include "domain/people.hpp"
#include "runtime/hmac.hpp"

namespace zl::app {

/// What a token says. A user's has no role; a staff account's has one, and a station where the role is bound to one.
struct Claims {
  base::AccountId account;
  base::TokenId token;
  std::uint32_t version = 1;
  base::Instant expires_at;
  std::optional<domain::Role> role;
  std::optional<base::StationId> station;

  bool is_staff() const { return role.has_value(); }
  base::UserId user() const { return {account.bytes}; }
};

/// Signs and checks. Tokens are "zt1.<payload>.<HMAC-SHA-256 of all before>", both base64url; there is one algorithm,
/// so none can be swapped in. A second key lets tokens of the key before it live on while keys are rotated.
class TokenKeys {
 public:
  /// Keys of at least 32 bytes; `previous` may be empty.
  TokenKeys(std::string_view current, std::string_view previous);

  std::string sign(const Claims& claims) const;

  /// The claims of a token that is ours and has not expired; whether it was voided is VoidedTokenList's to say.
  std::optional<Claims> check(std::string_view token, base::Instant now) const;

 private:
  runtime::HmacSha256 current_;
  std::optional<runtime::HmacSha256> previous_;
};

/// Account versions that rose, and tokens that were ended, within one token lifetime. Thread-safe, sharded.
class VoidedTokenList {
 public:
  void raise(const base::AccountId& account, std::uint32_t version, base::Instant now);
  void end(const base::TokenId& token, base::Instant expires_at);
  bool is_void(const Claims& claims) const;

  /// Forgets tokens that have expired, and accounts raised before `since`.
  void forget_expired(base::Instant now, base::Milliseconds longest_token);

  std::size_t size() const;

 private:
  struct Raised {
    std::uint32_t version = 0;
    base::Instant learnt_at;
  };
  static constexpr std::size_t shards = 16;
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<base::AccountId, Raised> raised;      ///< under mutex
    std::unordered_map<base::TokenId, base::Instant> ended;  ///< under mutex
  };
  std::array<Shard, shards> shards_;
};

}  // namespace zl::app
