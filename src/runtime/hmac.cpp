// OpenSSL deprecates its functions of one digest for those that find it by name; these take half the time, for they
// neither look up nor allocate, and every request needs two HMACs.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "runtime/hmac.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>

namespace zl::runtime {
namespace {

using Block = std::array<std::uint8_t, SHA256_CBLOCK>;

void require(int result) {
  if (result != 1) throw std::runtime_error("OpenSSL failed to compute HMAC-SHA-256");
}

SHA256_CTX state_behind(Block block, std::uint8_t pad) {
  for (std::uint8_t& byte : block) byte ^= pad;
  SHA256_CTX state;
  require(SHA256_Init(&state));
  require(SHA256_Update(&state, block.data(), block.size()));
  OPENSSL_cleanse(block.data(), block.size());
  return state;
}

Digest finish(SHA256_CTX state, const void* bytes, std::size_t size) {
  Digest digest;
  require(SHA256_Update(&state, bytes, size));
  require(SHA256_Final(digest.data(), &state));
  return digest;
}

/// A key that is longer than a block counts as its digest; zeros fill the rest (RFC 2104).
Block block_of(std::string_view key) {
  Block block{};
  if (key.size() > block.size()) {
    const Digest digest = sha256(key);
    std::copy(digest.begin(), digest.end(), block.begin());
  } else {
    std::copy(key.begin(), key.end(), block.begin());
  }
  return block;
}

}  // namespace

HmacSha256::HmacSha256(std::string_view key)
    : inner_(state_behind(block_of(key), 0x36)), outer_(state_behind(block_of(key), 0x5c)) {}

Digest HmacSha256::operator()(std::string_view bytes) const {
  const Digest inner = finish(inner_, bytes.data(), bytes.size());
  return finish(outer_, inner.data(), inner.size());
}

bool constant_time_equal(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace zl::runtime
