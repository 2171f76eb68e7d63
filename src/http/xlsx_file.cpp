#include "http/xlsx_file.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

namespace zl::http {
namespace {

// Beside the sheet a file holds a few small parts.
constexpr std::uintmax_t other_parts_bytes = 1 << 20;

/// Without a name in its folder, so that nothing is left of it whatever happens to the process.
class TemporaryFile {
 public:
  /// See `is_there`.
  explicit TemporaryFile(const std::filesystem::path& folder) {
    std::string name = (folder / "zl-export-XXXXXX").string();
    descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (is_there()) ::unlink(name.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (is_there()) ::close(descriptor_);
  }

  bool is_there() const { return descriptor_ >= 0; }
  /// By which this process can open it again.
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_ = -1;
};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

struct FreeWorkbook {
  void operator()(lxw_workbook* workbook) const { lxw_workbook_free(workbook); }
};
using Workbook = std::unique_ptr<lxw_workbook, FreeWorkbook>;

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

/// What Excel reads as `text`: it takes _x0041_ for the letter A (ECMA-376, ST_Xstring), the library leaves it so.
std::string literal(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = std::string_view(text).substr(i, 7);
    const bool is_escape =
        rest.size() == 7 && rest.starts_with("_x") && rest.ends_with('_') && is_hex(rest.substr(2, 4));
    if (is_escape) out += "_x005F";
    out += text[i];
  }
  return out;
}

void put_row(lxw_worksheet* sheet, lxw_row_t row, const std::vector<std::string>& texts, lxw_format* format) {
  lxw_col_t column = 0;
  for (const std::string& text : texts) {
    if (!text.empty()) worksheet_write_string(sheet, row, column, literal(text).c_str(), format);
    ++column;
  }
}

void put_head(lxw_workbook* workbook, lxw_worksheet* sheet, const std::vector<SheetColumn>& columns) {
  lxw_format* bold = workbook_add_format(workbook);
  format_set_bold(bold);
  std::vector<std::string> titles;
  for (const SheetColumn& column : columns) {
    const auto number = static_cast<lxw_col_t>(titles.size());
    worksheet_set_column(sheet, number, number, column.width, nullptr);
    titles.push_back(column.title);
  }
  worksheet_freeze_panes(sheet, 1, 0);
  put_row(sheet, 0, titles, bold);
}

/// The library looks at no error while it writes the sheet and then copies it, and would call half of it a file.
bool has_room(const lxw_worksheet* sheet, const std::filesystem::path& folder) {
  if (std::fflush(sheet->optimize_tmpfile) != 0 || std::ferror(sheet->optimize_tmpfile) != 0) return false;
  const long written = std::ftell(sheet->optimize_tmpfile);
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(folder, error);
  // The copy, and the file that is made of it.
  return written >= 0 && !error && space.available >= 2 * static_cast<std::uintmax_t>(written) + other_parts_bytes;
}

base::Refused no_room(std::string cause) {
  return {base::Code::unavailable, "no spreadsheet can be written: " + std::move(cause), {}, 0};
}

base::Outcome<std::string> bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  std::string bytes(static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0)), '\0');
  in.seekg(0).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!in || bytes.empty()) return no_room("it can't be read back");
  return bytes;
}

}  // namespace

base::Outcome<std::string> xlsx_file(const std::filesystem::path& folder, const std::string& sheet_name,
                                     const std::vector<SheetColumn>& columns,
                                     const std::function<void(const TakeRow&)>& rows) {
  const TemporaryFile file(folder);
  if (!file.is_there()) return no_room("no temporary file");
  std::string folder_name = folder.string();
  // Rows go to the disk as they come: as cells in memory a large sheet takes a gigabyte.
  lxw_workbook_options options{LXW_TRUE, folder_name.data(), LXW_FALSE};
  Workbook workbook(workbook_new_opt(file.path().c_str(), &options));
  lxw_worksheet* sheet = workbook ? workbook_add_worksheet(workbook.get(), sheet_name.c_str()) : nullptr;
  if (sheet == nullptr || sheet->optimize_tmpfile == nullptr) return no_room("no sheet");
  // The library closes the rows' file when it copies it, and only then: it is ours until there.
  std::unique_ptr<std::FILE, CloseFile> cells(sheet->optimize_tmpfile);

  put_head(workbook.get(), sheet, columns);
  // Cells of the format "text" stay texts when somebody edits them.
  lxw_format* text = workbook_add_format(workbook.get());
  format_set_num_format(text, "@");
  lxw_row_t row = 1;
  rows([&](const std::vector<std::string>& texts) { put_row(sheet, row++, texts, text); });

  if (!has_room(sheet, folder)) return no_room("the folder is full");
  sheet->optimize_tmpfile = cells.release();
  const lxw_error closed = workbook_close(workbook.release());
  if (closed != LXW_NO_ERROR) return no_room(lxw_strerror(closed));
  return bytes_of(file.path());
}

}  // namespace zl::http
