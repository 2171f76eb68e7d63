// The whole way of a message against the emulated platform: outbox, sender, receipts, and what people do about them.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "wechat_messages_harness.hpp"

namespace zl::test {
namespace {

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
  auto other = new_process();
  const auto lead = [this](std::size_t loop, SenderProcess& process) {
    query("UPDATE leases SET until_ms = 0 WHERE name = 'messages'");
    runtime::run_on(loops_, loop, pass(process.send));
  };
  const std::string queued = sql("SELECT COUNT(*) FROM outbox WHERE state = ?", MessageState::queued);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (count(queued) > 0 && std::chrono::steady_clock::now() < give_up) {
    // As where a turn has lapsed and its holder goes on for a moment.
    lead(0, *process_);
    lead(1, *other);
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
