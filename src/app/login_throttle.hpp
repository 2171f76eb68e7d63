// Slows failed logins down, per account and per address, alike for names that exist and names that don't.
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"

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

  LoginThrottle(Limits limits, const base::Clock& clock) : limits_(limits), clock_(clock) {}

  /// Seconds to wait before this login may be tried; 0 where it may be now.
  int wait_s(const std::string& username, const std::string& address);
  void failed(const std::string& username, const std::string& address);
  void succeeded(const std::string& username);

 private:
  struct Window {
    std::string key;
    base::SteadyTime began;
    int failures = 0;
  };
  struct Windows {
    std::list<Window> by_age;                                                  ///< the oldest first
    std::unordered_map<std::string_view, std::list<Window>::iterator> by_key;  ///< the names stand in by_age
  };

  int wait_of(const Windows& windows, const std::string& key, int limit) const;
  void count(Windows& windows, const std::string& key);
  static void forget(Windows& windows, const std::string& key);

  const Limits limits_;
  const base::Clock& clock_;
  std::mutex mutex_;
  Windows accounts_;   ///< under mutex_
  Windows addresses_;  ///< under mutex_
};

}  // namespace zl::app
