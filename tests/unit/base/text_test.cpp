#include "base/text.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace zl::base {
namespace {

TEST(Utf8, counts_code_points) {
  const std::vector<std::pair<std::string, std::size_t>> cases = {
      {"", 0},
      {"abc", 3},
      {"钟楼", 2},
      {"\u00e9", 1},
      {"e\u0301", 2},
      {"\U0001F514", 1},
      {std::string("a\0b", 3), 3},
      {"\x7f", 1},
      {"\xC2\x80", 1},          // the smallest of two bytes
      {"\xDF\xBF", 1},          // and the largest
      {"\xE0\xA0\x80", 1},      // the smallest of three
      {"\xED\x9F\xBF", 1},      // the last before the surrogates
      {"\xEE\x80\x80", 1},      // the first after them
      {"\xEF\xBF\xBF", 1},      // the largest of three
      {"\xF0\x90\x80\x80", 1},  // the smallest of four
      {"\xF4\x8F\xBF\xBF", 1},  // U+10FFFF
  };
  for (const auto& [text, length] : cases) EXPECT_EQ(utf8_length(text), length) << text;
}

TEST(Utf8, is_nothing_where_it_is_malformed) {
  for (const char* text : {
           "\x80",
           "\xBF",  // a continuation without a lead
           "\xC0\x80",
           "\xC1\xBF",  // overlong, two bytes
           "\xE0\x80\x80",
           "\xE0\x9F\xBF",  // overlong, three
           "\xF0\x80\x80\x80",
           "\xF0\x8F\xBF\xBF",  // overlong, four
           "\xED\xA0\x80",
           "\xED\xBF\xBF",              // surrogates
           "\xED\xA0\xBD\xED\xB4\x94",  // a surrogate pair (CESU-8)
           "\xF4\x90\x80\x80",
           "\xF5\x80\x80\x80",  // beyond U+10FFFF
           "\xF8\x88\x80\x80\x80",
           "\xFE",
           "\xFF",  // never in UTF-8
           "\xC2",
           "\xE4\xB8",
           "\xF0\x9F\x94",  // cut off at the end
           "\xC2 ",
           "\xE4\xB8 ",
           "\xF0\x9F\x94 ",  // cut off by another character
           "\xE4 \xAD",
           "\xC3\xC3",
           "good\xC3",
           "\xBFgood",
       }) {
    EXPECT_EQ(utf8_length(text), std::nullopt) << text;
    EXPECT_TRUE(has_control_characters(text, true)) << text;
  }
}

TEST(ControlCharacters, are_found_wherever_they_stand) {
  for (int point = 0; point < 0x20; ++point) {
    const std::string text = std::string("钟") + static_cast<char>(point) + "楼";
    EXPECT_TRUE(has_control_characters(text, false)) << point;
    EXPECT_EQ(has_control_characters(text, true), point != '\n') << point;
  }
  EXPECT_TRUE(has_control_characters("\x7f", true));
  for (int low = 0x80; low < 0xA0; ++low) {
    const std::string c1{'\xC2', static_cast<char>(low)};
    EXPECT_TRUE(has_control_characters(c1, true)) << low;
  }
}

TEST(ControlCharacters, include_bidirectional_overrides) {
  for (const char* text : {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}) {
    EXPECT_TRUE(has_control_characters(std::string("name") + text, false)) << text;
  }
}

TEST(ControlCharacters, include_what_ends_a_line_for_some_readers) {
  for (const char* text : {"\u2028", "\u2029"}) {
    EXPECT_TRUE(has_control_characters(std::string("name") + text, false));
    EXPECT_TRUE(has_control_characters(std::string("text") + text, true));
  }
}

TEST(ControlCharacters, are_none_in_ordinary_text) {
  for (const char* text : {"", " ", "钟楼 12", "\u00a0", "\u2027", "\u202f", "\u2065", "\u206a", "\U0001F514", "~"}) {
    EXPECT_FALSE(has_control_characters(text, false)) << text;
  }
}

TEST(Trimmed, loses_ascii_and_wide_spaces_at_both_ends) {
  EXPECT_EQ(trimmed("  a b \u3000"), "a b");
  EXPECT_EQ(trimmed("\u3000 \u3000钟\u3000楼 "), "钟\u3000楼");
  EXPECT_EQ(trimmed(" \u3000 "), "");
  EXPECT_EQ(trimmed(""), "");
  EXPECT_EQ(trimmed("\ta\n"), "\ta\n");
}

}  // namespace
}  // namespace zl::base
