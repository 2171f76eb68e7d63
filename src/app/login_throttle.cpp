#include "app/login_throttle.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>

namespace zl::app {
namespace {

// Where only those under way fill the limit, it isn't known yet how they end.
constexpr int wait_for_others_s = 1;

}  // namespace

base::Outcome<LoginThrottle::Try> LoginThrottle::begin(std::string username, std::string address) {
  const std::lock_guard lock(mutex_);
  const int wait_s = std::max(wait_of(accounts_, username, limits_.failures_per_account),
                              wait_of(addresses_, address, limits_.failures_per_address));
  if (wait_s > 0) return base::Refused{base::Code::too_many_requests, "too many failed logins", {}, wait_s};
  Window& account = window_of(accounts_, username);
  Window& from = window_of(addresses_, address);
  ++account.under_way;
  ++from.under_way;
  return Try(*this, std::move(username), std::move(address), account.number, from.number);
}

void LoginThrottle::give_back(const Try& ended) {
  const std::lock_guard lock(mutex_);
  end(accounts_, ended.username_, ended.account_window_);
  end(addresses_, ended.address_, ended.address_window_);
}

void LoginThrottle::count_failure(const Try& ended) {
  const std::lock_guard lock(mutex_);
  // Counted before the try ends: a window without either is forgotten.
  ++window_of(accounts_, ended.username_).failures;
  ++window_of(addresses_, ended.address_).failures;
  end(accounts_, ended.username_, ended.account_window_);
  end(addresses_, ended.address_, ended.address_window_);
}

void LoginThrottle::forgive(const Try& ended) {
  const std::lock_guard lock(mutex_);
  if (Window* const account = find(accounts_, ended.username_)) account->failures = 0;
  end(accounts_, ended.username_, ended.account_window_);
  end(addresses_, ended.address_, ended.address_window_);
}

int LoginThrottle::wait_of(const Windows& windows, const std::string& key, int limit) const {
  const Window* const window = find(windows, key);
  if (window == nullptr || window->failures + window->under_way < limit) return 0;
  const auto left = limits_.window - (clock_.steady_now() - window->began);
  const int left_s = std::max(0, static_cast<int>(std::chrono::ceil<std::chrono::seconds>(left).count()));
  return window->failures < limit ? std::min(left_s, wait_for_others_s) : left_s;
}

/// The key's window of now, where need be a new one.
LoginThrottle::Window& LoginThrottle::window_of(Windows& windows, const std::string& key) {
  const base::SteadyTime now = clock_.steady_now();
  Window* const known = find(windows, key);
  if (known != nullptr && now - known->began < limits_.window) return *known;
  forget(windows, key);
  if (windows.by_age.size() >= limits_.keys && !windows.by_age.empty()) forget(windows, windows.by_age.front().key);
  windows.by_age.push_back({key, next_window_++, now});
  windows.by_key.emplace(windows.by_age.back().key, std::prev(windows.by_age.end()));
  return windows.by_age.back();
}

/// A try of the window of this number ends; where that is gone, so is what it counted.
void LoginThrottle::end(Windows& windows, const std::string& key, std::uint64_t number) {
  Window* const window = find(windows, key);
  if (window == nullptr) return;
  if (window->number == number) --window->under_way;
  if (window->failures == 0 && window->under_way == 0) forget(windows, key);
}

LoginThrottle::Window* LoginThrottle::find(const Windows& windows, const std::string& key) {
  const auto found = windows.by_key.find(key);
  return found == windows.by_key.end() ? nullptr : &*found->second;
}

void LoginThrottle::forget(Windows& windows, const std::string& key) {
  const auto found = windows.by_key.find(key);
  if (found == windows.by_key.end()) return;
  const auto window = found->second;
  windows.by_key.erase(found);
  windows.by_age.erase(window);
}

}  // namespace zl::app
