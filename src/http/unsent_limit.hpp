// How much may be answered that clients have not taken yet, in all and to one client (see limit_key).
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "http/client_address.hpp"

namespace zl::http {

/// Shared by all loops; outlives its guards. No client has more than what is left for all others: whoever reads nothing
/// fills half of it alone, two of them three quarters, and somebody else's answer finds room all the same.
class UnsentLimit {
 public:
  explicit UnsentLimit(std::size_t bytes) : bytes_(bytes) {}
  UnsentLimit(const UnsentLimit&) = delete;
  UnsentLimit& operator=(const UnsentLimit&) = delete;

  /// Memory that is held for a client; gives itself back. Without assignment: it would drop a share unseen.
  class [[nodiscard]] Share {
   public:
    Share(Share&& other) noexcept
        : limit_(std::exchange(other.limit_, nullptr)), client_(std::move(other.client_)), bytes_(other.bytes_) {}
    Share& operator=(Share&&) = delete;
    ~Share() {
      if (limit_ != nullptr) limit_->give_back(client_, bytes_);
    }

   private:
    friend class UnsentLimit;
    Share(UnsentLimit& limit, std::string client, std::size_t bytes)
        : limit_(&limit), client_(std::move(client)), bytes_(bytes) {}

    UnsentLimit* limit_;
    std::string client_;
    std::size_t bytes_;
  };

  /// Nothing where there is no room for so much, and then it counts as refused.
  std::optional<Share> take(const std::string& address, std::size_t bytes) {
    std::string client = limit_key(address);
    const std::lock_guard lock(mutex_);
    const auto found = by_client_.find(client);
    const std::size_t its = bytes + (found == by_client_.end() ? 0 : found->second);
    if (held_ + bytes + its > bytes_) {
      ++refused_;
      return std::nullopt;
    }
    by_client_[client] = its;
    held_ += bytes;
    return Share(*this, std::move(client), bytes);
  }

  std::size_t held() const {
    const std::lock_guard lock(mutex_);
    return held_;
  }
  std::size_t refused() const {
    const std::lock_guard lock(mutex_);
    return refused_;
  }

 private:
  void give_back(const std::string& client, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    held_ -= bytes;
    const auto found = by_client_.find(client);
    found->second -= bytes;
    if (found->second == 0) by_client_.erase(found);
  }

  const std::size_t bytes_;
  mutable std::mutex mutex_;
  std::size_t held_ = 0;  ///< under mutex_, like all below
  std::size_t refused_ = 0;
  std::unordered_map<std::string, std::size_t> by_client_;  ///< bytes
};

}  // namespace zl::http
