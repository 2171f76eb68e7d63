#include "wechat/message_cipher.hpp"

#include <array>
#include <cstdint>
#include <utility>

#include "base/invariant.hpp"
#include "runtime/hmac.hpp"
#include "wechat/aes_cbc.hpp"
#include "wechat/base64.hpp"

namespace zl::wechat {
namespace {

constexpr std::size_t key_text_length = 43;
constexpr std::size_t random_bytes = 16;
constexpr std::size_t length_bytes = 4;
constexpr std::size_t frame_bytes = random_bytes + length_bytes;
constexpr std::size_t pad_block_bytes = 32;
constexpr std::size_t appid_limit_bytes = 64;
constexpr std::size_t plain_limit_bytes = frame_bytes + message_limit_bytes + appid_limit_bytes + pad_block_bytes;
constexpr std::size_t sealed_limit_chars = (plain_limit_bytes + 2) / 3 * 4;

void append_length(std::string& out, std::size_t length) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>((length >> shift) & 255U));
}

std::size_t read_length(std::string_view bytes) {
  std::size_t length = 0;
  for (const char c : bytes.substr(0, length_bytes)) length = (length << 8U) | static_cast<unsigned char>(c);
  return length;
}

}  // namespace

std::optional<MessageCipher> MessageCipher::create(std::string_view encoding_aes_key, std::string_view appid) {
  if (encoding_aes_key.size() != key_text_length || appid.empty() || appid.size() > appid_limit_bytes) {
    return std::nullopt;
  }
  std::optional<std::string> key = base64_decode(std::string(encoding_aes_key) + "=", SpareBits::ignored);
  if (!key || key->size() != 32) return std::nullopt;
  return MessageCipher(*std::move(key), std::string(appid));
}

std::string MessageCipher::seal(std::string_view message, base::Random& random) const {
  base::invariant(message.size() <= message_limit_bytes, "a message to be sealed is within its limit");
  std::array<std::uint8_t, random_bytes> noise{};
  random.fill(noise);
  std::string plain(reinterpret_cast<const char*>(noise.data()), noise.size());
  append_length(plain, message.size());
  plain.append(message).append(appid_);
  const auto sealed = aes_cbc(Direction::encrypt, key_, iv(), padded(std::move(plain), pad_block_bytes));
  base::invariant(sealed.has_value(), "whole blocks are encrypted under a whole key");
  return base64_encode(*sealed);
}

std::optional<std::string> MessageCipher::open(std::string_view encrypted) const {
  if (encrypted.size() > sealed_limit_chars) return std::nullopt;
  const auto sealed = base64_decode(encrypted, SpareBits::must_be_zero);
  if (!sealed) return std::nullopt;
  auto blocks = aes_cbc(Direction::decrypt, key_, iv(), *sealed);
  if (!blocks) return std::nullopt;
  const auto plain = unpadded(*std::move(blocks), pad_block_bytes);
  if (!plain || plain->size() < frame_bytes) return std::nullopt;
  const std::string_view content = std::string_view(*plain).substr(frame_bytes);
  const std::size_t length = read_length(std::string_view(*plain).substr(random_bytes));
  if (length > content.size() || length > message_limit_bytes) return std::nullopt;
  if (!runtime::constant_time_equal(content.substr(length), appid_)) return std::nullopt;
  return std::string(content.substr(0, length));
}

}  // namespace zl::wechat
