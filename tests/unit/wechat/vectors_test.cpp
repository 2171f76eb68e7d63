// The platform's public test vectors, every entry.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>

#include "support/resident_id.hpp"
#include "support/wechat_vector_files.hpp"
#include "unit/wechat/support.hpp"
#include "wechat/base64.hpp"
#include "wechat/callback.hpp"
#include "wechat/js_signature.hpp"
#include "wechat/json.hpp"
#include "wechat/message_cipher.hpp"
#include "wechat/mini_program.hpp"
#include "wechat/signature.hpp"
#include "wechat/xml.hpp"

namespace zl::wechat {
namespace {

using boost::json::object;
using boost::json::value;

std::string text(const object& from, std::string_view name) {
  const value* found = from.if_contains(name);
  return found == nullptr ? "" : value_to<std::string>(*found);
}

struct Vector {
  std::string id;
  std::string kind;
  object input;
  object expected;
};

std::string given(const Vector& vector, std::string_view name) {
  return text(vector.input, name);
}
std::string wanted(const Vector& vector, std::string_view name) {
  return text(vector.expected, name);
}

/// A number, where the vector has one.
std::optional<std::size_t> wanted_count(const Vector& vector, std::string_view name) {
  const value* found = vector.expected.if_contains(name);
  return found == nullptr ? std::nullopt : std::optional(value_to<std::size_t>(*found));
}

MessageCipher cipher_of(const Vector& vector) {
  return MessageCipher::create(given(vector, "encoding_aes_key"), given(vector, "appid")).value();
}

void check_callback_signature(const Vector& vector) {
  const std::string token = given(vector, "token");
  const std::string timestamp = given(vector, "timestamp");
  const std::string nonce = given(vector, "nonce");
  EXPECT_EQ(signature_of({token, timestamp, nonce}), wanted(vector, "signature"));
  EXPECT_EQ(signature_holds(wanted(vector, "signature"), {token, timestamp, nonce}),
            vector.expected.at("valid").as_bool());
  if (given(vector, "echostr").empty()) return;
  app::PushQuery check;
  check.timestamp = timestamp;
  check.nonce = nonce;
  check.signature = wanted(vector, "signature");
  check.echostr = given(vector, "echostr");
  EXPECT_EQ(Callback::create({CallbackMode::plain, token, "", ""}).value().check_url(check),
            given(vector, "respond_body"));
}

std::vector<std::string> values_of(const Vector& vector) {
  std::vector<std::string> values;
  for (const value& item : vector.input.at("values").as_array()) values.push_back(value_to<std::string>(item));
  return values;
}

void check_sorted(const Vector& vector) {
  const std::vector<std::string> values = values_of(vector);
  EXPECT_EQ(signature_of({values.begin(), values.end()}), wanted(vector, "sha1"));
}

void check_sorted_and_joined(const Vector& vector) {
  std::vector<std::string> values = values_of(vector);
  std::ranges::sort(values);
  std::string joined;
  for (const std::string& item : values) joined += (joined.empty() ? "" : "&") + item;
  EXPECT_EQ(sha1_hex(joined), wanted(vector, "sha1"));
}

void check_js_signature(const Vector& vector) {
  const std::int64_t timestamp = std::stoll(given(vector, "timestamp"));
  for (const std::string fragment : {"", "#/somewhere"}) {
    EXPECT_EQ(js_signature(given(vector, "jsapi_ticket"), given(vector, "noncestr"), timestamp,
                           given(vector, "url") + fragment),
              wanted(vector, "signature"));
  }
}

void check_message_signature(const Vector& vector, const std::string& encrypted) {
  if (wanted(vector, "msg_signature").empty()) return;
  const std::string token = given(vector, "token");
  const std::string timestamp = given(vector, "timestamp");
  const std::string nonce = given(vector, "nonce");
  EXPECT_EQ(signature_of({token, timestamp, nonce, encrypted}), wanted(vector, "msg_signature"));
}

/// How many bytes stand in the sealed text, and how many of them are padding.
void check_sizes(const Vector& vector, const std::string& encrypted, const std::string& message) {
  constexpr std::size_t before_message = 16 + 4;  // random bytes and a length
  const auto cipher_text = base64_decode(encrypted, SpareBits::must_be_zero);
  ASSERT_TRUE(cipher_text);
  const std::size_t full = before_message + message.size() + given(vector, "appid").size();
  EXPECT_EQ(wanted_count(vector, "fullstr_bytes"), full);
  EXPECT_EQ(wanted_count(vector, "cipher_bytes").value_or(cipher_text->size()), cipher_text->size());
  EXPECT_EQ(wanted_count(vector, "msg_len").value_or(message.size()), message.size());
  const std::size_t padding = 32 - full % 32;
  EXPECT_EQ(wanted_count(vector, "pad_bytes").value_or(padding), padding);
  EXPECT_EQ(cipher_text->size(), full + padding);
}

/// The answer as a whole, where the vector has it.
void check_envelope(const Vector& vector) {
  const value* found = vector.expected.if_contains("reply_envelope");
  if (found == nullptr) return;
  const object& envelope = found->as_object();
  test::TextRandom random(given(vector, "random16"));
  const std::string sealed =
      sealed_answer(cipher_of(vector), given(vector, "token"), given(vector, "msg"), given(vector, "nonce"),
                    value_to<std::int64_t>(envelope.at("TimeStamp")), random);
  const auto xml = XmlElement::parse(sealed);
  ASSERT_TRUE(xml);
  for (const auto* name : {"Encrypt", "MsgSignature", "Nonce"}) EXPECT_EQ(xml->text(name), text(envelope, name));
  EXPECT_EQ(xml->text("TimeStamp"), serialize(envelope.at("TimeStamp")));
}

void check_open(const Vector& vector) {
  const MessageCipher cipher = cipher_of(vector);
  EXPECT_EQ(cipher.open(given(vector, "encrypt")), wanted(vector, "msg"));
  EXPECT_EQ(given(vector, "appid"), wanted(vector, "tail_appid"));
  check_sizes(vector, given(vector, "encrypt"), wanted(vector, "msg"));
  test::TextRandom random(wanted(vector, "random16_latin1"));
  EXPECT_EQ(cipher.seal(wanted(vector, "msg"), random), given(vector, "encrypt"));
  check_message_signature(vector, given(vector, "encrypt"));
}

void check_seal(const Vector& vector) {
  const MessageCipher cipher = cipher_of(vector);
  test::TextRandom random(given(vector, "random16"));
  EXPECT_EQ(cipher.seal(given(vector, "msg"), random), wanted(vector, "encrypt"));
  EXPECT_EQ(cipher.open(wanted(vector, "encrypt")), given(vector, "msg"));
  check_sizes(vector, wanted(vector, "encrypt"), given(vector, "msg"));
  check_envelope(vector);
  check_message_signature(vector, wanted(vector, "encrypt"));
}

/// Refused by its signature, or, where that may hold, by what is in it.
void check_negative(const Vector& vector) {
  const std::string token = given(vector, "token");
  const std::string timestamp = given(vector, "timestamp");
  const std::string nonce = given(vector, "nonce");
  if (!given(vector, "signature").empty()) {
    EXPECT_TRUE(signature_holds(given(vector, "signature"), {token, timestamp, nonce}));
  }
  const value* holds = vector.expected.if_contains("msg_signature_valid");
  if (holds != nullptr) {
    const std::string of_the_official_push = "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3";
    EXPECT_EQ(signature_holds(of_the_official_push, {token, timestamp, nonce, given(vector, "encrypt")}),
              holds->as_bool());
  } else {
    EXPECT_FALSE(cipher_of(vector).open(given(vector, "encrypt")));
  }
}

void check_key(const Vector& vector) {
  const std::string key = given(vector, "encoding_aes_key") + "=";
  const auto bytes = base64_decode(key, SpareBits::ignored);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(base::to_hex(*bytes), wanted(vector, "key_hex"));
  EXPECT_EQ(bytes->size(), wanted_count(vector, "key_len"));
  EXPECT_EQ(base::to_hex(bytes->substr(0, 16)), wanted(vector, "iv_hex"));
  EXPECT_EQ(base64_decode(key, SpareBits::must_be_zero).has_value(), vector.expected.at("canonical_base64").as_bool());
  EXPECT_TRUE(MessageCipher::create(given(vector, "encoding_aes_key"), "wx1"));
}

void check_user_data(const Vector& vector) {
  const object& json = vector.expected.at("json").as_object();
  const std::string appid = text(json.at("watermark").as_object(), "appid");
  const auto opened =
      open_user_data(given(vector, "session_key"), given(vector, "iv"), given(vector, "encryptedData"), appid);
  ASSERT_TRUE(opened);
  EXPECT_EQ(boost::json::parse(*opened), value(json));
  EXPECT_FALSE(open_user_data(given(vector, "session_key"), given(vector, "iv"), given(vector, "encryptedData"),
                              "wx0000000000000000"));
}

void check_raw_data(const Vector& vector) {
  EXPECT_TRUE(
      raw_data_signature_holds(wanted(vector, "signature"), given(vector, "rawData"), given(vector, "session_key")));
  EXPECT_FALSE(raw_data_signature_holds(wanted(vector, "signature"), given(vector, "rawData") + " ",
                                        given(vector, "session_key")));
}

void check_resident_id(const Vector& vector) {
  const test::ResidentId read = test::read_resident_id(given(vector, "id"));
  EXPECT_EQ(read.reason, wanted(vector, "reason"));
  EXPECT_EQ(read.reason == "ok", vector.expected.at("valid").as_bool());
  EXPECT_EQ(read.weighted_sum, vector.expected.at("weighted_sum").as_int64());
  EXPECT_EQ(read.weighted_sum % 11, vector.expected.at("mod11").as_int64());
  EXPECT_EQ(std::string(1, read.check_char), wanted(vector, "check_char"));
  if (read.reason != "ok") return;
  EXPECT_EQ(read.birth, wanted(vector, "birth"));
  EXPECT_EQ(std::string(1, read.sex), wanted(vector, "sex"));
  if (vector.expected.contains("region")) EXPECT_EQ(read.region, wanted(vector, "region"));
}

const std::map<std::string, void (*)(const Vector&)> checks{
    {"callback_signature", check_callback_signature},
    {"sha1_sorted_concat", check_sorted},
    {"sha1_sorted_amp_join", check_sorted_and_joined},
    {"jssdk_signature", check_js_signature},
    {"aes_decrypt", check_open},
    {"aes_encrypt", check_seal},
    {"aes_negative", check_negative},
    {"aes_key_decode", check_key},
    {"miniprogram_decrypt", check_user_data},
    {"miniprogram_rawdata_signature", check_raw_data},
    {"resident_id", check_resident_id},
};

TEST(WechatVectors, all_hold) {
  const auto files = test::wechat_vector_files();
  ASSERT_EQ(files.size(), 1U);
  const value parsed = boost::json::parse(files[0].text);
  const auto& vectors = parsed.at("vectors").as_array();
  EXPECT_EQ(vectors.size(), 30U);
  for (const value& item : vectors) {
    const object& entry = item.as_object();
    const Vector vector{text(entry, "id"), text(entry, "kind"), entry.at("input").as_object(),
                        entry.at("expected").as_object()};
    SCOPED_TRACE(vector.id);
    const auto check = checks.find(vector.kind);
    ASSERT_NE(check, checks.end()) << "no check for " << vector.kind;
    check->second(vector);
  }
}

}  // namespace
}  // namespace zl::wechat
