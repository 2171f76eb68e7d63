#include "app/login_throttle.hpp"

#include <algorithm>
#include <chrono>

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
  accounts_.erase(username);
}

int LoginThrottle::wait_of(const Windows& windows, const std::string& key, int limit) const {
  const auto found = windows.find(key);
  if (found == windows.end() || found->second.failures < limit) return 0;
  const auto left = limits_.window - (clock_.steady_now() - found->second.began);
  return std::max(0, static_cast<int>(std::chrono::ceil<std::chrono::seconds>(left).count()));
}

void LoginThrottle::count(Windows& windows, const std::string& key) {
  const base::SteadyTime now = clock_.steady_now();
  if (windows.size() >= limits_.keys && !windows.contains(key)) {
    std::erase_if(windows, [&](const auto& entry) { return now - entry.second.began > limits_.window; });
    if (windows.size() >= limits_.keys) windows.erase(windows.begin());
  }
  Window& window = windows[key];
  if (window.failures == 0 || now - window.began > limits_.window) window = {now, 0};
  ++window.failures;
}

}  // namespace zl::app
