// Which texts are JSON to us, and what is told of those that are not.
#include "http/json_value.hpp"

#include <gtest/gtest.h>

namespace zl::http {
namespace {

bool is_refused(std::string_view text) {
  return std::holds_alternative<JsonFault>(parse_json(text));
}

JsonFault fault_of(std::string_view text) {
  return std::get<JsonFault>(parse_json(text));
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(ParseJson, keeps_members_in_order_and_integers_apart_from_other_numbers) {
  const JsonValue value =
      std::get<JsonValue>(parse_json(R"( {"b":1,"a":-2,"c":18446744073709551615,"d":1.0,"e":1e3} )"));
  const auto& members = std::get<JsonMembers>(value.content);
  ASSERT_EQ(members.size(), 5U);
  EXPECT_EQ(members[0].name, "b");
  EXPECT_EQ(std::get<std::int64_t>(members[0].value.content), 1);
  EXPECT_EQ(std::get<std::int64_t>(members[1].value.content), -2);
  EXPECT_EQ(std::get<std::uint64_t>(members[2].value.content), 18446744073709551615U);
  EXPECT_TRUE(std::holds_alternative<JsonReal>(members[3].value.content));
  EXPECT_TRUE(std::holds_alternative<JsonReal>(members[4].value.content));
}

TEST(ParseJson, reads_texts_with_escapes_and_code_points_of_any_plane) {
  const JsonValue value = std::get<JsonValue>(parse_json(R"(["a\"\\\/\n\u4e2d\ud83c\udf89","钟楼"])"));
  const auto& items = std::get<JsonArray>(value.content);
  EXPECT_EQ(std::get<std::string>(items[0].content), "a\"\\/\n中🎉");
  EXPECT_EQ(std::get<std::string>(items[1].content), "钟楼");
}

TEST(ParseJson, refuses_what_is_not_json) {
  for (const std::string_view text :
       {"",      " ",     "{",    "{\"a\":", "{\"a\" 1}",   "{\"a\":1,}",     "{'a':1}",    "{\"a\":1} y",
        "{}{}",  "[NaN]", "[01]", "[.5]",    "[1 /* x */]", "\xEF\xBB\xBF{}", "[\"a\nb\"]", "[\"\\x41\"]",
        "[tru]", "[1,]",  "nul",  "+1"}) {
    EXPECT_TRUE(is_refused(text)) << text;
  }
  EXPECT_TRUE(is_refused(std::string_view("\0", 1)));
}

TEST(ParseJson, refuses_what_is_not_utf_8_and_half_a_surrogate_pair) {
  for (const std::string_view broken : {"\xFF", "\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\x80",
                                        "\xE4\xB8", "\\ud83d", "\\ude00", "\\ud83dx", "\\ude00\\ud83d"}) {
    EXPECT_TRUE(is_refused("[\"" + std::string(broken) + "\"]")) << broken;
    EXPECT_TRUE(is_refused("{\"" + std::string(broken) + "\":1}")) << broken;
  }
}

TEST(ParseJson, takes_a_depth_of_16_and_no_more) {
  EXPECT_FALSE(is_refused(nested(16)));
  EXPECT_TRUE(is_refused(nested(17)));
  EXPECT_TRUE(is_refused(std::string(30'000, '[')));
  EXPECT_EQ(fault_of(nested(17)).detail, "the JSON is nested too deeply");
}

TEST(ParseJson, refuses_a_member_that_stands_twice_and_says_which) {
  EXPECT_EQ(fault_of(R"({"a":1,"a":2})").pointer, "/a");
  EXPECT_EQ(fault_of(R"({"x":[0,{"y":{"a/b":1,"c":2,"a\u002fb":3}}]})").pointer, "/x/1/y/a~1b");
  EXPECT_FALSE(is_refused(R"([{"a":1},{"a":2}])"));
}

TEST(PointerTo, escapes_and_shortens) {
  EXPECT_EQ(pointer_to("", "a~b/c"), "/a~0b~1c");
  EXPECT_EQ(pointer_to("/sessions", 3), "/sessions/3");
  EXPECT_EQ(pointer_to("", std::string(5000, 'x')), "/…");
}

}  // namespace
}  // namespace zl::http
