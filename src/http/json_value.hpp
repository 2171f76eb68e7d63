// A request's JSON as a tree that keeps what a strict reader has to see: the order of members, and which numbers were
// integers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace zl::http {

struct JsonValue;
struct JsonMember;

struct JsonNull {};
/// A number with a fraction or an exponent, or one that no 64-bit integer holds.
struct JsonReal {};
using JsonArray = std::vector<JsonValue>;
using JsonMembers = std::vector<JsonMember>;

struct JsonValue {
  std::variant<JsonNull, bool, std::int64_t, std::uint64_t, JsonReal, std::string, JsonArray, JsonMembers> content;

  bool is_null() const { return std::holds_alternative<JsonNull>(content); }
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

/// How deep objects and arrays may nest.
inline constexpr std::size_t json_depth_limit = 16;

/// Where and why a text was refused.
struct JsonFault {
  std::string pointer;  ///< of the member that stands twice, else ""
  std::string detail;
};

/// RFC 8259, strictly: UTF-8 only, no member twice, no comments, nothing behind the value, depth 16.
std::variant<JsonValue, JsonFault> parse_json(std::string_view text);

/// `parent` with one more step (RFC 6901). A name too long to be shown back stands as "…".
std::string pointer_to(std::string_view parent, std::string_view name);
std::string pointer_to(std::string_view parent, std::size_t index);

}  // namespace zl::http
