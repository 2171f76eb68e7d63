#include "store/mysql/sql.hpp"

#include <charconv>

#include "base/invariant.hpp"

namespace zl::mysql {
namespace {

template <class N>
void append_number(std::string& out, N value) {
  char digits[24];
  const auto result = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, result.ptr);
}

void append_padded(std::string& out, unsigned value, std::size_t width) {
  std::string digits;
  append_number(digits, value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

/// Within quotes, whatever the server's mode: neither a quote nor a backslash.
bool means_itself(char c) {
  return c == '\n' || (c >= ' ' && c <= '~' && c != '\'' && c != '\\');
}

/// Looks at every character, many at a time: it is hardly ever false.
bool all_mean_themselves(std::string_view text) {
  unsigned others = 0;
  for (const char c : text) others |= static_cast<unsigned>(!means_itself(c));
  return others == 0;
}

}  // namespace

void append_unsigned(std::string& out, std::uint64_t value) {
  append_number(out, value);
}

void append_signed(std::string& out, std::int64_t value) {
  append_number(out, value);
}

void append_bytes(std::string& out, std::string_view raw) {
  out += "x'";
  base::append_hex(out, raw);
  out += '\'';
}

// The collation of a comparison is the column's.
void append_text(std::string& out, std::string_view text) {
  out += "_utf8mb4 ";
  if (!all_mean_themselves(text)) return append_bytes(out, text);
  out += '\'';
  out += text;
  out += '\'';
}

void append_date(std::string& out, base::Date date) {
  base::invariant(date.ok() && int{date.year()} >= 0 && int{date.year()} <= 9999, "a date exists in the calendar");
  out += '\'';
  append_padded(out, static_cast<unsigned>(int{date.year()}), 4);
  out += '-';
  append_padded(out, unsigned{date.month()}, 2);
  out += '-';
  append_padded(out, unsigned{date.day()}, 2);
  out += '\'';
}

std::string replace_marks(std::string_view text, const std::vector<std::string>& literals) {
  std::size_t length = text.size();
  for (const std::string& literal : literals) length += literal.size();
  std::string out;
  out.reserve(length);
  std::size_t used = 0;
  for (std::size_t mark = text.find('?'); mark != std::string_view::npos; mark = text.find('?')) {
    base::invariant(used < literals.size(), "a statement has a value for each of its question marks");
    out += text.substr(0, mark);
    out += literals[used++];
    text.remove_prefix(mark + 1);
  }
  base::invariant(used == literals.size(), "a statement has a question mark for each of its values");
  out += text;
  return out;
}

}  // namespace zl::mysql
