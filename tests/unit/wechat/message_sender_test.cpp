// What the platform's and the SMS hook's answers mean, and what is sent to them.
#include "wechat/message_sender.hpp"

#include <gtest/gtest.h>

#include "support/samples.hpp"
#include "unit/wechat/support.hpp"
#include "wechat/sms_hook.hpp"

namespace zl::wechat {
namespace {

using app::SendVerdict;

SendVerdict verdict_of(int errcode) {
  return send_answer({reaction_to(errcode), errcode, "", "{}"}).verdict;
}

TEST(MessageSender, knows_what_the_errors_ask_for) {
  EXPECT_EQ(verdict_of(43004), SendVerdict::not_following);
  EXPECT_EQ(verdict_of(43101), SendVerdict::no_consent);
  EXPECT_EQ(verdict_of(40003), SendVerdict::unknown_person);
  EXPECT_EQ(verdict_of(47003), SendVerdict::refused);
  EXPECT_EQ(verdict_of(45009), SendVerdict::later);
  EXPECT_EQ(verdict_of(45011), SendVerdict::later);
  EXPECT_EQ(verdict_of(43108), SendVerdict::later);
  EXPECT_EQ(verdict_of(40001), SendVerdict::later);
  EXPECT_EQ(verdict_of(-1), SendVerdict::unknown);
  EXPECT_EQ(verdict_of(40037), SendVerdict::misconfigured);
  EXPECT_EQ(verdict_of(48001), SendVerdict::misconfigured);
  EXPECT_EQ(verdict_of(99999), SendVerdict::refused);
}

TEST(MessageSender, keeps_all_digits_of_the_platforms_id) {
  const auto answer = send_answer({Reaction::proceed, 0, "", R"({"errcode":0,"msgid":3557254367693750277})"});
  EXPECT_EQ(answer.verdict, SendVerdict::accepted);
  EXPECT_EQ(answer.message_id, "3557254367693750277");
  EXPECT_EQ(send_answer({Reaction::proceed, 0, "", R"({"errcode":0,"errmsg":"ok"})"}).message_id, "");
}

TEST(MessageSender, writes_what_either_call_wants) {
  const app::PlatformMessage message{
      test::id_of<app::MessageId>(10), "o\"1", "T1", "https://zl.test/", {{"thing1", "书\"法"}, {"time2", "09:00"}}};
  EXPECT_EQ(message_json(message, false), R"({"touser":"o\"1","template_id":"T1","url":"https://zl.test/",)"
                                          R"("client_msg_id":"0000000000000000000000000000000a",)"
                                          R"("data":{"thing1":{"value":"书\"法"},"time2":{"value":"09:00"}}})");
  EXPECT_EQ(message_json(message, true), R"({"touser":"o\"1","template_id":"T1","page":"https://zl.test/",)"
                                         R"("data":{"thing1":{"value":"书\"法"},"time2":{"value":"09:00"}}})");
}

class SmsHookTest : public ::testing::Test {
 protected:
  SmsHookTest() {
    auto http = std::make_unique<test::ScriptedHttp>();
    http_ = http.get();
    http_->answer = [this](const HttpRequest&) { return answer_; };
    hook_ = std::make_unique<SmsHook>(std::move(http), "/hook?a=b", "s3cret");
  }
  app::SendAnswer send() {
    app::SmsMessage message{test::id_of<app::MessageId>(10), domain::MessageKind::offer, test::id_of<base::UserId>(1),
                            test::id_of<base::BookingId>(2), "有名额了"};
    return loop_.run(hook_->send(std::move(message)));
  }
  SendVerdict verdict_of(test::ScriptedHttp::Answer answer) {
    answer_ = std::move(answer);
    return send().verdict;
  }

  test::ManualLoop loop_;
  test::ScriptedHttp* http_ = nullptr;
  test::ScriptedHttp::Answer answer_ = HttpAnswer{200, ""};
  std::unique_ptr<SmsHook> hook_;
};

TEST_F(SmsHookTest, posts_the_message_with_its_token) {
  EXPECT_EQ(send().verdict, SendVerdict::accepted);
  ASSERT_EQ(http_->requests.size(), 1U);
  EXPECT_EQ(http_->requests[0].target, "/hook?a=b");
  EXPECT_EQ(http_->requests[0].bearer, "s3cret");
  EXPECT_EQ(http_->requests[0].json,
            R"({"id":"0000000000000000000000000000000a","kind":"offer","user_id":"00000000000000000000000000000001",)"
            R"("booking_id":"00000000000000000000000000000002","text":"有名额了"})");
}

TEST_F(SmsHookTest, reads_the_answer_by_its_status) {
  EXPECT_EQ(verdict_of(HttpAnswer{204, ""}), SendVerdict::accepted);
  EXPECT_EQ(verdict_of(HttpAnswer{404, ""}), SendVerdict::unknown_person);
  EXPECT_EQ(verdict_of(HttpAnswer{422, ""}), SendVerdict::refused);
  EXPECT_EQ(verdict_of(HttpAnswer{401, ""}), SendVerdict::misconfigured);
  EXPECT_EQ(verdict_of(HttpAnswer{429, ""}), SendVerdict::later);
  EXPECT_EQ(verdict_of(HttpAnswer{503, ""}), SendVerdict::later);
  EXPECT_EQ(verdict_of(HttpAnswer{500, ""}), SendVerdict::unknown);
  EXPECT_EQ(verdict_of(HttpAnswer{302, ""}), SendVerdict::unknown);
  EXPECT_EQ(verdict_of(base::Unknown{"lost"}), SendVerdict::unknown);
  EXPECT_EQ(verdict_of(base::Refused{base::Code::unavailable, "", {}, 1}), SendVerdict::later);
}

TEST(SmsHook, wants_an_address) {
  for (const char* url : {"", "sms.test/hook", "ftp://sms.test/hook"}) {
    EXPECT_THROW(create_sms_hook(url, "", base::Milliseconds(1000)), std::invalid_argument) << url;
  }
  EXPECT_NE(create_sms_hook("https://sms.test:8443/hook", "t", base::Milliseconds(1000)), nullptr);
}

}  // namespace
}  // namespace zl::wechat
