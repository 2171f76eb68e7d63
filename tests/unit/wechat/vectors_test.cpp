// The platform's public test vectors, every entry.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>

#include "support/wechat_vector_files.hpp"
#include "unit/wechat/support.hpp"
#include "wechat/base64.hpp"
#include "wechat/js_signature.hpp"
#include "wechat/json.hpp"
#include "wechat/message_cipher.hpp"
#include "wechat/mini_program.hpp"
#include "wechat/signature.hpp"

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

MessageCipher cipher_of(const Vector& vector) {
  return MessageCipher::create(given(vector, "encoding_aes_key"), given(vector, "appid")).value();
}

void check_callback_signature(const Vector& vector) {
  const std::string token = given(vector, "token");
  const std::string timestamp = given(vector, "timestamp");
  const std::string nonce = given(vector, "nonce");
  EXPECT_EQ(signature_of({token, timestamp, nonce}), wanted(vector, "signature"));
  EXPECT_TRUE(signature_holds(wanted(vector, "signature"), {token, timestamp, nonce}));
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

void check_open(const Vector& vector) {
  const MessageCipher cipher = cipher_of(vector);
  EXPECT_EQ(cipher.open(given(vector, "encrypt")), wanted(vector, "msg"));
  test::TextRandom random(wanted(vector, "random16_latin1"));
  EXPECT_EQ(cipher.seal(wanted(vector, "msg"), random), given(vector, "encrypt"));
  check_message_signature(vector, given(vector, "encrypt"));
}

void check_seal(const Vector& vector) {
  const MessageCipher cipher = cipher_of(vector);
  test::TextRandom random(given(vector, "random16"));
  EXPECT_EQ(cipher.seal(given(vector, "msg"), random), wanted(vector, "encrypt"));
  EXPECT_EQ(cipher.open(wanted(vector, "encrypt")), given(vector, "msg"));
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
};

TEST(WechatVectors, all_hold) {
  const auto files = test::wechat_vector_files();
  ASSERT_EQ(files.size(), 1U);
  const value parsed = boost::json::parse(files[0].text);
  const auto& vectors = parsed.at("vectors").as_array();
  EXPECT_EQ(vectors.size(), 23U);
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
