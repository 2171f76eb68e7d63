// Login codes: exchanged once, whatever comes of it.
#include "wechat/login_api.hpp"

#include <gtest/gtest.h>

#include "runtime/metrics.hpp"
#include "unit/wechat/support.hpp"

namespace zl::wechat {
namespace {

using base::Outcome;
using test::json;

class LoginApiTest : public ::testing::Test {
 protected:
  Outcome<LoginAnswer> web(const test::ScriptedHttp::Answer& answer) {
    http_.answer = [answer](const HttpRequest&) { return answer; };
    return loop_.run(api_.exchange_web_code(account_, "c/1"));
  }
  LoginRefusal refusal(const test::ScriptedHttp::Answer& answer) {
    const auto outcome = web(answer);
    return std::get<LoginRefusal>(outcome.value());
  }
  static test::ScriptedHttp::Answer error(int code) {
    return json(R"({"errcode":)" + std::to_string(code) + R"(,"errmsg":"x rid: 9-9-9"})");
  }

  const AccountSecret account_{"wx1", "s&s"};
  test::ManualLoop loop_;
  test::ManualClock clock_;
  test::TextRandom random_{std::string(8, '\0')};
  runtime::Metrics metrics_;
  test::ScriptedHttp http_;
  QuotaStops stops_{clock_, random_};
  Alarms alarms_{clock_, metrics_};
  LoginApi api_{http_, stops_, alarms_};
};

TEST_F(LoginApiTest, tells_who_a_web_code_stands_for) {
  const auto outcome = web(json(R"({"access_token":"u","expires_in":7200,"openid":"o1","unionid":"u1"})"));
  const auto identity = std::get<PlatformIdentity>(outcome.value());
  EXPECT_EQ(identity.openid, "o1");
  EXPECT_EQ(identity.unionid, "u1");
  EXPECT_EQ(http_.requests[0].target,
            "/sns/oauth2/access_token?appid=wx1&secret=s%26s&code=c%2F1&grant_type=authorization_code");
  EXPECT_TRUE(http_.requests[0].json.empty());
}

TEST_F(LoginApiTest, tells_who_a_mini_program_code_stands_for) {
  http_.answer = [](const HttpRequest&) { return json(R"({"openid":"m1","session_key":"k","errcode":0})"); };
  const auto outcome = loop_.run(api_.exchange_mini_code(account_, "c"));
  const auto identity = std::get<PlatformIdentity>(outcome.value());
  EXPECT_EQ(identity.openid, "m1");
  EXPECT_EQ(identity.session_key, "k");
  EXPECT_EQ(http_.requests[0].target,
            "/sns/jscode2session?appid=wx1&secret=s%26s&js_code=c&grant_type=authorization_code");
}

TEST_F(LoginApiTest, restarts_the_login_for_every_code_that_may_be_spent) {
  for (const int code : {40029, 40163, 42003, -1}) EXPECT_EQ(refusal(error(code)), LoginRefusal::restart) << code;
  EXPECT_EQ(refusal(base::Unknown{"lost"}), LoginRefusal::restart);
  EXPECT_EQ(refusal(HttpAnswer{502, ""}), LoginRefusal::restart);
  EXPECT_EQ(refusal(json("{}")), LoginRefusal::restart);
  EXPECT_EQ(http_.requests.size(), 7U) << "each code was exchanged once";
}

TEST_F(LoginApiTest, takes_no_virtual_user_and_none_that_the_platform_blocks) {
  EXPECT_EQ(refusal(json(R"({"openid":"o1","is_snapshotuser":1})")), LoginRefusal::virtual_user);
  EXPECT_EQ(refusal(error(40226)), LoginRefusal::blocked);
}

TEST_F(LoginApiTest, is_unavailable_where_an_operator_has_to_help) {
  for (const int code : {40125, 40001, 48001}) {
    EXPECT_TRUE(web(error(code)).is_refused()) << code;
  }
  EXPECT_EQ(alarms_.raised().size(), 3U);
}

TEST_F(LoginApiTest, one_users_minute_stops_nobody_else) {
  EXPECT_TRUE(web(error(45011)).is_refused());
  EXPECT_TRUE(web(json(R"({"openid":"o1"})")).is_done());
}

TEST_F(LoginApiTest, a_quota_of_the_day_stops_the_exchange) {
  EXPECT_TRUE(web(error(45009)).is_refused());
  EXPECT_TRUE(web(json(R"({"openid":"o1"})")).is_refused());
  EXPECT_EQ(http_.requests.size(), 1U);
}

TEST_F(LoginApiTest, what_was_never_sent_is_said_so) {
  EXPECT_TRUE(web(base::Refused{base::Code::unavailable, "no route", {}, 1}).is_refused());
}

}  // namespace
}  // namespace zl::wechat
