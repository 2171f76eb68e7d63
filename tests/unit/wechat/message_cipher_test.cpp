// The callback's cipher: what was not sealed for this account stays shut, whatever is wrong with it.
#include "wechat/message_cipher.hpp"

#include <gtest/gtest.h>

#include <random>

#include "runtime/random_device.hpp"
#include "unit/wechat/support.hpp"
#include "wechat/aes_cbc.hpp"
#include "wechat/base64.hpp"

namespace zl::wechat {
namespace {

const std::string aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const std::string appid = "wxb11529c136998cb6";

MessageCipher a_cipher() {
  return MessageCipher::create(aes_key, appid).value();
}

/// Encrypts bytes as they are, padding and all.
std::string raw_seal(const std::string& bytes) {
  const std::string key = base64_decode(aes_key + "=", SpareBits::ignored).value();
  return base64_encode(aes_cbc(Direction::encrypt, key, key.substr(0, 16), bytes).value());
}

/// What the cipher would encrypt, with a length of the test's own.
std::string framed(const std::string& message, std::size_t length, const std::string& tail = appid) {
  std::string bytes = "0123456789abcdef";
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>((length >> shift) & 255U));
  return bytes + message + tail;
}

TEST(MessageCipher, opens_what_it_sealed_at_every_length_of_padding) {
  const MessageCipher cipher = a_cipher();
  runtime::SystemRandom random;
  for (std::size_t length = 0; length <= 100; ++length) {
    const std::string message(length, 'm');
    EXPECT_EQ(cipher.open(cipher.seal(message, random)), message) << length;
  }
}

TEST(MessageCipher, opens_random_messages_of_all_planes) {
  const MessageCipher cipher = a_cipher();
  runtime::SystemRandom random;
  std::mt19937 chance(20180705);
  const std::vector<std::string> letters{"a", "é", "钟", "楼", "😀", "\U0002000B", "<", "]]>", "\n"};
  for (int round = 0; round < 200; ++round) {
    std::string message;
    for (auto left = chance() % 100; left > 0; --left) message += letters[chance() % letters.size()];
    EXPECT_EQ(cipher.open(cipher.seal(message, random)), message);
  }
}

TEST(MessageCipher, never_seals_a_message_alike_twice) {
  const MessageCipher cipher = a_cipher();
  runtime::SystemRandom random;
  EXPECT_NE(cipher.seal("success", random), cipher.seal("success", random));
}

TEST(MessageCipher, takes_padding_of_1_to_32_and_no_other) {
  const MessageCipher cipher = a_cipher();
  for (unsigned count = 0; count <= 64; ++count) {
    // As many bytes as the padding says, so that all but its size is right; as many as fill a block where it says 0.
    const std::size_t bytes = count >= 1 ? count : 32;
    const std::size_t length = 128 - 20 - appid.size() - bytes;
    std::string plain = framed(std::string(length, 'm'), length);
    plain.append(bytes, static_cast<char>(count));
    ASSERT_EQ(plain.size() % 32, 0U);
    EXPECT_EQ(cipher.open(raw_seal(plain)).has_value(), count >= 1 && count <= 32) << count;
  }
}

TEST(MessageCipher, refuses_padding_of_unequal_bytes) {
  const std::size_t length = 64 - 20 - appid.size() - 4;
  const std::string plain = framed(std::string(length, 'm'), length);
  EXPECT_TRUE(a_cipher().open(raw_seal(plain + "\4\4\4\4")));
  EXPECT_FALSE(a_cipher().open(raw_seal(plain + "\3\4\4\4")));
}

TEST(MessageCipher, refuses_lengths_that_leave_no_room_for_the_appid) {
  const std::string message = "hello";
  for (const std::size_t length :
       {std::size_t{4}, std::size_t{6}, message.size() + appid.size(), message.size() + appid.size() + 1,
        std::size_t{0x7FFFFFFF}, std::size_t{0xFFFFFFFF}}) {
    EXPECT_FALSE(a_cipher().open(raw_seal(padded(framed(message, length), 32)))) << length;
  }
  EXPECT_EQ(a_cipher().open(raw_seal(padded(framed(message, message.size()), 32))), message);
}

TEST(MessageCipher, refuses_what_is_for_another_account) {
  const std::string message = "hello";
  for (const std::string tail : {"", "wxb11529c136998cb7", "wxb11529c136998cb", "wxb11529c136998cb6x"}) {
    EXPECT_FALSE(a_cipher().open(raw_seal(padded(framed(message, message.size(), tail), 32)))) << tail;
  }
}

TEST(MessageCipher, refuses_truncated_and_malformed_cipher_text) {
  runtime::SystemRandom random;
  const std::string sealed = a_cipher().seal("a message that takes a few blocks to say", random);
  for (std::size_t length = 0; length < sealed.size(); ++length) {
    EXPECT_FALSE(a_cipher().open(sealed.substr(0, length))) << length;
  }
  EXPECT_FALSE(a_cipher().open(sealed + "===="));
  EXPECT_FALSE(a_cipher().open(" " + sealed.substr(1)));
  EXPECT_FALSE(a_cipher().open(base64_encode(std::string(32, 'x'))));
}

TEST(MessageCipher, refuses_messages_beyond_its_limit) {
  const std::string message(message_limit_bytes + 1, 'm');
  EXPECT_FALSE(a_cipher().open(raw_seal(padded(framed(message, message.size()), 32))));
  EXPECT_FALSE(a_cipher().open(std::string(message_limit_bytes * 2, 'A')));
}

TEST(MessageCipher, wants_a_key_of_43_digits_and_an_appid) {
  EXPECT_FALSE(MessageCipher::create(aes_key.substr(1), appid));
  EXPECT_FALSE(MessageCipher::create(aes_key + "=", appid));
  EXPECT_FALSE(MessageCipher::create("-" + aes_key.substr(1), appid));
  EXPECT_FALSE(MessageCipher::create(aes_key, ""));
  EXPECT_TRUE(MessageCipher::create(aes_key, appid));
}

TEST(Base64, is_strict_but_for_spare_bits) {
  EXPECT_EQ(base64_encode("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
  for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    EXPECT_EQ(base64_decode(base64_encode(text), SpareBits::must_be_zero), text);
  }
  for (const std::string text : {"Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm-v", "=Zg="}) {
    EXPECT_FALSE(base64_decode(text, SpareBits::ignored)) << text;
  }
  EXPECT_FALSE(base64_decode("Zh==", SpareBits::must_be_zero));
  EXPECT_EQ(base64_decode("Zh==", SpareBits::ignored), "f");
}

}  // namespace
}  // namespace zl::wechat
