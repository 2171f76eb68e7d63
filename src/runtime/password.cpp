#include "runtime/password.hpp"

#include <argon2.h>
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <stdexcept>

namespace zl::runtime {
namespace {

constexpr std::uint32_t memory_kib = 19456;
constexpr std::uint32_t passes = 2;
constexpr std::uint32_t lanes = 1;
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t hash_bytes = 32;
constexpr std::size_t encoded_limit = 256;

}  // namespace

std::string hash_password(std::string_view password, base::Random& random) {
  std::array<std::uint8_t, salt_bytes> salt;
  random.fill(salt);
  const std::size_t size = argon2_encodedlen(passes, memory_kib, lanes, salt_bytes, hash_bytes, Argon2_id);
  std::string encoded(size, '\0');
  const int result = argon2id_hash_encoded(passes, memory_kib, lanes, password.data(), password.size(), salt.data(),
                                           salt.size(), hash_bytes, encoded.data(), encoded.size());
  if (result != ARGON2_OK) throw std::runtime_error(argon2_error_message(result));
  encoded.resize(encoded.find('\0'));  // the size that argon2 asks for counts the end of a C string
  return encoded;
}

bool verify_password(std::string_view encoded, std::string_view password) {
  if (encoded.size() > encoded_limit) return false;
  const std::string terminated(encoded);
  const int result = argon2id_verify(terminated.c_str(), password.data(), password.size());
  if (result == ARGON2_MEMORY_ALLOCATION_ERROR) throw std::runtime_error(argon2_error_message(result));
  return result == ARGON2_OK;
}

const std::string& dummy_hash() {
  // Salt and hash are zeros in base64: no password is known to give them, and none ever will be.
  static const std::string encoded =
      fmt::format("$argon2id$v=19$m={},t={},p={}${:A<22}${:A<43}", memory_kib, passes, lanes, "", "");
  return encoded;
}

}  // namespace zl::runtime
