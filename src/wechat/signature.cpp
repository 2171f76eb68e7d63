#include "wechat/signature.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "base/id.hpp"
#include "runtime/hmac.hpp"

namespace zl::wechat {

std::string sha1_hex(std::string_view bytes) {
  std::array<unsigned char, 20> digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL failed to compute SHA-1");
  }
  return base::to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string signature_of(std::vector<std::string_view> parts) {
  std::ranges::sort(parts);
  std::string joined;
  for (const std::string_view part : parts) joined.append(part);
  return sha1_hex(joined);
}

bool signature_holds(std::string_view given, std::vector<std::string_view> parts) {
  return runtime::constant_time_equal(given, signature_of(std::move(parts)));
}

}  // namespace zl::wechat
