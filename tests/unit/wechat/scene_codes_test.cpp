// QR codes are made once for each scene, whoever asks and whatever fails.
#include "wechat/scene_codes.hpp"

#include <gtest/gtest.h>

#include "runtime/task_group.hpp"
#include "support/credential_store_model.hpp"
#include "unit/wechat/support.hpp"
#include "wechat/credential_sources.hpp"

namespace zl::wechat {
namespace {

using base::Code;
using base::Milliseconds;
using std::chrono::hours;
using Shown = base::Outcome<app::SceneCode>;

constexpr std::string_view station = "s.0123456789abcdef0123456789abcdef";

class SceneCodesTest : public ::testing::Test {
 protected:
  SceneCodesTest() {
    store_.entries["token"] = {"T", clock_.steady_now() + hours(24 * 365), 1, {}};
    http_.answer = [this](const HttpRequest& request) { return answer(request); };
  }
  void TearDown() override {
    group_.stop();
    loop_.settle();
  }

  test::ScriptedHttp::Answer answer(const HttpRequest& request) {
    if (!request.target.starts_with(WechatSceneCodes::path)) return test::json(R"({"errcode":-1})");
    if (!fault_.empty()) return test::json(fault_);
    ++made_;
    return test::json(R"({"ticket":"t+)" + std::to_string(made_) + R"(","url":"http://q/)" + std::to_string(made_) +
                      R"("})");
  }
  Shown of(std::string_view scene, std::optional<Milliseconds> lifetime = {}) {
    return loop_.run(codes_.code_of(std::string(scene), lifetime));
  }

  static CredentialKeeperConfig named_token() {
    CredentialKeeperConfig config;
    config.name = "token";
    return config;
  }

  test::ManualLoop loop_;
  test::ManualClock clock_;
  test::ManualSleeper sleeper_{clock_};
  test::TextRandom random_{std::string(8, '\0')};
  runtime::Metrics metrics_;
  test::CredentialStoreModel store_{clock_};
  test::ScriptedHttp http_;
  runtime::TaskGroup group_{loop_.context.get_executor()};
  QuotaStops stops_{clock_, random_};
  Alarms alarms_{clock_, metrics_};
  AccessTokenSource token_source_{http_, stops_, alarms_, {"wx1", "secret"}};
  CredentialKeeper tokens_{{store_, token_source_, group_, sleeper_, clock_, random_}, named_token()};
  PlatformApi api_{{http_, tokens_, stops_, alarms_, sleeper_}};
  WechatSceneCodes codes_{{api_, store_, sleeper_, clock_}, "wx1", "https://mp.example"};
  WechatSceneCodes other_process_{{api_, store_, sleeper_, clock_}, "wx1", "https://mp.example"};

  int made_ = 0;
  std::string fault_;
};

TEST_F(SceneCodesTest, a_station_s_is_permanent_and_made_once) {
  const Shown first = of(station);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->ticket, "t+1");
  EXPECT_EQ(first->url, "http://q/1");
  EXPECT_EQ(first->image_url, "https://mp.example/cgi-bin/showqrcode?ticket=t%2B1");
  EXPECT_FALSE(first->expires_at);
  clock_.advance(hours(24 * 365 * 10));
  EXPECT_EQ(of(station)->ticket, "t+1");
  EXPECT_EQ(loop_.run(other_process_.code_of(std::string(station), {}))->ticket, "t+1");
  ASSERT_EQ(http_.count(WechatSceneCodes::path), 1);
  EXPECT_EQ(http_.requests.back().json, R"({"action_name":"QR_LIMIT_STR_SCENE","action_info":{"scene":{"scene_str":")" +
                                            std::string(station) + R"("}}})");
}

TEST_F(SceneCodesTest, two_processes_that_ask_at_once_use_up_one) {
  const auto first = loop_.start(codes_.code_of(std::string(station), {}));
  const auto second = loop_.start(other_process_.code_of(std::string(station), {}));
  loop_.settle();
  EXPECT_EQ(first->value()->ticket, "t+1");
  EXPECT_EQ(second->value()->ticket, "t+1");
  EXPECT_EQ(made_, 1);
}

TEST_F(SceneCodesTest, another_s_turn_is_waited_for_but_not_for_ever) {
  store_.entries[codes_.stored_name(station)].turn_until = clock_.steady_now() + hours(1);
  EXPECT_EQ(of(station).refused().code, Code::unavailable);
  EXPECT_EQ(sleeper_.slept.size(), 25U);
  EXPECT_EQ(made_, 0);
}

TEST_F(SceneCodesTest, a_session_s_lapses_and_is_made_anew_when_it_would_not_last) {
  const Shown first = of("x.1", hours(48));
  ASSERT_TRUE(first);
  EXPECT_EQ(http_.requests.back().json,
            R"({"expire_seconds":172800,"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":"x.1"}}})");
  EXPECT_EQ(first->expires_at, clock_.wall_now() + hours(48));
  clock_.advance(hours(10));
  EXPECT_EQ(of("x.1", hours(38))->ticket, "t+1");
  EXPECT_EQ(of("x.1", hours(39))->ticket, "t+1");
  EXPECT_EQ(of("x.1", hours(39) + Milliseconds(1))->ticket, "t+2");  // the session was moved
  clock_.advance(hours(40));
  EXPECT_EQ(of("x.1", hours(1))->ticket, "t+3");
}

TEST_F(SceneCodesTest, lifetimes_keep_to_the_platform_s_bounds) {
  EXPECT_EQ(of("x.1", hours(24 * 60))->expires_at, clock_.wall_now() + hours(24 * 30));
  EXPECT_NE(http_.requests.back().json.find(R"("expire_seconds":2592000)"), std::string::npos);
  EXPECT_EQ(of("x.1", hours(24 * 60))->ticket, "t+1");
  ASSERT_TRUE(of("x.2", Milliseconds(1)));
  EXPECT_NE(http_.requests.back().json.find(R"("expire_seconds":60)"), std::string::npos);
}

TEST_F(SceneCodesTest, a_refusal_ends_the_turn_and_tells_which_it_was) {
  fault_ = R"({"errcode":45029,"errmsg":"qrcode count out of limit rid: 1-2-3"})";
  EXPECT_EQ(of(station).refused().code, Code::invalid_state);
  ASSERT_EQ(alarms_.raised().size(), 1U);
  EXPECT_EQ(alarms_.raised()[0].errcode, 45029);
  fault_ = R"({"errcode":48001,"errmsg":"api unauthorized"})";
  EXPECT_EQ(of(station).refused().code, Code::unavailable);
  fault_.clear();
  EXPECT_TRUE(of(station));
  EXPECT_TRUE(sleeper_.slept.empty()) << "no turn was left taken";
}

TEST_F(SceneCodesTest, an_answer_without_a_ticket_is_none) {
  fault_ = R"({"url":"http://q/1"})";
  EXPECT_TRUE(of(station).is_unknown());
  fault_ = R"({"ticket":"a\nb","url":"http://q/1"})";
  EXPECT_TRUE(of(station).is_unknown());
}

TEST_F(SceneCodesTest, a_store_that_does_not_keep_it_does_not_hide_it) {
  store_.put_calls.next(test::Fate::request_lost);
  EXPECT_EQ(of(station)->ticket, "t+1");
}

TEST_F(SceneCodesTest, another_account_s_code_is_not_ours) {
  ASSERT_TRUE(of(station));
  WechatSceneCodes other({api_, store_, sleeper_, clock_}, "wx2", "https://mp.example");
  EXPECT_EQ(loop_.run(other.code_of(std::string(station), {}))->ticket, "t+2");
  EXPECT_LE(other.stored_name(station).size(), 64U);
}

}  // namespace
}  // namespace zl::wechat
