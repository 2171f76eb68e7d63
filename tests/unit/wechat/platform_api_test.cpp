// Calls with the account's token against a scripted platform: renewals, replays, quotas, alarms.
#include "wechat/platform_api.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/detached.hpp>

#include "runtime/metrics.hpp"
#include "support/credential_store_model.hpp"
#include "unit/wechat/support.hpp"
#include "wechat/credential_sources.hpp"

namespace zl::wechat {
namespace {

using base::Milliseconds;
using base::Outcome;
using std::chrono::seconds;
using test::Eventual;
using test::json;

constexpr std::string_view send_path = "/cgi-bin/message/template/send";

class PlatformApiTest : public ::testing::Test {
 protected:
  using Reply = Outcome<ApiReply>;

  PlatformApiTest() {
    http_.answer = [this](const HttpRequest& request) { return platform(request); };
  }

  /// Honours the latest of its tokens; each request for one gives a new one where the last is void.
  test::ScriptedHttp::Answer platform(const HttpRequest& request) {
    if (request.target.starts_with(AccessTokenSource::path)) return token_answer_ ? token_answer_() : give_token();
    const bool valid = request.target.find("access_token=" + token()) != std::string::npos && !void_;
    if (!valid) return json(R"({"errcode":40001,"errmsg":"invalid credential rid: 1-2-3"})");
    if (!answers_.empty()) {
      auto answer = answers_.front();
      answers_.pop_front();
      return answer;
    }
    if (request.target.starts_with(PageTicketSource::path)) {
      return json(R"({"errcode":0,"errmsg":"ok","ticket":"ticket-1","expires_in":7200})");
    }
    return json(R"({"errcode":0,"errmsg":"ok","msgid":22409229427342621})");
  }

  test::ScriptedHttp::Answer give_token() {
    if (void_) ++number_;
    void_ = always_void_;
    return json(R"({"access_token":")" + token() + R"(","expires_in":7200})");
  }
  std::string token() const { return "t" + std::to_string(number_); }
  static test::ScriptedHttp::Answer error(int code) {
    return json(R"({"errcode":)" + std::to_string(code) + R"(,"errmsg":"x rid: 9-9-9"})");
  }

  static ApiCall sending(bool may_be_repeated = true) {
    return ApiCall{send_path, {}, R"({"touser":"o1"})", may_be_repeated};
  }
  Reply call(ApiCall made) { return loop_.run(api_.call(std::move(made))); }

  /// Two hundred calls side by side; how many of them the platform has answered without an error.
  int good_of_two_hundred() {
    std::vector<Eventual<Reply>> all;
    for (int i = 0; i < 200; ++i) {
      all.push_back(std::make_shared<std::optional<Reply>>());
      boost::asio::co_spawn(loop_.context, keep(api_, all.back()), boost::asio::detached);
    }
    loop_.settle();
    return static_cast<int>(std::ranges::count_if(
        all, [](const auto& reply) { return reply->has_value() && **reply && (*reply)->value().errcode == 0; }));
  }
  static boost::asio::awaitable<void> keep(PlatformApi& api, Eventual<Reply> into) {
    ApiCall made = sending();
    into->emplace(co_await api.call(std::move(made)));
  }

  static CredentialKeeperConfig named(std::string name) {
    CredentialKeeperConfig config;
    config.name = std::move(name);
    config.caller_wait = std::chrono::minutes(1);
    return config;
  }
  CredentialKeeper::Parts keeper_parts(CredentialSource& source) {
    return {store_, source, group_, sleeper_, clock_, random_};
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
  AccessTokenSource token_source_{http_, stops_, alarms_, {"wx1", "se\"cret"}};
  CredentialKeeper tokens_{keeper_parts(token_source_), named("token")};
  PlatformApi api_{{http_, tokens_, stops_, alarms_, sleeper_}};
  PageTicketSource ticket_source_{api_};
  CredentialKeeper tickets_{keeper_parts(ticket_source_), named("ticket")};

  int number_ = 0;
  bool void_ = true;
  bool always_void_ = false;
  std::function<test::ScriptedHttp::Answer()> token_answer_;
  std::deque<test::ScriptedHttp::Answer> answers_;
};

TEST_F(PlatformApiTest, two_hundred_cold_calls_make_one_token_request_and_none_fails) {
  EXPECT_EQ(good_of_two_hundred(), 200);
  EXPECT_EQ(http_.count(AccessTokenSource::path), 1);
  EXPECT_EQ(http_.count(send_path), 200);
}

TEST_F(PlatformApiTest, asks_for_the_stable_token_in_normal_mode) {
  ASSERT_TRUE(call(sending()));
  EXPECT_EQ(http_.requests[0].json,
            R"({"grant_type":"client_credential","appid":"wx1","secret":"se\"cret","force_refresh":false})");
  EXPECT_EQ(http_.requests[0].target, "/cgi-bin/stable_token");
}

TEST_F(PlatformApiTest, a_void_token_is_renewed_and_the_call_replayed_once) {
  ASSERT_TRUE(call(sending()));
  token_answer_ = [this] {
    ++number_;
    return give_token();
  };
  int renewals = 1;
  for (const int code : {40001, 40014, 42001}) {
    answers_.push_back(error(code));
    const Reply reply = call(sending());
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->errcode, 0) << code;
    EXPECT_EQ(http_.count(AccessTokenSource::path), ++renewals) << code;
    EXPECT_EQ(http_.count(send_path), 2 * renewals - 1) << code;
  }
}

TEST_F(PlatformApiTest, a_call_is_replayed_once_and_no_more) {
  always_void_ = true;
  const Reply reply = call(sending());
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->errcode, 40001);
  EXPECT_EQ(reply->rid, "1-2-3");
  EXPECT_EQ(http_.count(send_path), 2);
}

TEST_F(PlatformApiTest, two_hundred_calls_with_a_void_token_renew_it_once) {
  ASSERT_TRUE(call(sending()));
  void_ = true;
  EXPECT_EQ(good_of_two_hundred(), 200);
  EXPECT_EQ(http_.count(AccessTokenSource::path), 2);
}

TEST_F(PlatformApiTest, a_busy_platform_is_asked_again_longer_apart_where_that_does_no_harm) {
  for (int i = 0; i < 2; ++i) answers_.push_back(error(-1));
  ASSERT_EQ(call(sending()).value().errcode, 0);
  EXPECT_EQ(sleeper_.slept, (std::vector<Milliseconds>{seconds(1), seconds(2)}));
  for (int i = 0; i < 9; ++i) answers_.push_back(error(-1));
  EXPECT_EQ(call(sending()).value().reaction, Reaction::back_off);
  EXPECT_EQ(answers_.size(), 4U);
  EXPECT_EQ(call(sending(false)).value().errcode, -1);
  EXPECT_EQ(answers_.size(), 3U);
}

TEST_F(PlatformApiTest, a_lost_answer_is_unknown_and_asked_again_only_where_that_does_no_harm) {
  answers_.emplace_back(base::Unknown{"lost"});
  EXPECT_TRUE(call(sending(false)).is_unknown());
  answers_.emplace_back(base::Unknown{"lost"});
  EXPECT_TRUE(call(sending(true)).is_done());
  for (const auto& answer : {HttpAnswer{502, "<html>"}, HttpAnswer{200, "<html>"}, HttpAnswer{200, ""}}) {
    answers_.emplace_back(answer);
    EXPECT_TRUE(call(sending(false)).is_unknown());
  }
}

TEST_F(PlatformApiTest, a_quota_of_the_day_stops_this_call_until_midnight_and_no_other) {
  clock_.set_wall(base::parse_instant("2026-07-06T09:00:00.000+08:00").value());
  answers_.push_back(error(45009));
  EXPECT_EQ(call(sending()).value().reaction, Reaction::wait_for_day);
  const Reply stopped = call(sending());
  ASSERT_TRUE(stopped.is_refused());
  EXPECT_EQ(stopped.refused().retry_after_s, 15 * 3600);
  EXPECT_EQ(http_.count(send_path), 1);
  EXPECT_EQ(loop_.run(tickets_.get()).value(), "ticket-1");
  clock_.advance(std::chrono::hours(15));
  EXPECT_EQ(call(sending()).value().errcode, 0);
}

TEST_F(PlatformApiTest, a_quota_of_the_minute_stops_this_call_until_the_next) {
  clock_.set_wall(base::parse_instant("2026-07-06T09:00:50.000+08:00").value());
  answers_.push_back(error(45011));
  EXPECT_EQ(call(sending()).value().reaction, Reaction::wait_for_minute);
  EXPECT_EQ(call(sending()).refused().retry_after_s, 10);
  clock_.advance(seconds(10));
  EXPECT_EQ(call(sending()).value().errcode, 0);
}

TEST_F(PlatformApiTest, what_only_an_operator_can_mend_raises_an_alarm) {
  for (const int code : {48001, 40164}) answers_.push_back(error(code));
  EXPECT_EQ(call(sending()).value().reaction, Reaction::alarm);
  EXPECT_EQ(call(sending()).value().reaction, Reaction::alarm);
  const auto raised = alarms_.raised();
  ASSERT_EQ(raised.size(), 2U);
  EXPECT_EQ(raised[0].errcode, 40164);
  EXPECT_EQ(raised[0].rid, "9-9-9");
  EXPECT_EQ(raised[0].call, send_path);
  answers_.push_back(error(43004));
  EXPECT_EQ(call(sending()).value().reaction, Reaction::refuse_person);
  EXPECT_EQ(alarms_.raised().size(), 2U);
}

TEST_F(PlatformApiTest, a_refused_secret_or_address_raises_an_alarm_and_is_not_asked_again_at_once) {
  std::size_t alarms = 0;
  for (const int code : {40164, 40125, 40243, 40001}) {
    token_answer_ = [code] { return error(code); };
    EXPECT_TRUE(call(sending()).is_refused());
    EXPECT_TRUE(call(sending()).is_refused());
    EXPECT_EQ(alarms_.raised().size(), ++alarms) << code;
    clock_.advance(seconds(60));
  }
  EXPECT_EQ(http_.count(AccessTokenSource::path), 4);
  EXPECT_EQ(http_.count(send_path), 0);
}

TEST_F(PlatformApiTest, tokens_whose_quota_is_used_up_are_not_asked_for_until_midnight) {
  clock_.set_wall(base::parse_instant("2026-07-06T09:00:00.000+08:00").value());
  token_answer_ = [] { return error(45009); };
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(call(sending()).is_refused());
    clock_.advance(seconds(60));
  }
  EXPECT_EQ(http_.count(AccessTokenSource::path), 1);
  token_answer_ = nullptr;
  clock_.advance(std::chrono::hours(15));
  EXPECT_TRUE(call(sending()).is_done());
}

TEST_F(PlatformApiTest, an_answer_without_a_token_is_none) {
  for (const std::string body : {R"({"errcode":0})", R"({"access_token":"","expires_in":7200})",
                                 R"({"access_token":"t","expires_in":0})", R"({"access_token":"t"})"}) {
    token_answer_ = [body] { return json(body); };
    EXPECT_TRUE(call(sending()).is_refused()) << body;
    clock_.advance(seconds(60));
  }
}

TEST_F(PlatformApiTest, the_page_ticket_is_fetched_with_the_token_and_shared) {
  EXPECT_EQ(loop_.run(tickets_.get()).value(), "ticket-1");
  EXPECT_EQ(http_.requests.back().target, "/cgi-bin/ticket/getticket?access_token=t1&type=jsapi");
  EXPECT_EQ(loop_.run(tickets_.get()).value(), "ticket-1");
  EXPECT_EQ(http_.count(PageTicketSource::path), 1);
}

}  // namespace
}  // namespace zl::wechat
