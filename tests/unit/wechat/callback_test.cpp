// Pushes from the bytes of a request on: nothing unsigned is looked into, and a sender learns nothing from a refusal.
#include "wechat/callback.hpp"

#include <gtest/gtest.h>

#include "runtime/random_device.hpp"
#include "unit/wechat/support.hpp"
#include "wechat/callback_port.hpp"
#include "wechat/signature.hpp"
#include "wechat/xml.hpp"

namespace zl::wechat {
namespace {

const std::string token = "AAAAA";
const std::string aes_key(43, 'A');
const std::string appid = "wxba5fad812f8e6fb9";
const std::string click =
    "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1714112445</CreateTime>"
    "<MsgType>event</MsgType><Event>CLICK</Event><EventKey>my_bookings</EventKey></xml>";

class CallbackTest : public ::testing::Test {
 protected:
  static Callback callback(CallbackMode mode) { return Callback::create({mode, token, aes_key, appid}).value(); }

  static app::PushQuery query(const std::string& encrypted = "") {
    app::PushQuery made;
    made.timestamp = "1714112445";
    made.nonce = "415670741";
    made.signature = signature_of({token, made.timestamp, made.nonce});
    if (encrypted.empty()) return made;
    made.encrypt_type = "aes";
    made.msg_signature = signature_of({token, made.timestamp, made.nonce, encrypted});
    return made;
  }

  static std::string envelope(const std::string& encrypted, const std::string& beside = "") {
    return "<xml><ToUserName>gh_1</ToUserName>" + beside + xml_cdata("Encrypt", encrypted) + "</xml>";
  }

  std::string sealed(const std::string& message) { return cipher_.seal(message, random_); }

  static std::string menu_key(const std::variant<Received, CallbackFault>& outcome) {
    return std::get<app::MenuPressed>(std::get<Received>(outcome).push.content).key;
  }
  static CallbackFault fault(const std::variant<Received, CallbackFault>& outcome) {
    return std::get<CallbackFault>(outcome);
  }

  runtime::SystemRandom random_;
  const MessageCipher cipher_ = MessageCipher::create(aes_key, appid).value();
  const Callback safe_ = callback(CallbackMode::safe);
  const Callback plain_ = callback(CallbackMode::plain);
  const Callback compatible_ = callback(CallbackMode::compatible);
};

TEST_F(CallbackTest, answers_the_check_of_the_address_with_its_echo) {
  app::PushQuery check;
  check.timestamp = "1714036504";
  check.nonce = "1514711492";
  check.signature = "f464b24fc39322e44b38aa78f5edd27bd1441696";
  check.echostr = "4375120948345356249";
  for (const Callback* mode : {&safe_, &plain_, &compatible_}) EXPECT_EQ(mode->check_url(check), check.echostr);

  app::PushQuery forged = check;
  forged.nonce = "1514711493";
  EXPECT_FALSE(safe_.check_url(forged));
  app::PushQuery script = check;
  script.echostr = "<script>";
  EXPECT_FALSE(safe_.check_url(script));
  app::PushQuery nothing = check;
  nothing.echostr = "";
  EXPECT_FALSE(safe_.check_url(nothing));
}

TEST_F(CallbackTest, takes_plain_pushes_where_the_settings_say_so) {
  EXPECT_EQ(menu_key(plain_.receive(query(), click)), "my_bookings");
  EXPECT_EQ(menu_key(compatible_.receive(query(), click)), "my_bookings");
  EXPECT_EQ(fault(safe_.receive(query(), click)), CallbackFault::forged);
  EXPECT_FALSE(std::get<Received>(plain_.receive(query(), click)).sealed);
  app::PushQuery raw = query();
  raw.encrypt_type = "raw";
  EXPECT_EQ(menu_key(plain_.receive(raw, click)), "my_bookings");
}

TEST_F(CallbackTest, takes_sealed_pushes_in_safe_and_compatible_mode) {
  const std::string encrypted = sealed(click);
  for (const Callback* mode : {&safe_, &compatible_}) {
    const auto outcome = mode->receive(query(encrypted), envelope(encrypted));
    EXPECT_EQ(menu_key(outcome), "my_bookings");
    EXPECT_TRUE(std::get<Received>(outcome).sealed);
  }
  EXPECT_EQ(fault(plain_.receive(query(encrypted), envelope(encrypted))), CallbackFault::forged);
}

TEST_F(CallbackTest, believes_the_sealed_part_of_a_body_that_has_both) {
  const std::string encrypted = sealed(click);
  const std::string beside = "<FromUserName>somebody_else</FromUserName><MsgType>event</MsgType>";
  const auto outcome = compatible_.receive(query(encrypted), envelope(encrypted, beside));
  EXPECT_EQ(std::get<Received>(outcome).push.openid, "o1");
}

TEST_F(CallbackTest, wants_the_signature_over_the_body_and_not_that_of_the_address) {
  const std::string encrypted = sealed(click);
  const std::string other = sealed(click);
  EXPECT_EQ(fault(safe_.receive(query(encrypted), envelope(other))), CallbackFault::forged);
  app::PushQuery swapped = query(encrypted);
  swapped.msg_signature = swapped.signature;
  EXPECT_EQ(fault(safe_.receive(swapped, envelope(encrypted))), CallbackFault::forged);
  app::PushQuery absent = query(encrypted);
  absent.msg_signature = "";
  EXPECT_EQ(fault(safe_.receive(absent, envelope(encrypted))), CallbackFault::forged);
}

TEST_F(CallbackTest, refuses_wrong_signatures_of_every_form) {
  app::PushQuery made = query();
  const std::string right = made.signature;
  for (const std::string& wrong : {std::string(), right.substr(1), right + "0", std::string(40, '0')}) {
    made.signature = wrong;
    EXPECT_EQ(fault(plain_.receive(made, click)), CallbackFault::forged) << wrong;
  }
}

TEST_F(CallbackTest, lets_no_letters_wander_between_what_is_signed) {
  app::PushQuery all_in_one = query();
  all_in_one.timestamp += all_in_one.nonce;
  all_in_one.nonce = "";
  EXPECT_EQ(signature_of({token, all_in_one.timestamp, ""}), all_in_one.signature);
  EXPECT_EQ(fault(plain_.receive(all_in_one, click)), CallbackFault::forged);

  // Whole blocks of a sealed body, moved into the nonce, would leave a body that still opens up to its padding.
  app::PushQuery long_nonce = query();
  long_nonce.nonce = std::string(33, '1');
  long_nonce.signature = signature_of({token, long_nonce.timestamp, long_nonce.nonce});
  EXPECT_EQ(fault(plain_.receive(long_nonce, click)), CallbackFault::forged);
}

TEST_F(CallbackTest, tells_nobody_what_was_wrong_inside) {
  const MessageCipher of_another = MessageCipher::create(aes_key, "wxb11529c136998cb6").value();
  const std::string whole = sealed(click);
  for (const std::string& encrypted : {of_another.seal(click, random_), whole.substr(0, whole.size() - 64),
                                       std::string("AAAA"), sealed("no xml"), sealed("")}) {
    EXPECT_EQ(fault(safe_.receive(query(encrypted), envelope(encrypted))), CallbackFault::unreadable);
  }
}

TEST_F(CallbackTest, refuses_bodies_that_are_empty_or_no_envelope) {
  for (const std::string& body : {std::string(), std::string("{}"), std::string("<xml/>"), std::string("<xml>")}) {
    EXPECT_EQ(fault(safe_.receive(query("AAAA"), body)), CallbackFault::forged) << body;
    EXPECT_EQ(fault(plain_.receive(query(), body)), CallbackFault::unreadable) << body;
  }
  // Where the body seals nothing, a signature over nothing doesn't help.
  app::PushQuery over_nothing = query();
  over_nothing.msg_signature = over_nothing.signature;
  EXPECT_EQ(fault(safe_.receive(over_nothing, "<xml/>")), CallbackFault::unreadable);
}

TEST_F(CallbackTest, answers_in_the_way_it_was_asked) {
  const auto plain = std::get<Received>(plain_.receive(query(), click));
  const auto answer = XmlElement::parse(plain_.answer(plain, "415670741", "你好 ]]> 😀", 1'714'112'446, random_));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->text("ToUserName"), "o1");
  EXPECT_EQ(answer->text("FromUserName"), "gh_1");
  EXPECT_EQ(answer->text("CreateTime"), "1714112446");
  EXPECT_EQ(answer->text("MsgType"), "text");
  EXPECT_EQ(answer->text("Content"), "你好 ]]> 😀");

  const std::string encrypted = sealed(click);
  const auto sealed_push = std::get<Received>(safe_.receive(query(encrypted), envelope(encrypted)));
  const auto outer = XmlElement::parse(safe_.answer(sealed_push, "415670741", "你好", 1'714'112'446, random_));
  ASSERT_TRUE(outer);
  EXPECT_EQ(outer->text("TimeStamp"), "1714112446");
  EXPECT_EQ(outer->text("Nonce"), "415670741");
  EXPECT_EQ(outer->text("MsgSignature"), signature_of({token, "1714112446", "415670741", outer->text("Encrypt")}));
  const auto inner = XmlElement::parse(cipher_.open(outer->text("Encrypt")).value());
  ASSERT_TRUE(inner);
  EXPECT_EQ(inner->text("Content"), "你好");
}

TEST_F(CallbackTest, cuts_long_answers_between_characters) {
  const auto push = std::get<Received>(plain_.receive(query(), click));
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "钟";
  const auto answer = XmlElement::parse(plain_.answer(push, "1", text, 1, random_));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->text("Content").size(), 2046U);
}

TEST_F(CallbackTest, wants_settings_in_their_form) {
  const auto with = [](CallbackMode mode, const std::string& a_token, const std::string& a_key) {
    return Callback::create({mode, a_token, a_key, appid}).has_value();
  };
  EXPECT_TRUE(with(CallbackMode::plain, token, ""));
  EXPECT_FALSE(with(CallbackMode::safe, token, ""));
  EXPECT_FALSE(with(CallbackMode::compatible, token, aes_key + "A"));
  for (const std::string& wrong : {std::string(), std::string("ab"), std::string(33, 'a'), std::string("a b c")}) {
    EXPECT_FALSE(with(CallbackMode::safe, wrong, aes_key)) << wrong;
  }
}

TEST_F(CallbackTest, what_was_signed_half_a_day_ago_or_ahead_is_not_timely) {
  constexpr std::int64_t half_a_day_s = 12LL * 3600;
  const std::int64_t now_s = 1'714'112'445;
  const base::Instant now{now_s * 1000 + 999};
  const auto timely = [&now](std::int64_t signed_s) { return is_timely(std::to_string(signed_s), now); };
  EXPECT_TRUE(timely(now_s));
  EXPECT_TRUE(timely(now_s - half_a_day_s));
  EXPECT_TRUE(timely(now_s + half_a_day_s));
  EXPECT_FALSE(timely(now_s - half_a_day_s - 1));
  EXPECT_FALSE(timely(now_s + half_a_day_s + 1));
  EXPECT_FALSE(timely(now_s * 1000));
  for (const char* text : {"", "now", "1714112445x", "-1", "99999999999999999999"}) {
    EXPECT_FALSE(is_timely(text, now)) << text;
  }
}

TEST_F(CallbackTest, a_push_that_was_recorded_and_is_sent_a_day_later_is_taken_for_forged) {
  test::ManualClock clock;
  clock.set_wall({1'714'112'445'000});
  const CallbackPort port(safe_, clock, random_);
  const std::string body = sealed(click);
  const auto open = [&] { return port.open(query(body), envelope(body)); };
  EXPECT_TRUE(std::holds_alternative<app::OpenedPush>(open()));
  clock.advance(std::chrono::hours(25));
  EXPECT_EQ(std::get<app::PushFault>(open()), app::PushFault::forged);
}

}  // namespace
}  // namespace zl::wechat
