// Slows failed logins down, per account and per address, alike for names that exist and names that don't.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.hpp"
#include "base/outcome.hpp"

namespace zl::app {

/// Thread-safe. Counts failures in windows; beyond the limit of keys the oldest windows are forgotten first.
class LoginThrottle {
 public:
  struct Limits {
    int failures_per_account = 5;
    int failures_per_address = 50;  ///< carriers put thousands behind one
    base::Milliseconds window{300'000};
    std::size_t keys = 100'000;
  };

  /// A login under way, counted from its beginning on: were it counted at its end, all that are under way at once would
  /// be let pass. Of three endings it is told one; what ends untold, for want of an answer, is given back.
  class [[nodiscard]] Try {
   public:
    Try(Try&& other) noexcept
        : throttle_(std::exchange(other.throttle_, nullptr)),
          username_(std::move(other.username_)),
          address_(std::move(other.address_)),
          account_window_(other.account_window_),
          address_window_(other.address_window_) {}
    Try& operator=(Try&&) = delete;
    Try(const Try&) = delete;
    Try& operator=(const Try&) = delete;
    ~Try() {
      if (throttle_ != nullptr) throttle_->give_back(*this);
    }

    void failed() { std::exchange(throttle_, nullptr)->count_failure(*this); }
    /// Forgives what the account failed before.
    void succeeded() { std::exchange(throttle_, nullptr)->forgive(*this); }

   private:
    friend class LoginThrottle;
    Try(LoginThrottle& throttle, std::string username, std::string address, std::uint64_t account_window,
        std::uint64_t address_window)
        : throttle_(&throttle),
          username_(std::move(username)),
          address_(std::move(address)),
          account_window_(account_window),
          address_window_(address_window) {}

    LoginThrottle* throttle_;  ///< null once the ending was told
    std::string username_;
    std::string address_;
    std::uint64_t account_window_;  ///< numbers of the windows that count it
    std::uint64_t address_window_;
  };

  /// `clock` outlives the throttle, and the throttle its tries.
  LoginThrottle(Limits limits, const base::Clock& clock) : limits_(limits), clock_(clock) {}

  /// Refused{too_many_requests} with the seconds to wait where as many failed or are under way as may.
  base::Outcome<Try> begin(std::string username, std::string address);

 private:
  struct Window {
    std::string key;
    std::uint64_t number = 0;
    base::SteadyTime began;
    int failures = 0;
    int under_way = 0;
  };
  struct Windows {
    std::list<Window> by_age;                                                  ///< the oldest first
    std::unordered_map<std::string_view, std::list<Window>::iterator> by_key;  ///< the names stand in by_age
  };

  // All of these under mutex_.
  int wait_of(const Windows& windows, const std::string& key, int limit) const;
  Window& window_of(Windows& windows, const std::string& key);
  void end(Windows& windows, const std::string& key, std::uint64_t number);
  static Window* find(const Windows& windows, const std::string& key);
  static void forget(Windows& windows, const std::string& key);

  void give_back(const Try& ended);
  void count_failure(const Try& ended);
  void forgive(const Try& ended);

  const Limits limits_;
  const base::Clock& clock_;
  std::mutex mutex_;
  Windows accounts_;               ///< under mutex_
  Windows addresses_;              ///< under mutex_
  std::uint64_t next_window_ = 1;  ///< under mutex_
};

}  // namespace zl::app
