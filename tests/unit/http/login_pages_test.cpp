#include "http/login_pages.hpp"

#include <gtest/gtest.h>

#include <set>

#include "http/cookies.hpp"

namespace zl::http {
namespace {

using app::LoginEnd;

TEST(LoginPages, each_end_has_words_of_its_own_in_both_languages) {
  std::set<std::string> pages;
  for (const LoginEnd why :
       {LoginEnd::declined, LoginEnd::foreign, LoginEnd::failed_again, LoginEnd::virtual_user, LoginEnd::blocked}) {
    pages.insert(login_page({why, "/"}, Language::zh));
    pages.insert(login_page({why, "/"}, Language::en));
  }
  EXPECT_EQ(pages.size(), 10U);
}

TEST(LoginPages, the_page_to_return_to_is_written_so_that_nothing_of_it_is_markup) {
  const std::string page = login_page({LoginEnd::declined, "/a?b=\"><script>&c=%41"}, Language::en);
  EXPECT_NE(page.find("return_to=/a%3Fb%3D%22%3E%3Cscript%3E%26c%3D%2541\""), std::string::npos) << page;
  EXPECT_EQ(page.find("<script>"), std::string::npos);
}

TEST(LoginPages, the_address_of_a_page_names_the_end_and_the_page_to_return_to) {
  EXPECT_EQ(login_page_address({LoginEnd::failed_again, "/a?b=c&d#e"}),
            "/api/v1/login/wechat/ended?why=failed_again&return_to=/a%3Fb%3Dc%26d%23e");
}

TEST(LoginPages, who_is_blocked_gets_no_link) {
  EXPECT_EQ(login_page({LoginEnd::blocked, "/"}, Language::en).find("href"), std::string::npos);
}

TEST(Cookies, a_value_is_found_by_its_whole_name) {
  constexpr std::string_view cookies = "zl-login=a; xzl=b; zl=c; zl=d";
  EXPECT_EQ(cookie_value(cookies, "zl"), "c");
  EXPECT_EQ(cookie_value(cookies, "zl-login"), "a");
  EXPECT_EQ(cookie_value(cookies, "z"), "");
  EXPECT_EQ(cookie_value("", "zl"), "");
  EXPECT_EQ(cookie_value("zl", "zl"), "");
}

}  // namespace
}  // namespace zl::http
