// The client, the keepers and the shared store against the emulated platform, as a fleet of processes would run them.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <future>
#include <regex>

#include "runtime/random_device.hpp"
#include "runtime/run_on.hpp"
#include "runtime/system_clock.hpp"
#include "store/mysql/credential_store.hpp"
#include "store_harness.hpp"
#include "wechat/credential_sources.hpp"
#include "wechat/login_api.hpp"
#include "wechat/platform_api.hpp"
#include "wechat_emulator.hpp"

namespace zl::test {
namespace {

using base::Outcome;
using wechat::ApiCall;
using wechat::ApiReply;

const wechat::AccountSecret account{"wxba5fad812f8e6fb9", "0123456789abcdef0123456789abcdef"};

/// What one server process would hold.
struct FleetMember {
  FleetMember(wechat::HttpClient& http, app::CredentialStore& store, boost::asio::any_io_executor executor)
      : group(std::move(executor)),
        stops(clock, random),
        alarms(clock, metrics),
        token_source(http, stops, alarms, account),
        tokens({store, token_source, group, group.sleeper(), clock, random},
               config_named(wechat::access_token_name(account.appid))),
        api({http, tokens, stops, alarms, group.sleeper()}),
        ticket_source(api),
        tickets({store, ticket_source, group, group.sleeper(), clock, random},
                config_named(wechat::page_ticket_name(account.appid))),
        logins(http, stops, alarms) {}

  static wechat::CredentialKeeperConfig config_named(std::string name) {
    wechat::CredentialKeeperConfig config;
    config.name = std::move(name);
    config.caller_wait = std::chrono::seconds(30);
    return config;
  }

  runtime::SystemClock clock;
  runtime::SystemRandom random;
  runtime::Metrics metrics;
  runtime::TaskGroup group;
  wechat::QuotaStops stops;
  wechat::Alarms alarms;
  wechat::AccessTokenSource token_source;
  wechat::CredentialKeeper tokens;
  wechat::PlatformApi api;
  wechat::PageTicketSource ticket_source;
  wechat::CredentialKeeper tickets;
  wechat::LoginApi logins;
};

class WechatPlatformTest : public StoreTest {
 protected:
  static constexpr std::size_t loop_count = 2;

  WechatPlatformTest() {
    // By the pool, which connects anew: on a busy machine the emulator takes longer to start than a session may idle.
    EXPECT_TRUE(wait(pool_.write([](mysql::Write& write) -> Outcome<base::Done> {
      write.execute("DELETE FROM credentials");
      return base::Done{};
    })));
    for (std::size_t i = 0; i < 4; ++i) {
      fleet_.push_back(std::make_unique<FleetMember>(*http_, *store_, loops_.executor(i % loop_count)));
    }
    loops_.start();
  }
  void TearDown() override {
    for (auto& member : fleet_) {
      member->group.stop();
      runtime::run_on(loops_, 0, member->group.join(std::chrono::seconds(30)));
    }
    loops_.stop();
    loops_.join();
  }

  /// POST /emulator/<name>.
  boost::json::object control(const std::string& name, const std::string& json) {
    wechat::HttpRequest request{"/emulator/" + name, json};
    const auto answer = runtime::run_on(loops_, 0, http_->fetch(std::move(request)));
    EXPECT_EQ(answer.value().status, 200) << answer.value().body;
    return boost::json::parse(answer.value().body).as_object();
  }
  std::int64_t requests(const std::string& path) {
    const auto report = control("report", "{}");
    const auto* count = report.at("requests").as_object().if_contains(path);
    return count == nullptr ? 0 : count->as_int64();
  }

  static ApiCall sending(const std::string& client_id, const std::string& openid = "o1") {
    return {"/cgi-bin/message/template/send",
            {},
            R"({"touser":")" + openid + R"(","template_id":"TEMPLATE","client_msg_id":")" + client_id +
                R"(","data":{"thing1":{"value":"钢琴课"}}})",
            true};
  }
  Outcome<ApiReply> call(FleetMember& member, ApiCall made) {
    return runtime::run_on(loops_, 0, member.api.call(std::move(made)));
  }

  /// As many calls at once, spread over the fleet and its loops, each for somebody else, as the platform takes one at a
  /// time for each person; how many of them succeed.
  int good_of(int calls) {
    std::vector<std::future<Outcome<ApiReply>>> all;
    for (int i = 0; i < calls; ++i) {
      const auto index = static_cast<std::size_t>(i);
      ApiCall message = sending("m" + std::to_string(i), openid_of(i));
      all.push_back(
          runtime::start_on(loops_, index % loop_count, fleet_[index % fleet_.size()]->api.call(std::move(message))));
    }
    int good = 0;
    for (auto& one : all) {
      const auto reply = one.get();
      good += reply.is_done() && reply->errcode == 0 ? 1 : 0;
    }
    return good;
  }

  static constexpr int people = 200;
  static std::string openid_of(int number) { return "o" + std::to_string(number); }
  static std::vector<std::string> with_people() {
    std::vector<std::string> options;
    for (int i = 0; i < people; ++i) options.insert(options.end(), {"--person", openid_of(i)});
    return options;
  }

  EmulatedPlatform platform_{with_people()};
  const std::unique_ptr<wechat::HttpClient> http_ = make_client(platform_.url());
  const std::unique_ptr<app::CredentialStore> store_ = mysql::create_credential_store(pool_);
  runtime::Loops loops_{loop_count};
  std::vector<std::unique_ptr<FleetMember>> fleet_;

 private:
  static std::unique_ptr<wechat::HttpClient> make_client(const std::string& url) {
    wechat::HttpClientConfig config;
    config.base_url = url;
    config.timeout = std::chrono::seconds(60);
    config.calls_limit = 1000;
    return wechat::create_http_client(config);
  }
};

TEST_F(WechatPlatformTest, two_hundred_callers_of_a_cold_fleet_make_one_token_request_and_none_fails) {
  EXPECT_EQ(good_of(people), people);
  EXPECT_EQ(requests("/cgi-bin/stable_token"), 1);
  EXPECT_EQ(requests("/cgi-bin/message/template/send"), people);
}

TEST_F(WechatPlatformTest, a_fleet_whose_token_died_renews_it_once_and_no_call_fails) {
  EXPECT_EQ(good_of(8), 8);
  control("kill_tokens", "{}");
  EXPECT_EQ(good_of(people), people);
  EXPECT_EQ(requests("/cgi-bin/stable_token"), 2);
}

TEST_F(WechatPlatformTest, a_busy_platform_is_waited_for) {
  control("plan_faults", R"({"path":"/cgi-bin/stable_token","errcodes":[-1]})");
  control("plan_faults", R"({"path":"/cgi-bin/message/template/send","errcodes":[-1]})");
  EXPECT_EQ(call(*fleet_[0], sending("a")).value().errcode, 0);
}

TEST_F(WechatPlatformTest, a_message_that_was_sent_twice_arrives_once) {
  const auto first = call(*fleet_[0], sending("a")).value();
  const auto second = call(*fleet_[1], sending("a")).value();
  EXPECT_EQ(first.body, second.body);
  EXPECT_EQ(control("report", "{}").at("sent").as_array().size(), 1U);
}

TEST_F(WechatPlatformTest, an_address_that_is_not_on_the_list_raises_an_alarm) {
  control("plan_faults", R"({"path":"/cgi-bin/stable_token","errcodes":[40164]})");
  EXPECT_TRUE(call(*fleet_[0], sending("a")).is_refused());
  const auto alarms = fleet_[0]->alarms.raised();
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0].errcode, 40164);
  EXPECT_TRUE(std::regex_match(alarms[0].rid, std::regex("[0-9a-f]{8}(-[0-9a-f]{8}){2}"))) << alarms[0].rid;
}

TEST_F(WechatPlatformTest, the_page_ticket_is_one_for_all) {
  const auto first = runtime::run_on(loops_, 0, fleet_[0]->tickets.get()).value();
  const auto second = runtime::run_on(loops_, 1, fleet_[1]->tickets.get()).value();
  EXPECT_EQ(first, second);
  EXPECT_EQ(requests("/cgi-bin/ticket/getticket"), 1);
}

TEST_F(WechatPlatformTest, a_login_code_is_good_once) {
  const std::string code(control("code", R"({"openid":"o1"})").at("code").as_string());
  const auto answer = runtime::run_on(loops_, 0, fleet_[0]->logins.exchange_web_code(account, code)).value();
  EXPECT_EQ(std::get<wechat::PlatformIdentity>(answer).openid, "o1");
  const auto again = runtime::run_on(loops_, 0, fleet_[0]->logins.exchange_web_code(account, code)).value();
  EXPECT_EQ(std::get<wechat::LoginRefusal>(again), wechat::LoginRefusal::restart);
}

TEST_F(WechatPlatformTest, a_snapshot_is_nobody) {
  const std::string code(control("code", R"({"openid":"o1","snapshot":true})").at("code").as_string());
  const auto answer = runtime::run_on(loops_, 0, fleet_[0]->logins.exchange_web_code(account, code)).value();
  EXPECT_EQ(std::get<wechat::LoginRefusal>(answer), wechat::LoginRefusal::virtual_user);
}

}  // namespace
}  // namespace zl::test
