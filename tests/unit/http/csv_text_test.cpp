// Rows of a CSV: what needs quotes, and what a spreadsheet would run.
#include "http/csv_text.hpp"

#include <gtest/gtest.h>

namespace zl::http {
namespace {

std::string row(const std::vector<std::string>& texts) {
  std::string out;
  append_csv_row(texts, out);
  return out;
}

TEST(CsvText, has_plain_texts_as_they_are) {
  EXPECT_EQ(row({"王小明", "2016-05-05", "", "a b"}), "王小明,2016-05-05,,a b\r\n");
  EXPECT_EQ(row({""}), "\r\n");
}

TEST(CsvText, appends) {
  std::string out = "a\r\n";
  append_csv_row({"b"}, out);
  EXPECT_EQ(out, "a\r\nb\r\n");
}

TEST(CsvText, quotes_what_would_end_a_cell) {
  EXPECT_EQ(row({"a,b", "\"a\"", "a;b", "a\tb", "a\r\nb", " a", "a "}),
            "\"a,b\",\"\"\"a\"\"\",\"a;b\",\"a\tb\",\"a\r\nb\",\" a\",\"a \"\r\n");
}

TEST(CsvText, makes_no_formula) {
  for (const std::string text : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠A",
                                 " =1", "\u3000=1", "-", "="}) {
    EXPECT_EQ(row({"a", text}), "a,\"'" + text + "\"\r\n");
  }
  EXPECT_EQ(row({"=\"a\",b"}), "\"'=\"\"a\"\",b\"\r\n");
}

TEST(CsvText, leaves_marks_inside_a_text) {
  EXPECT_EQ(row({"a=1", "1-1", "a@b", "李+王"}), "a=1,1-1,a@b,李+王\r\n");
}

}  // namespace
}  // namespace zl::http
