#include "http/csv_text.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace zl::http {
namespace {

// Some programs also take the full-width ones, and look past spaces.
constexpr auto formula_marks =
    std::to_array<std::string_view>({"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"});

bool could_be_formula(std::string_view text) {
  const std::string_view seen = base::trimmed(text);
  return std::ranges::any_of(formula_marks, [seen](std::string_view mark) { return seen.starts_with(mark); });
}

/// Semicolons and tabs separate where a country or a program has it so.
bool needs_quotes(std::string_view text) {
  return text.find_first_of(",;\t\r\n\"'") != std::string_view::npos || text.starts_with(' ') || text.ends_with(' ');
}

void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

void append_csv_row(const std::vector<std::string>& texts, std::string& out) {
  bool first = true;
  for (const std::string& text : texts) {
    if (!first) out += ',';
    first = false;
    if (could_be_formula(text)) {
      append_quoted("'" + text, out);
    } else if (needs_quotes(text)) {
      append_quoted(text, out);
    } else {
      out += text;
    }
  }
  out += "\r\n";
}

}  // namespace zl::http
