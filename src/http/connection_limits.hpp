// How many connections there may be, in all and from one client (see limit_key).
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "http/client_address.hpp"
#include "runtime/guard.hpp"

namespace zl::http {

/// Shared by all loops; outlives its guards.
class ConnectionLimits {
 public:
  ConnectionLimits(std::size_t total, std::size_t per_address) : total_(total), per_address_(per_address) {}

  /// A connection's place; gives itself back. Without assignment: it would drop a place unseen.
  class [[nodiscard]] Place {
   public:
    Place(Place&& other) noexcept
        : limits_(std::exchange(other.limits_, nullptr)),
          total_(std::move(other.total_)),
          address_(std::move(other.address_)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (limits_ != nullptr) limits_->give_back(address_);
    }

    const std::string& address() const { return address_; }

   private:
    friend class ConnectionLimits;
    Place(ConnectionLimits& limits, runtime::CountGuard total, std::string address)
        : limits_(&limits), total_(std::move(total)), address_(std::move(address)) {}

    ConnectionLimits* limits_;
    runtime::CountGuard total_;
    std::string address_;
  };

  /// Nothing where there are as many as there may be.
  std::optional<Place> take(std::string address) {
    std::optional<runtime::CountGuard> place = total_.try_take();
    if (!place) return std::nullopt;
    {
      const std::lock_guard lock(mutex_);
      std::size_t& count = by_client_[limit_key(address)];
      if (count >= per_address_) return std::nullopt;
      ++count;
    }
    return Place(*this, std::move(*place), std::move(address));
  }

  std::size_t open() const { return total_.value(); }

 private:
  void give_back(const std::string& address) {
    const std::lock_guard lock(mutex_);
    const auto found = by_client_.find(limit_key(address));
    if (--found->second == 0) by_client_.erase(found);
  }

  runtime::BoundedCount total_;
  const std::size_t per_address_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> by_client_;  ///< under mutex_
};

}  // namespace zl::http
