// The detail of an audit row: one JSON object with what changed. Bounded, so that it always fits the column.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/id.hpp"
#include "base/time.hpp"

namespace zl::mysql {

/// Long texts are cut; members that would make the object longer than `length_limit` are left out and counted in
/// "left_out". Never for secrets, nor for what must be erasable: an audit row stays for ever. So the names, birth dates
/// and notes of people are told of as changed, without their values.
class AuditDetail {
 public:
  static constexpr std::size_t length_limit = 8000;  ///< of the object, in code points: the column's
  static constexpr std::size_t text_limit = 300;     ///< of one text, in code points

  AuditDetail& add(std::string_view key, std::string_view text);
  AuditDetail& add(std::string_view key, const std::vector<std::string>& texts);
  AuditDetail& add(std::string_view key, base::Instant instant);  ///< RFC 3339, in UTC

  template <std::integral I>
  AuditDetail& add(std::string_view key, I value) {
    if constexpr (std::same_as<I, bool>) {
      return member(key, value ? "true" : "false");
    } else {
      return member(key, std::to_string(value));
    }
  }
  template <class Tag>
  AuditDetail& add(std::string_view key, const base::Id<Tag>& id) {
    return add(key, std::string_view(id.hex()));
  }
  template <class T>
  AuditDetail& add(std::string_view key, const std::optional<T>& value) {
    return value ? add(key, *value) : member(key, "null");
  }

  /// Adds the new value where it is another.
  template <class T>
  AuditDetail& changed(std::string_view key, const T& before, const T& after) {
    return before == after ? *this : add(key, after);
  }

  /// The object: "{}" when nothing was added.
  std::string text() const;

 private:
  AuditDetail& member(std::string_view key, std::string_view value);

  std::string members_;
  std::size_t length_ = 0;  // of members_, in code points
  std::size_t left_out_ = 0;
};

}  // namespace zl::mysql
