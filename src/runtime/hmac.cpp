#include "runtime/hmac.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <atomic>
#include <stdexcept>
#include <utility>
#include <vector>

namespace zl::runtime {
namespace {

constexpr std::size_t keys_per_thread = 16;

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

void require(bool holds) {
  if (!holds) throw std::runtime_error("OpenSSL failed to compute HMAC-SHA-256");
}

}  // namespace

/// Prepared states of the keys that this thread used last; a key that was destroyed falls out in time.
struct HmacSha256::ThreadContexts {
  std::vector<std::pair<std::uint64_t, Context>> by_number;
};

HmacSha256::HmacSha256(std::string_view key) : number_(next_number()) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> algorithm(EVP_MAC_fetch(nullptr, "HMAC", nullptr),
                                                                    &EVP_MAC_free);
  require(algorithm != nullptr);
  keyed_.reset(EVP_MAC_CTX_new(algorithm.get()));
  require(keyed_ != nullptr);

  char digest_name[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
                                   OSSL_PARAM_construct_end()};
  // A null pointer would mean "the key as it was", not an empty key.
  const char* start = key.empty() ? "" : key.data();
  require(EVP_MAC_init(keyed_.get(), reinterpret_cast<const unsigned char*>(start), key.size(), parameters) == 1);
}

HmacSha256::~HmacSha256() = default;

void HmacSha256::Free::operator()(evp_mac_ctx_st* context) const {
  EVP_MAC_CTX_free(context);
}

evp_mac_ctx_st& HmacSha256::context_of_this_thread() const {
  thread_local ThreadContexts contexts;
  auto& known = contexts.by_number;
  for (const auto& [number, context] : known) {
    if (number == number_) return *context;
  }
  Context copy(EVP_MAC_CTX_dup(keyed_.get()));
  require(copy != nullptr);
  if (known.size() == keys_per_thread) known.erase(known.begin());
  return *known.emplace_back(number_, std::move(copy)).second;
}

Digest HmacSha256::operator()(std::string_view bytes) const {
  evp_mac_ctx_st* context = &context_of_this_thread();
  Digest digest;
  std::size_t length = 0;
  // Without a key, init starts anew under the key that the context holds.
  require(EVP_MAC_init(context, nullptr, 0, nullptr) == 1);
  require(EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) == 1);
  require(EVP_MAC_final(context, digest.data(), &length, digest.size()) == 1 && length == digest.size());
  return digest;
}

bool constant_time_equal(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace zl::runtime
