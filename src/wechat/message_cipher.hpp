// The cipher of the callback's safe mode. Source: "Message encryption and decryption", developers.weixin.qq.com.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/random.hpp"

namespace zl::wechat {

/// Beyond it a message is neither sealed nor opened.
inline constexpr std::size_t message_limit_bytes = 1024UL * 1024;

/// AES-256-CBC over 16 random bytes, the message's length in network order, the message and the account's appid, padded
/// to a multiple of 32. Thread-safe.
class MessageCipher {
 public:
  /// `encoding_aes_key` is the 43 characters of the account's settings; spare bits in the last don't matter. Nothing
  /// where it isn't that, or where the appid is empty.
  static std::optional<MessageCipher> create(std::string_view encoding_aes_key, std::string_view appid);

  /// Base64. The message is at most message_limit_bytes long.
  std::string seal(std::string_view message, base::Random& random) const;

  /// The message; nothing for whatever was not sealed under this key for this appid, without a word about why: callers
  /// check the signature first, and a sender learns nothing here.
  std::optional<std::string> open(std::string_view encrypted) const;

 private:
  MessageCipher(std::string key, std::string appid) : key_(std::move(key)), appid_(std::move(appid)) {}

  std::string_view iv() const { return std::string_view(key_).substr(0, 16); }

  std::string key_;  ///< 32 bytes
  std::string appid_;
};

}  // namespace zl::wechat
