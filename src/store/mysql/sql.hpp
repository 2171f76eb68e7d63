// Statement text from constants and typed values. The only way in which a value comes into a statement: nothing from
// input is ever pasted, every value becomes a literal that the server cannot read as anything else.
#pragma once

#include <array>
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
#include "domain/booking.hpp"

namespace zl::mysql {

/// Raw bytes of any length for a BINARY or VARBINARY column.
struct Bytes {
  std::string_view raw;
};

/// A part of a statement that was made by this encoder already, for example a list of rows.
struct Fragment {
  std::string text;
};

void append_unsigned(std::string& out, std::uint64_t value);
void append_signed(std::string& out, std::int64_t value);
void append_bytes(std::string& out, std::string_view raw);  ///< x'…'
void append_text(std::string& out,
                 std::string_view text);              ///< _utf8mb4 '…', or x'…' where there is anything but plain ASCII
void append_date(std::string& out, base::Date date);  ///< 'YYYY-MM-DD'

inline void append_literal(std::string& out, std::unsigned_integral auto value) {
  append_unsigned(out, value);
}
inline void append_literal(std::string& out, std::signed_integral auto value) {
  append_signed(out, value);
}
template <class E>
  requires std::is_enum_v<E>
void append_literal(std::string& out, E value) {
  append_signed(out, static_cast<std::int64_t>(value));
}
inline void append_literal(std::string& out, base::Instant value) {
  append_signed(out, value.unix_ms);
}
inline void append_literal(std::string& out, domain::GrantNumber value) {
  append_unsigned(out, value.value);
}
inline void append_literal(std::string& out, base::Date value) {
  append_date(out, value);
}
inline void append_literal(std::string& out, Bytes value) {
  append_bytes(out, value.raw);
}
template <class Tag>
void append_literal(std::string& out, const base::Id<Tag>& value) {
  append_bytes(out, value.raw());
}
template <std::size_t n>
void append_literal(std::string& out, const std::array<std::uint8_t, n>& value) {
  append_bytes(out, {reinterpret_cast<const char*>(value.data()), n});
}
inline void append_literal(std::string& out, std::string_view value) {
  append_text(out, value);
}
inline void append_literal(std::string& out, const std::string& value) {
  append_text(out, value);
}
inline void append_literal(std::string& out, const char* value) {
  append_text(out, value);
}
inline void append_literal(std::string& out, std::nullopt_t) {
  out += "NULL";
}
inline void append_literal(std::string& out, const Fragment& value) {
  out += value.text;
}

/// NULL where there is no value.
template <class T>
void append_literal(std::string& out, const std::optional<T>& value) {
  if (value) {
    append_literal(out, *value);
  } else {
    out += "NULL";
  }
}

/// Comma separated, without parentheses; an empty list is NULL, so that `IN (?)` matches nothing.
template <class T>
void append_literal(std::string& out, const std::vector<T>& values) {
  if (values.empty()) out += "NULL";
  bool first = true;
  for (const T& value : values) {
    if (!first) out += ',';
    first = false;
    append_literal(out, value);
  }
}

template <class T>
std::string literal(const T& value) {
  std::string text;
  append_literal(text, value);
  return text;
}

/// `text` with its question marks replaced in order; as many as there are literals, or the process ends.
std::string replace_marks(std::string_view text, const std::vector<std::string>& literals);

/// A statement from a constant text with one `?` per value: sql("SELECT … WHERE id = ? AND state IN (?)", id, states).
template <class... Args>
std::string sql(std::string_view text, const Args&... args) {
  return replace_marks(text, {literal(args)...});
}

/// The rows of a multi-row INSERT: sql("INSERT INTO t (a, b) VALUES ?", rows.fragment()).
class Values {
 public:
  template <class... Args>
  void row(const Args&... args) {
    text_ += text_.empty() ? "(" : ",(";
    const std::size_t start = text_.size();
    ((text_ += text_.size() == start ? "" : ",", append_literal(text_, args)), ...);
    text_ += ')';
    ++count_;
  }

  /// A row that was made elsewhere, parentheses included.
  void row(const Fragment& row) {
    if (!text_.empty()) text_ += ',';
    text_ += row.text;
    ++count_;
  }

  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  Fragment fragment() const { return {text_}; }

 private:
  std::string text_;
  std::size_t count_ = 0;
};

}  // namespace zl::mysql
