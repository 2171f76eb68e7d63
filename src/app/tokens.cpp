#include "app/tokens.hpp"

#include <algorithm>

#include "runtime/base64url.hpp"

namespace zl::app {
namespace {

constexpr std::string_view prefix = "zt1.";

// account 16, token 16, station 16, version 4, role 1 (0: a user), has station 1, expires 8, all numbers big-endian.
constexpr std::size_t payload_size = 62;

void put_number(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>((value >> shift) & 0xFFU));
}

std::uint64_t get_number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = (value << 8U) | static_cast<unsigned char>(c);
  return value;
}

std::string encode(const Claims& claims) {
  std::string payload;
  payload.reserve(payload_size);
  payload += claims.account.raw();
  payload += claims.token.raw();
  payload += claims.station.value_or(base::StationId{}).raw();
  put_number(payload, claims.version, 4);
  put_number(payload, claims.role ? static_cast<std::uint64_t>(*claims.role) : 0, 1);
  put_number(payload, claims.station ? 1 : 0, 1);
  put_number(payload, static_cast<std::uint64_t>(claims.expires_at.unix_ms), 8);
  return payload;
}

std::optional<Claims> decode(std::string_view payload) {
  Claims claims;
  claims.account = base::AccountId::from_raw(payload.substr(0, 16));
  claims.token = base::TokenId::from_raw(payload.substr(16, 16));
  claims.version = static_cast<std::uint32_t>(get_number(payload.substr(48, 4)));
  const auto role = static_cast<int>(get_number(payload.substr(52, 1)));
  if (role > static_cast<int>(domain::Role::auditor)) return std::nullopt;
  if (role != 0) claims.role = static_cast<domain::Role>(role);
  if (payload[53] == 1) claims.station = base::StationId::from_raw(payload.substr(32, 16));
  claims.expires_at.unix_ms = static_cast<std::int64_t>(get_number(payload.substr(54, 8)));
  return claims;
}

std::string_view bytes_of(const runtime::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

TokenKeys::TokenKeys(std::string_view current, std::string_view previous) : current_(current) {
  if (!previous.empty()) previous_.emplace(previous);
}

std::string TokenKeys::sign(const Claims& claims) const {
  std::string token = std::string(prefix) + runtime::base64url_encode(encode(claims));
  const runtime::Digest mac = current_(token);
  token += '.';
  token += runtime::base64url_encode(bytes_of(mac));
  return token;
}

std::optional<Claims> TokenKeys::check(std::string_view token, base::Instant now) const {
  if (!token.starts_with(prefix) || token.size() > 256) return std::nullopt;
  const std::size_t dot = token.rfind('.');
  if (dot < prefix.size()) return std::nullopt;
  const std::string_view signed_part = token.substr(0, dot);
  runtime::Digest mac;
  if (!runtime::base64url_decode_into(token.substr(dot + 1), mac)) return std::nullopt;
  const bool genuine = runtime::constant_time_equal(bytes_of(current_(signed_part)), bytes_of(mac)) ||
                       (previous_ && runtime::constant_time_equal(bytes_of((*previous_)(signed_part)), bytes_of(mac)));
  if (!genuine) return std::nullopt;
  std::array<std::uint8_t, payload_size> payload;
  if (!runtime::base64url_decode_into(signed_part.substr(prefix.size()), payload)) return std::nullopt;
  const std::optional<Claims> claims = decode({reinterpret_cast<const char*>(payload.data()), payload.size()});
  if (!claims || now >= claims->expires_at) return std::nullopt;
  return claims;
}

void VoidedTokenList::raise(const base::AccountId& account, std::uint32_t version, base::Instant now) {
  Shard& shard = shards_[account.bytes[0] % shards];
  const std::lock_guard lock(shard.mutex);
  Raised& raised = shard.raised[account];
  raised.version = std::max(raised.version, version);
  raised.learnt_at = now;
}

void VoidedTokenList::end(const base::TokenId& token, base::Instant expires_at) {
  Shard& shard = shards_[token.bytes[0] % shards];
  const std::lock_guard lock(shard.mutex);
  shard.ended[token] = expires_at;
}

bool VoidedTokenList::is_void(const Claims& claims) const {
  {
    const Shard& shard = shards_[claims.account.bytes[0] % shards];
    const std::lock_guard lock(shard.mutex);
    const auto raised = shard.raised.find(claims.account);
    if (raised != shard.raised.end() && claims.version < raised->second.version) return true;
  }
  const Shard& shard = shards_[claims.token.bytes[0] % shards];
  const std::lock_guard lock(shard.mutex);
  return shard.ended.contains(claims.token);
}

void VoidedTokenList::forget_expired(base::Instant now, base::Milliseconds longest_token) {
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    std::erase_if(shard.ended, [now](const auto& entry) { return entry.second <= now; });
    std::erase_if(shard.raised, [&](const auto& entry) { return entry.second.learnt_at + longest_token < now; });
  }
}

std::size_t VoidedTokenList::size() const {
  std::size_t size = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    size += shard.raised.size() + shard.ended.size();
  }
  return size;
}

}  // namespace zl::app
