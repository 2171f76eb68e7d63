#include "wechat/quota_stops.hpp"

#include <algorithm>
#include <chrono>

namespace zl::wechat {
namespace {

constexpr int platform_offset_minutes = 480;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::uint64_t jitter_ms = 10'000;

}  // namespace

base::Milliseconds until_next_day(base::Instant now) {
  const base::Date today = base::civil_day(now, platform_offset_minutes);
  const base::Date tomorrow = std::chrono::sys_days(today) + std::chrono::days(1);
  return base::start_of_day(tomorrow, platform_offset_minutes) - now;
}

base::Milliseconds until_next_minute(base::Instant now, base::Random& random) {
  const std::int64_t into_minute = ((now.unix_ms % minute_ms) + minute_ms) % minute_ms;
  return base::Milliseconds(minute_ms - into_minute + static_cast<std::int64_t>(random.below(jitter_ms)));
}

void QuotaStops::stop_for_minute(std::string_view call) {
  stop(call, until_next_minute(clock_.wall_now(), random_));
}

void QuotaStops::stop_for_day(std::string_view call) {
  stop(call, until_next_day(clock_.wall_now()));
}

void QuotaStops::stop(std::string_view call, base::Milliseconds wait) {
  const std::lock_guard lock(mutex_);
  base::SteadyTime& until = until_[std::string(call)];
  until = std::max(until, clock_.steady_now() + wait);
}

base::Milliseconds QuotaStops::wait_of(std::string_view call) {
  const std::lock_guard lock(mutex_);
  const auto found = until_.find(call);
  if (found == until_.end()) return base::Milliseconds(0);
  const auto left = std::chrono::ceil<base::Milliseconds>(found->second - clock_.steady_now());
  if (left > base::Milliseconds(0)) return left;
  until_.erase(found);
  return base::Milliseconds(0);
}

}  // namespace zl::wechat
