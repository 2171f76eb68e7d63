// AES in CBC mode as the platform uses it, without a padding of the library's own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace zl::wechat {

inline constexpr std::size_t aes_block_bytes = 16;

enum class Direction { encrypt = 1, decrypt };

/// `key` has 32 bytes (AES-256) or 16 (AES-128), `iv` 16, `input` whole blocks; nothing where they haven't. Throws
/// std::runtime_error where OpenSSL fails.
std::optional<std::string> aes_cbc(Direction direction, std::string_view key, std::string_view iv,
                                   std::string_view input);

/// PKCS#7: 1 to `block` bytes, each of their number's value, up to a multiple of `block`.
std::string padded(std::string bytes, std::size_t block);

/// Without that padding; nothing where there is none. The time depends on the lengths only. `block` is at most 255.
std::optional<std::string> unpadded(std::string bytes, std::size_t block);

}  // namespace zl::wechat
