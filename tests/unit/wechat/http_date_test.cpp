#include "wechat/http_date.hpp"

#include <gtest/gtest.h>

namespace zl::wechat {
namespace {

TEST(HttpDate, is_read) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), base::Instant{784'111'777'000});
  EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 00:00:00 GMT"), base::Instant{1'709'164'800'000});
}

TEST(HttpDate, of_another_form_is_none) {
  for (const std::string_view text :
       {"", "Sun, 06 Nov 1994 08:49:37 UTC", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Növ 1994 08:49:37 GMT", "Sun, 31 Feb 2024 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

}  // namespace
}  // namespace zl::wechat
