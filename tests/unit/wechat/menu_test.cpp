// A menu is held to the platform's limits before the platform sees it.
#include "wechat/menu.hpp"

#include <gtest/gtest.h>

namespace zl::wechat {
namespace {

constexpr std::string_view button = R"({"type":"click","name":"我的预约","key":"k"})";

std::string menu(std::string_view buttons) {
  return R"({"button":[)" + std::string(buttons) + "]}";
}
std::vector<std::string> faults(std::string_view text) {
  return check_menu(text).faults;
}
std::string text_of(std::size_t bytes) {
  return std::string(bytes, 'a');
}

TEST(Menu, the_built_in_one_keeps_every_limit) {
  const CheckedMenu checked = check_menu(default_menu("https://town.example"));
  EXPECT_TRUE(checked.faults.empty());
  EXPECT_EQ(checked.json, R"({"button":[{"type":"click","name":"我的预约","key":"my_bookings"},)"
                          R"({"type":"click","name":"今日活动","key":"today"},)"
                          R"({"type":"view","name":"报名","url":"https://town.example/"}]})");
}

TEST(Menu, goes_out_in_utf8_however_it_was_written) {
  EXPECT_EQ(check_menu(menu(R"({"type":"click","name":"\u6211","key":"k"})")).json,
            menu(R"({"type":"click","name":"我","key":"k"})"));
}

TEST(Menu, has_one_to_three_buttons_with_at_most_five_below) {
  const std::string one(button);
  EXPECT_TRUE(faults(menu(one + "," + one + "," + one)).empty());
  EXPECT_EQ(faults(menu("")).size(), 1U);
  EXPECT_EQ(faults(menu(one + "," + one + "," + one + "," + one)).size(), 1U);
  std::string subs = one;
  for (int i = 0; i < 4; ++i) subs += "," + one;
  EXPECT_TRUE(faults(menu(R"({"name":"更多","sub_button":[)" + subs + "]}")).empty());
  EXPECT_EQ(faults(menu(R"({"name":"更多","sub_button":[)" + subs + "," + one + "]}")).size(), 1U);
}

TEST(Menu, counts_names_keys_and_addresses_in_bytes) {
  const auto click = [](const std::string& name, const std::string& key) {
    return R"({"type":"click","name":")" + name + R"(","key":")" + key + R"("})";
  };
  const auto view = [](const std::string& url) { return R"({"type":"view","name":"a","url":")" + url + R"("})"; };
  EXPECT_TRUE(faults(menu(click(text_of(16), text_of(128)))).empty());
  EXPECT_EQ(
      faults(menu(click("我的全部预约", "k"))),
      std::vector<std::string>{"button[0]: \"name\" must have 1 to 16 bytes (a Chinese character has 3), not 18"});
  EXPECT_EQ(faults(menu(click("a", text_of(129)))).size(), 1U);
  EXPECT_EQ(faults(menu(click("", ""))).size(), 2U);
  const std::string origin = "https://a/";
  EXPECT_TRUE(faults(menu(view(origin + text_of(1024 - origin.size())))).empty());
  EXPECT_EQ(faults(menu(view(origin + text_of(1025 - origin.size())))).size(), 1U);
  EXPECT_EQ(faults(menu(view("town.example"))).size(), 1U);
  const std::string sub = R"({"name":"a","sub_button":[)";
  EXPECT_TRUE(faults(menu(sub + click(text_of(60), "k") + "]}")).empty());
  EXPECT_EQ(faults(menu(sub + click(text_of(61), "k") + "]}")),
            std::vector<std::string>{
                "button[0].sub_button[0]: \"name\" must have 1 to 60 bytes (a Chinese character has 3), not 61"});
}

TEST(Menu, names_what_a_button_lacks) {
  EXPECT_EQ(faults(menu(R"({"type":"press","name":"a"})")).size(), 1U);
  EXPECT_EQ(faults(menu(R"({"name":"a"})")).size(), 1U);
  EXPECT_EQ(faults(menu(R"({"type":"miniprogram","name":"a","url":"https://a/"})")).size(), 2U);
  EXPECT_TRUE(
      faults(menu(R"({"type":"miniprogram","name":"a","url":"https://a/","appid":"wx1","pagepath":"p"})")).empty());
}

TEST(Menu, is_refused_where_it_is_none) {
  for (const std::string_view text : {"", "[]", "{", "{}", R"({"button":{}})", R"({"button":[1]})",
                                      R"({"button":[{"name":"a","sub_button":[1]}]})"}) {
    EXPECT_EQ(faults(text).size(), 1U) << text;
  }
  const auto wrapped = faults(R"({"menu":)" + menu(button) + "}");
  ASSERT_EQ(wrapped.size(), 1U);
  EXPECT_NE(wrapped[0].find("outer"), std::string::npos);
}

}  // namespace
}  // namespace zl::wechat
