// HMAC-SHA-256 (RFC 2104) under a key that is set up once, and comparison that tells nothing by its time.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "runtime/sha256.hpp"

struct evp_mac_ctx_st;

namespace zl::runtime {

/// A key, ready for use from any thread: each thread keeps its own copy of the prepared state.
class HmacSha256 {
 public:
  /// The key may have any length; 32 random bytes are right. Throws std::runtime_error where OpenSSL fails.
  explicit HmacSha256(std::string_view key);
  HmacSha256(const HmacSha256&) = delete;
  HmacSha256& operator=(const HmacSha256&) = delete;
  ~HmacSha256();

  Digest operator()(std::string_view bytes) const;

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* context) const;
  };
  using Context = std::unique_ptr<evp_mac_ctx_st, Free>;

  struct ThreadContexts;

  evp_mac_ctx_st& context_of_this_thread() const;

  const std::uint64_t number_;  ///< never used twice in a process, so that a thread can't mistake an old key for this
  Context keyed_;               ///< only ever copied from
};

/// Equal length and content. The time depends on the lengths only.
bool constant_time_equal(std::string_view left, std::string_view right);

}  // namespace zl::runtime
