// HMAC-SHA-256 (RFC 2104) under a key that is set up once, and comparison that tells nothing by its time.
#pragma once

#include <openssl/sha.h>

#include <string_view>

#include "runtime/sha256.hpp"

namespace zl::runtime {

/// A key, ready for use from any thread: the states of SHA-256 behind the key's two blocks, from which every call
/// starts.
class HmacSha256 {
 public:
  /// The key may have any length; 32 random bytes are right. Throws std::runtime_error where OpenSSL fails.
  explicit HmacSha256(std::string_view key);

  Digest operator()(std::string_view bytes) const;

 private:
  SHA256state_st inner_;
  SHA256state_st outer_;
};

/// Equal length and content. The time depends on the lengths only.
bool constant_time_equal(std::string_view left, std::string_view right);

}  // namespace zl::runtime
