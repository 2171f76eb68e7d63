// Addresses, and what pages may be signed.
#include "wechat/url.hpp"

#include <gtest/gtest.h>

#include "unit/wechat/support.hpp"
#include "wechat/js_signature.hpp"

namespace zl::wechat {
namespace {

TEST(AuthorizeUrl, has_its_parameters_in_the_order_that_the_platform_matches) {
  AuthorizeRequest request;
  request.appid = "wxba5fad812f8e6fb9";
  request.redirect_uri = "https://town.example/api/v1/login/wechat/callback?a=1&b=钟";
  request.state = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(authorize_url(request),
            "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wxba5fad812f8e6fb9"
            "&redirect_uri=https%3A%2F%2Ftown.example%2Fapi%2Fv1%2Flogin%2Fwechat%2Fcallback%3Fa%3D1%26b%3D%E9%92%9F"
            "&response_type=code&scope=snsapi_base&state=0123456789abcdef0123456789abcdef#wechat_redirect");
  request.with_profile = true;
  EXPECT_NE(authorize_url(request).find("&scope=snsapi_userinfo&"), std::string::npos);
}

TEST(AuthorizeUrlDeathTest, takes_no_state_that_would_come_back_broken) {
  AuthorizeRequest request;
  for (const std::string& state : {std::string(), std::string("a-b"), std::string(129, 'a')}) {
    request.state = state;
    EXPECT_DEATH(authorize_url(request), "letters and digits");
  }
}

TEST(Origin, is_scheme_host_and_port) {
  EXPECT_EQ(origin_of("https://Town.Example/a?b#c"), (Origin{true, "town.example", 443}));
  EXPECT_EQ(origin_of("HTTP://127.0.0.1:8080"), (Origin{false, "127.0.0.1", 8080}));
  EXPECT_EQ(origin_of("https://[::1]:8443/"), (Origin{true, "::1", 8443}));
  EXPECT_EQ(origin_of("https://[::1]"), (Origin{true, "::1", 443}));
  EXPECT_EQ(origin_of("http://town.example?x"), (Origin{false, "town.example", 80}));
}

TEST(Origin, is_none_of_what_only_looks_like_an_address) {
  for (const std::string url :
       {"", "town.example", "//town.example", "ftp://town.example", "https://", "https:///a", "https://a@town.example",
        "https://town.example:", "https://town.example:0", "https://town.example:65536", "https://town.example:80x",
        "https://town .example", "https://[::1", "https://[]", "https://[::1]x", "javascript://town.example",
        "https://town.example%2f"}) {
    EXPECT_FALSE(origin_of(url)) << url;
  }
}

TEST(SignPage, signs_pages_of_our_origin_only) {
  test::TextRandom random("0123456789abcdef");
  const std::string ours = "https://town.example";
  const auto config = sign_page("wx1", "ticket", "https://town.example/a?b=1#c", ours, 1'714'112'446, random);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->appid, "wx1");
  EXPECT_EQ(config->nonce, "30313233343536373839616263646566");
  EXPECT_EQ(config->signature, js_signature("ticket", config->nonce, 1'714'112'446, "https://town.example/a?b=1"));
  for (const std::string page : {"https://elsewhere.example/", "http://town.example/", "https://town.example:8443/",
                                 "https://town.example.evil/", "https://town.example@evil/",
                                 "https://evil/https://town.example", "https://evil\\@town.example/", ""}) {
    EXPECT_FALSE(sign_page("wx1", "ticket", page, ours, 1, random)) << page;
  }
  EXPECT_FALSE(sign_page("wx1", "ticket", ours + "/" + std::string(5000, 'a'), ours, 1, random));
}

TEST(UrlEncoded, leaves_only_unreserved_characters) {
  EXPECT_EQ(url_encoded("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(url_encoded("a b&c=/钟"), "a%20b%26c%3D%2F%E9%92%9F");
}

}  // namespace
}  // namespace zl::wechat
