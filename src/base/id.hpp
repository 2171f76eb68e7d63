// Ids: 16 bytes, 32 lower-case hex digits on the wire, a type of their own for each kind of thing.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace zl::base {

using Bytes16 = std::array<std::uint8_t, 16>;

/// 2 digits per byte, lower case.
std::string to_hex(std::string_view bytes);
void append_hex(std::string& out, std::string_view bytes);

/// The bytes of an even number of lower-case hex digits; nothing for any other text.
std::optional<std::string> from_hex(std::string_view hex);

/// Exactly 32 lower-case hex digits, else nothing.
std::optional<Bytes16> parse_bytes16(std::string_view hex);

template <class Tag>
struct Id {
  Bytes16 bytes{};

  auto operator<=>(const Id&) const = default;

  std::string_view raw() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  std::string hex() const { return to_hex(raw()); }

  /// 32 lower-case hex digits, else nothing.
  static std::optional<Id> parse(std::string_view hex) {
    const auto parsed = parse_bytes16(hex);
    if (!parsed) return std::nullopt;
    return Id{*parsed};
  }

  /// 16 raw bytes as a store keeps them; shorter input is padded with zeros.
  static Id from_raw(std::string_view raw) {
    Id id;
    std::memcpy(id.bytes.data(), raw.data(), raw.size() < 16 ? raw.size() : 16);
    return id;
  }
};

using StationId = Id<struct StationTag>;
using ProgrammeId = Id<struct ProgrammeTag>;
using ActivityId = Id<struct ActivityTag>;
using SessionId = Id<struct SessionTag>;
using UserId = Id<struct UserTag>;
using AttendeeId = Id<struct AttendeeTag>;
using BookingId = Id<struct BookingTag>;
using CheckInId = Id<struct CheckInTag>;
using AccountId = Id<struct AccountTag>;  ///< a user's or a staff account's id, where either may stand
using TokenId = Id<struct TokenTag>;
using LoginId = Id<struct LoginTag>;  ///< a login that is on its way to the platform and back
using ChainId = Id<struct ChainTag>;  ///< one audit hash chain

}  // namespace zl::base

template <class Tag>
struct std::hash<zl::base::Id<Tag>> {
  // Ids are random or an HMAC, so eight of their bytes are a hash already.
  std::size_t operator()(const zl::base::Id<Tag>& id) const noexcept {
    std::size_t value = 0;
    std::memcpy(&value, id.bytes.data() + 8, sizeof value);
    return value;
  }
};
