#include "app/login_throttle.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>

namespace zl::app {

int LoginThrottle::wait_s(const std::string& username, const std::string& address) {
  const std::lock_guard lock(mutex_);
  return std::max(wait_of(accounts_, username, limits_.failures_per_account),
                  wait_of(addresses_, address, limits_.failures_per_address));
}

void LoginThrottle::failed(const std::string& username, const std::string& address) {
  const std::lock_guard lock(mutex_);
  count(accounts_, username);
  count(addresses_, address);
}

void LoginThrottle::succeeded(const std::string& username) {
  const std::lock_guard lock(mutex_);
  forget(accounts_, username);
}

int LoginThrottle::wait_of(const Windows& windows, const std::string& key, int limit) const {
  const auto found = windows.by_key.find(key);
  if (found == windows.by_key.end() || found->second->failures < limit) return 0;
  const auto left = limits_.window - (clock_.steady_now() - found->second->began);
  return std::max(0, static_cast<int>(std::chrono::ceil<std::chrono::seconds>(left).count()));
}

void LoginThrottle::count(Windows& windows, const std::string& key) {
  const base::SteadyTime now = clock_.steady_now();
  const auto found = windows.by_key.find(key);
  if (found != windows.by_key.end() && now - found->second->began <= limits_.window) {
    ++found->second->failures;
    return;
  }
  forget(windows, key);
  if (windows.by_age.size() >= limits_.keys && !windows.by_age.empty()) forget(windows, windows.by_age.front().key);
  windows.by_age.push_back({key, now, 1});
  windows.by_key.emplace(windows.by_age.back().key, std::prev(windows.by_age.end()));
}

void LoginThrottle::forget(Windows& windows, const std::string& key) {
  const auto found = windows.by_key.find(key);
  if (found == windows.by_key.end()) return;
  const auto window = found->second;
  windows.by_key.erase(found);
  windows.by_age.erase(window);
}

}  // namespace zl::app
