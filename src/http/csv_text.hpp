// Comma-separated values (RFC 4180) for spreadsheets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zl::http {

/// Goes before the first row: without it Excel reads UTF-8 as something else.
inline constexpr std::string_view csv_mark = "\xEF\xBB\xBF";

/// Appends one row. A text that a spreadsheet could take for a formula gets an apostrophe before it (OWASP, CSV
/// Injection).
void append_csv_row(const std::vector<std::string>& texts, std::string& out);

}  // namespace zl::http
