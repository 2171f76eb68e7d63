// The platform's JSON, read leniently: its texts hold raw control characters and broken UTF-8 now and then, and its
// content type says nothing. Ids keep all 64 bits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace zl::wechat {

/// An object of an answer. What is absent or of another type reads as empty: the platform leaves fields out at will.
class JsonObject {
 public:
  /// Nothing where the text is no JSON object, is larger than 1 MiB or nests deeper than 16.
  static std::optional<JsonObject> parse(std::string_view text);

  /// A text; a number in digits.
  std::string text(std::string_view name) const;
  /// An integer, or a text of digits.
  std::optional<std::int64_t> integer(std::string_view name) const;
  JsonObject object(std::string_view name) const;

 private:
  struct Tree;

  JsonObject(std::shared_ptr<const Tree> tree, const void* object) : tree_(std::move(tree)), object_(object) {}

  std::shared_ptr<const Tree> tree_;  ///< of the whole answer
  const void* object_;                ///< a boost::json::object in it, or null where there is none
};

/// A text as a JSON string with its quotes, UTF-8 unescaped: the platform refuses \uXXXX in menus. Control characters
/// are escaped.
std::string json_text(std::string_view text);

}  // namespace zl::wechat
