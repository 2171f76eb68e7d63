// The whole way of a message against the emulated platform: outbox, sender, receipts, and what people do about them.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <map>

#include "app/send_messages.hpp"
#include "app/track_messages.hpp"
#include "runtime/random_device.hpp"
#include "runtime/run_on.hpp"
#include "runtime/system_clock.hpp"
#include "store/mysql/catalogue_store.hpp"
#include "store/mysql/credential_store.hpp"
#include "store/mysql/message_store.hpp"
#include "store/mysql/outbox.hpp"
#include "store_harness.hpp"
#include "wechat/callback.hpp"
#include "wechat/credential_sources.hpp"
#include "wechat/message_sender.hpp"
#include "wechat_emulator.hpp"

namespace zl::test {
namespace {

using base::Outcome;
using domain::MessageKind;
using domain::MessageState;
using mysql::sql;
using std::chrono::hours;

const wechat::AccountSecret account{"wxba5fad812f8e6fb9", "0123456789abcdef0123456789abcdef"};
constexpr std::string_view token = "token";

/// Where the emulator pushes to, in plain mode: a thread that takes one request at a time.
class PushReceiver {
 public:
  using Take = std::function<void(app::Push)>;

  explicit PushReceiver(Take take) : take_(std::move(take)), thread_([this] { serve(); }) {}
  PushReceiver(const PushReceiver&) = delete;
  PushReceiver& operator=(const PushReceiver&) = delete;
  ~PushReceiver() {
    stopping_ = true;
    boost::system::error_code ignored;
    tcp::socket waker(context_);
    waker.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/push"; }

 private:
  using tcp = boost::asio::ip::tcp;

  static app::PushQuery query_of(std::string_view target) {
    std::map<std::string, std::string, std::less<>> values;
    for (std::string_view rest = target.substr(target.find('?') + 1); !rest.empty();) {
      const std::string_view pair = rest.substr(0, rest.find('&'));
      values.emplace(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
      rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    }
    app::PushQuery query;
    query.signature = values["signature"];
    query.timestamp = values["timestamp"];
    query.nonce = values["nonce"];
    query.echostr = values["echostr"];
    return query;
  }

  void serve() {
    namespace http = boost::beast::http;
    while (!stopping_) {
      boost::system::error_code error;
      tcp::socket socket(context_);
      acceptor_.accept(socket, error);
      if (error || stopping_) continue;
      boost::beast::flat_buffer buffer;
      http::request<http::string_body> request;
      http::read(socket, buffer, request, error);
      if (error) continue;
      const app::PushQuery query = query_of(std::string_view(request.target()));
      http::response<http::string_body> response(http::status::ok, request.version());
      response.body() = request.method() == http::verb::get ? callback_.check_url(query).value_or("forged")
                                                            : taken(query, request.body());
      response.prepare_payload();
      http::write(socket, response, error);
    }
  }
  std::string taken(const app::PushQuery& query, const std::string& body) {
    auto received = callback_.receive(query, body);
    if (auto* push = std::get_if<wechat::Received>(&received)) take_(std::move(push->push));
    return std::string(wechat::Callback::no_words);
  }

  Take take_;
  const wechat::Callback callback_ =
      wechat::Callback::create({wechat::CallbackMode::plain, std::string(token), "", account.appid}).value();
  std::atomic<bool> stopping_ = false;
  boost::asio::io_context context_{1};
  tcp::acceptor acceptor_{context_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};
  std::thread thread_;
};

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
    made.reminder_hour = 23;
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

class WechatMessagesTest : public StoreTest {
 protected:
  void start(const std::string& receipts) {
    clock_.now = runtime::SystemClock().wall_now();
    platform_.emplace(std::vector<std::string>{"--person", "o1", "--person", "o2", "--receipts", receipts});
    wechat::HttpClientConfig config;
    config.base_url = platform_->url();
    config.timeout = std::chrono::seconds(60);
    http_ = wechat::create_http_client(config);
    // By the pool, which connects anew: on a busy machine the emulator takes longer to start than a session may idle.
    EXPECT_TRUE(wait(pool_.write([](mysql::Write& write) -> Outcome<base::Done> {
      for (const char* table : {"credentials", "outbox", "message_receipts", "message_consents", "consent_marks",
                                "message_people", "identities"}) {
        write.execute("DELETE FROM " + std::string(table));
      }
      write.execute("UPDATE leases SET until_ms = 0 WHERE name = 'messages'");
      return base::Done{};
    })));
    loops_.start();
    process_ = new_process();
    receiver_.emplace([this](app::Push push) { take(std::move(push)); });
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
    runtime::run_on(loops_, 0, pass(process.send));
    while (runtime::run_on(loops_, 0, process.send.send_next())) {
    }
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
        tell_of_offer(write, booking, user, clock_.now + hours(1));
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
    const domain::Station station = station_named(random_, "钟楼站");
    const domain::Programme programme = programme_of(random_, station);
    domain::Activity activity = activity_of(random_, programme);
    activity.title = "一个标题很长很长很长很长很长很长很长的书法班";
    for (domain::Session& session : activity.sessions) {
      const base::Milliseconds ahead = clock_.now - monday_nine + hours(24);
      session.time = {session.time.starts_at + ahead, session.time.ends_at + ahead};
    }
    EXPECT_TRUE(wait(catalogue_->create_station(station, admin_, std::nullopt)));
    EXPECT_TRUE(wait(catalogue_->create_programme(programme, admin_, std::nullopt)));
    EXPECT_TRUE(wait(catalogue_->create_activity(activity, admin_, std::nullopt)));
    return wait(catalogue_->publish(activity.id, admin_)).value();
  }

  const std::unique_ptr<app::CatalogueStore> catalogue_ = mysql::create_catalogue_store(pool_);
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

TEST_F(WechatMessagesTest, a_message_is_accepted_and_then_delivered) {
  start("after");
  const auto booking = message_to("o1");
  send_all();
  EXPECT_TRUE(comes_to(booking, MessageKind::booked, MessageState::delivered));
  const auto messages = sent();
  ASSERT_EQ(messages.size(), 1U);
  const auto& message = messages[0].as_object();
  EXPECT_EQ(message.at("kind"), "template");
  EXPECT_EQ(message.at("touser"), "o1");
  EXPECT_EQ(message.at("url"), "https://zl.test");
  const auto& data = message.at("data").as_object();
  EXPECT_EQ(data.at("thing1").at("value"), "一个标题很长很长很长很长很长很长很长的…");
  EXPECT_EQ(data.at("character_string4").at("value"), boost::json::string(booking.hex()));
  EXPECT_EQ(data.at("phrase5").at("value"), "已预约");
}

TEST_F(WechatMessagesTest, a_receipt_may_come_before_the_answer) {
  start("before");
  const auto booking = message_to("o1");
  send_all();
  EXPECT_TRUE(comes_to(booking, MessageKind::booked, MessageState::delivered));
}

TEST_F(WechatMessagesTest, who_dies_before_settling_is_followed_by_one_who_doubles_nothing) {
  start("after");
  const auto booking = message_to("o1");
  // The call went out, and nobody heard the answer.
  const auto claimed = wait(process_->store->claim()).value().value();
  app::PlatformMessage message{claimed.id, "o1", "TEMPLATE", "", {{"thing1", "书法"}}};
  EXPECT_EQ(runtime::run_on(loops_, 0, process_->sender.send_template(std::move(message))).verdict,
            app::SendVerdict::accepted);
  stop(process_);
  process_ = new_process();
  query("UPDATE leases SET until_ms = 0 WHERE name = 'messages'");
  send_all();
  EXPECT_EQ(state_of(booking, MessageKind::booked), MessageState::queued) << "the claim lasts";
  query("UPDATE outbox SET next_attempt_at = 0");
  send_all();
  EXPECT_TRUE(comes_to(booking, MessageKind::booked, MessageState::delivered));
  EXPECT_EQ(sent().size(), 1U);
}

TEST_F(WechatMessagesTest, who_dies_after_a_notice_is_followed_by_one_who_finds_its_receipt) {
  start("before");
  control("unsubscribe", R"({"openid":"o1"})");
  control("consent", R"({"openid":"o1","template_id":"NOTICE"})");
  query("UPDATE message_consents SET notices_left = 2");
  const auto booking = message_to("o1");
  const auto claimed = wait(process_->store->claim()).value().value();
  app::PlatformMessage message{claimed.id, "o1", "NOTICE", "", {{"thing1", "书法"}}};
  EXPECT_EQ(runtime::run_on(loops_, 0, process_->sender.send_notice(std::move(message))).verdict,
            app::SendVerdict::accepted);
  stop(process_);
  process_ = new_process();
  query("UPDATE leases SET until_ms = 0 WHERE name = 'messages'");
  query("UPDATE outbox SET next_attempt_at = 0");
  send_all();
  EXPECT_EQ(state_of(booking, MessageKind::booked), MessageState::delivered);
  EXPECT_EQ(sent().size(), 1U);
  EXPECT_EQ(count("SELECT SUM(notices_left) FROM message_consents"), 1U);
}

TEST_F(WechatMessagesTest, two_senders_side_by_side_send_each_message_once) {
  start("after");
  constexpr int messages = 12;
  std::vector<base::BookingId> bookings;
  for (int i = 0; i < messages; ++i) {
    control("add_person", R"({"openid":"p)" + std::to_string(i) + R"("})");
    bookings.push_back(message_to("p" + std::to_string(i)));
  }
  // As where a turn has lapsed and its holder goes on for a moment.
  auto other = new_process();
  runtime::run_on(loops_, 0, pass(process_->send));
  query("UPDATE leases SET until_ms = 0 WHERE name = 'messages'");
  runtime::run_on(loops_, 1, pass(other->send));
  for (int i = 0; i < messages; ++i) {
    auto first = runtime::start_on(loops_, 0, process_->send.send_next());
    auto second = runtime::start_on(loops_, 1, other->send.send_next());
    first.get();
    second.get();
  }
  for (const auto& booking : bookings) EXPECT_TRUE(comes_to(booking, MessageKind::booked, MessageState::delivered));
  EXPECT_EQ(sent().size(), std::size_t{messages});
  stop(other);
}

TEST_F(WechatMessagesTest, who_does_not_follow_gets_the_notice_that_he_asked_for_and_then_an_sms) {
  start("after");
  control("unsubscribe", R"({"openid":"o1"})");
  query("DELETE FROM message_people");  // as if that push had been lost
  control("consent", R"({"openid":"o1","template_id":"NOTICE"})");
  const auto first = message_to("o1", MessageKind::offer);
  send_all();
  EXPECT_TRUE(comes_to(first, MessageKind::offer, MessageState::delivered));
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_EQ(sent()[0].at("kind"), "notice");
  EXPECT_EQ(count("SELECT SUM(notices_left) FROM message_consents"), 0U);
  const auto second = message_to("o1", MessageKind::offer);
  send_all();
  EXPECT_EQ(state_of(second, MessageKind::offer), MessageState::accepted);
  ASSERT_EQ(sms_.sent.size(), 1U);
  EXPECT_EQ(sms_.sent[0].booking_id, second);
  EXPECT_EQ(sent().size(), 1U);
}

TEST_F(WechatMessagesTest, a_notice_that_did_not_arrive_is_followed_by_an_sms) {
  start("after");
  control("unsubscribe", R"({"openid":"o1"})");
  query("DELETE FROM message_people");  // as if that push had been lost
  control("consent", R"({"openid":"o1","template_id":"NOTICE"})");
  control("block", R"({"openid":"o1"})");
  const auto offer = message_to("o1", MessageKind::offer);
  // Its receipt may come while this is still sending.
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (sms_.sent.empty() && std::chrono::steady_clock::now() < give_up) {
    send_all();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ASSERT_EQ(sms_.sent.size(), 1U);
  EXPECT_EQ(sms_.sent[0].booking_id, offer);
  EXPECT_EQ(sent().size(), 1U);
}

TEST_F(WechatMessagesTest, a_consent_that_the_platform_does_not_know_is_forgotten) {
  start("after");
  control("unsubscribe", R"({"openid":"o1"})");
  query("INSERT INTO message_consents (openid, template_id, notices_left) VALUES ('o1', 'NOTICE', 3)");
  message_to("o1", MessageKind::offer);
  send_all();
  EXPECT_EQ(count("SELECT SUM(notices_left) FROM message_consents"), 0U);
  EXPECT_EQ(sms_.sent.size(), 1U);
}

TEST_F(WechatMessagesTest, a_used_up_quota_puts_messages_off_and_an_offer_goes_another_way) {
  start("after");
  control("set_quota", R"({"path":"/cgi-bin/message/template/send","per_day":0})");
  message_to("o1", MessageKind::offer);
  send_all();
  EXPECT_EQ(sms_.sent.size(), 1U);
  EXPECT_EQ(process_->alarms.raised().size(), 1U);
  const auto booked = message_to("o2");
  send_all();
  EXPECT_EQ(state_of(booked, MessageKind::booked), MessageState::queued);
  EXPECT_EQ(count("SELECT COUNT(*) FROM outbox WHERE state = 1 AND next_attempt_at > "
                  "FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000) + 1000"),
            1U);
  EXPECT_TRUE(sent().empty());
}

TEST_F(WechatMessagesTest, a_refused_field_fails_the_message_and_raises_an_alarm) {
  start("after");
  control("plan_faults", R"({"path":"/cgi-bin/message/template/send","errcodes":[47003]})");
  message_to("o1");
  send_all();
  const auto alarms = process_->alarms.raised();
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0].errcode, 47003);
  EXPECT_EQ(sms_.sent.size(), 1U);
}

TEST_F(WechatMessagesTest, who_has_blocked_the_account_is_reached_another_way) {
  start("never");
  const auto booking = message_to("o1", MessageKind::offer);
  send_all();
  const std::string id(sent()[0].at("msgid").as_string());
  control("event", R"({"openid":"o1","event":"TEMPLATESENDJOBFINISH","fields":"<MsgID>)" + id +
                       R"(</MsgID><Status>failed:user block</Status>"})");
  EXPECT_EQ(state_of(booking, MessageKind::offer), MessageState::queued);
  send_all();
  EXPECT_EQ(sms_.sent.size(), 1U);
  EXPECT_EQ(sms_.sent[0].kind, MessageKind::offer);
}

}  // namespace
}  // namespace zl::test
