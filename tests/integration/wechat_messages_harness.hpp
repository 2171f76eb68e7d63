// Outbox, sender processes, the emulated platform and what people do about messages.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "app/send_messages.hpp"
#include "app/track_messages.hpp"
#include "publishing_harness.hpp"
#include "push_receiver.hpp"
#include "runtime/random_device.hpp"
#include "runtime/run_on.hpp"
#include "runtime/system_clock.hpp"
#include "store/mysql/credential_store.hpp"
#include "store/mysql/message_store.hpp"
#include "store/mysql/outbox.hpp"
#include "wechat/credential_sources.hpp"
#include "wechat/message_sender.hpp"
#include "wechat_emulator.hpp"

namespace zl::test {

using base::Outcome;
using domain::MessageKind;
using domain::MessageState;
using mysql::sql;

inline const wechat::AccountSecret account{"wxba5fad812f8e6fb9", "0123456789abcdef0123456789abcdef"};
inline constexpr std::string_view token = "token";

/// Takes what it is given, as a provider's hook would.
class RecordingSms final : public app::SmsChannel {
 public:
  asio::awaitable<app::SendAnswer> send(app::SmsMessage message) override {
    sent.push_back(message);
    co_return app::SendAnswer{app::SendVerdict::accepted, {}, 0, {}};
  }
  std::vector<app::SmsMessage> sent;
};

/// What one server process would hold.
struct SenderProcess {
  SenderProcess(wechat::HttpClient& http, app::CredentialStore& credentials, std::unique_ptr<app::MessageStore> outbox,
                RecordingSms& sms, runtime::Loops& loops)
      : store(std::move(outbox)),
        group(loops.executor(0)),
        stops(clock, random),
        alarms(clock, metrics),
        token_source(http, stops, alarms, account),
        tokens({credentials, token_source, group, group.sleeper(), clock, random}, keeper()),
        api({http, tokens, stops, alarms, group.sleeper()}),
        sender(api, alarms),
        send({*store, sender, &sms, clock, group, message_metrics, rules()}) {}

  static wechat::CredentialKeeperConfig keeper() {
    wechat::CredentialKeeperConfig config;
    config.name = wechat::access_token_name(account.appid);
    config.caller_wait = std::chrono::seconds(30);
    return config;
  }
  static app::SendingRules rules() {
    app::SendingRules made;
    for (const MessageKind kind : domain::all_message_kinds) {
      const auto index = static_cast<std::size_t>(kind);
      made.setup.templates.at(index) = domain::MessageTemplate::parse(
          "TEMPLATE thing1=activity time2=period thing3=note character_string4=number phrase5=state");
      made.setup.notices.at(index) = domain::MessageTemplate::parse("NOTICE");
    }
    made.setup.has_sms = true;
    made.per_second = 1000;
    made.reminder_hour = 24;  // at no time of the day
    made.page_url = "https://zl.test";
    return made;
  }

  std::unique_ptr<app::MessageStore> store;
  runtime::SystemClock clock;
  runtime::SystemRandom random;
  runtime::Metrics metrics;
  app::MessageMetrics message_metrics{metrics};
  runtime::TaskGroup group;
  wechat::QuotaStops stops;
  wechat::Alarms alarms;
  wechat::AccessTokenSource token_source;
  wechat::CredentialKeeper tokens;
  wechat::PlatformApi api;
  wechat::MessageSender sender;
  app::SendMessages send;
};

class WechatMessagesTest : public PublishingTest {
 protected:
  void start(const std::string& receipts) {
    clock_.now = runtime::SystemClock().wall_now();
    platform_.emplace(std::vector<std::string>{"--person", "o1", "--person", "o2", "--receipts", receipts});
    wechat::HttpClientConfig config;
    config.base_url = platform_->url();
    config.timeout = std::chrono::seconds(60);
    http_ = wechat::create_http_client(config);
    for (const char* table : {"credentials", "outbox", "message_receipts", "message_consents", "consent_marks",
                              "message_people", "identities"}) {
      query("DELETE FROM " + std::string(table));
    }
    query("UPDATE leases SET until_ms = 0 WHERE name = 'messages'");
    loops_.start();
    process_ = new_process();
    receiver_.emplace(token, account.appid, [this](app::Push push) { take(std::move(push)); });
    const auto pushing = control("push_to", R"({"url":")" + receiver_->url() + R"(","token":"token","mode":"plain"})");
    EXPECT_TRUE(pushing.at("checked").as_bool());
  }
  void TearDown() override {
    receiver_.reset();
    stop(process_);
    loops_.stop();
    loops_.join();
  }
  std::unique_ptr<SenderProcess> new_process() {
    return std::make_unique<SenderProcess>(
        *http_, *credentials_, mysql::create_message_store(pool_, random_, account.appid, notices()), sms_, loops_);
  }
  static mysql::NoticeTemplates notices() {
    mysql::NoticeTemplates made;
    made.fill("NOTICE");
    return made;
  }
  void stop(std::unique_ptr<SenderProcess>& process) {
    if (!process) return;
    process->group.stop();
    runtime::run_on(loops_, 0, process->group.join(std::chrono::seconds(30)));
    process.reset();
  }

  /// As another process of the fleet would, which is there whatever becomes of the sender; and on the second loop, as a
  /// push may come while the first waits for the answer to the call that sent its message.
  void take(app::Push push) {
    if (auto* delivered = std::get_if<app::Delivered>(&push.content)) {
      EXPECT_TRUE(runtime::run_on(loops_, 1, track_.delivered(push.openid, delivered->reports)));
    } else if (auto* changed = std::get_if<app::ConsentChanged>(&push.content)) {
      EXPECT_TRUE(runtime::run_on(loops_, 1, track_.consent_changed(push.openid, changed->changes, push.key)));
    } else if (std::holds_alternative<app::Unfollowed>(push.content)) {
      EXPECT_TRUE(runtime::run_on(loops_, 1, track_.set_following(push.openid, false, push.created_at_s)));
    }
  }

  boost::json::object control(const std::string& name, const std::string& json) {
    wechat::HttpRequest request{"/emulator/" + name, json};
    const auto answer = runtime::run_on(loops_, 0, http_->fetch(std::move(request)));
    EXPECT_EQ(answer.value().status, 200) << answer.value().body;
    return boost::json::parse(answer.value().body).as_object();
  }
  boost::json::array sent() { return control("report", "{}").at("sent").as_array(); }

  static asio::awaitable<bool> pass(app::SendMessages& send) {
    co_await send.pass();
    co_return true;
  }
  void send_all(SenderProcess& process) {
    do {
      runtime::run_on(loops_, 0, pass(process.send));
    } while (runtime::run_on(loops_, 0, process.send.send_next()));
  }
  void send_all() { send_all(*process_); }

  void query(const std::string& statement) {
    EXPECT_TRUE(wait(pool_.write([&](mysql::Write& write) -> Outcome<base::Done> {
      write.execute(statement);
      return base::Done{};
    })));
  }
  std::uint64_t count(const std::string& statement) {
    return wait(pool_.read([&](mysql::Connection& connection) -> Outcome<std::uint64_t> {
             return connection.query(statement).front().u64(0);
           }))
        .value();
  }
  MessageState state_of(const base::BookingId& booking, MessageKind kind) {
    return static_cast<MessageState>(
        count(sql("SELECT state FROM outbox WHERE booking_id = ? AND kind = ?", booking, kind)));
  }
  bool comes_to(const base::BookingId& booking, MessageKind kind, MessageState state) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (state_of(booking, kind) != state) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  /// A booking of the person's and its message.
  base::BookingId message_to(const std::string& openid, MessageKind kind = MessageKind::booked) {
    const domain::Activity activity = an_activity();
    const auto user = new_id<base::UserId>();
    const auto attendee = new_id<base::AttendeeId>();
    const auto booking = new_id<base::BookingId>();
    query(sql("INSERT INTO users (id, created_at) VALUES (?, 0)", user));
    query(
        sql("INSERT INTO identities (appid, openid, user_id, created_at) VALUES (?, ?, ?, 0) "
            "ON DUPLICATE KEY UPDATE user_id = VALUES(user_id)",
            account.appid, openid, user));
    query(sql("INSERT INTO attendees (id, name, birth_date, created_at) VALUES (?, '张小明', '2017-05-04', 0)",
              attendee));
    const bool offered = kind == MessageKind::offer;
    query(
        sql("INSERT INTO bookings (id, activity_id, programme_id, party_id, user_id, state, active, grant_number, "
            "arrival, decided_at, opens_at, remaining, created_at) VALUES (?, ?, ?, ?, ?, ?, 1, 7, 7, 0, 0, 3, 0)",
            booking, activity.id, activity.programme_id, attendee, user,
            offered ? domain::BookingState::offered : domain::BookingState::confirmed));
    if (offered) {
      EXPECT_TRUE(wait(pool_.write([&](mysql::Write& write) -> Outcome<base::Done> {
        tell_of_offer(write, booking, user, clock_.now + std::chrono::hours(1));
        return base::Done{};
      })));
    } else {
      mysql::Values rows;
      rows.row(mysql::outbox_id(booking, kind), kind, booking, user, clock_.now, MessageState::queued);
      query(sql(mysql::insert_outbox, rows.fragment()));
    }
    return booking;
  }
  domain::Activity an_activity() {
    // Not tomorrow: near midnight its reminder would be due.
    return a_published_activity(std::chrono::hours(48), [](domain::Activity& activity) {
      activity.title = "一个标题很长很长很长很长很长很长很长的书法班";
    });
  }

  const std::unique_ptr<app::CredentialStore> credentials_ = mysql::create_credential_store(pool_);
  std::optional<EmulatedPlatform> platform_;
  std::unique_ptr<wechat::HttpClient> http_;
  runtime::Loops loops_{2};
  RecordingSms sms_;
  std::unique_ptr<SenderProcess> process_;
  runtime::Metrics track_metrics_;
  app::MessageMetrics track_message_metrics_{track_metrics_};
  const std::unique_ptr<app::MessageStore> track_store_ =
      mysql::create_message_store(pool_, random_, account.appid, {});
  app::TrackMessages track_{*track_store_, track_message_metrics_};
  std::optional<PushReceiver> receiver_;
};

}  // namespace zl::test
