// Spreadsheets of one sheet in Excel's format (ECMA-376), all of whose cells are texts.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/outcome.hpp"

namespace zl::http {

struct SheetColumn {
  std::string title;
  double width = 0;  ///< in digits
};

using TakeRow = std::function<void(const std::vector<std::string>&)>;

/// The file's bytes. `rows` gives its argument one row after the other. Blocks, and needs room in `folder`, where it
/// leaves nothing; refused as unavailable where there is none. For one thread at a time: the library has memory that
/// its callers share. `sheet_name` has at most 31 characters, of which none is one of []:*?/\.
base::Outcome<std::string> xlsx_file(const std::filesystem::path& folder, const std::string& sheet_name,
                                     const std::vector<SheetColumn>& columns,
                                     const std::function<void(const TakeRow&)>& rows);

}  // namespace zl::http
