#include "http/rate_limit.hpp"

#include <algorithm>
#include <functional>

namespace zl::http {

int RateLimit::take(std::string_view key, int cost, base::SteadyTime now) {
  const std::uint64_t hash = std::hash<std::string_view>{}(key);
  const std::int64_t now_ns = now.time_since_epoch().count();
  const auto cost_ns = static_cast<std::int64_t>(interval_ns_ * cost);
  const auto tolerance_ns = static_cast<std::int64_t>(interval_ns_ * burst_);

  Shard& shard = shards_[hash % shards];
  const std::lock_guard lock(shard.mutex);
  const auto known = shard.arrival_ns.find(hash);
  const std::int64_t arrival_ns = std::max(known == shard.arrival_ns.end() ? now_ns : known->second, now_ns) + cost_ns;
  const std::int64_t wait_ns = arrival_ns - tolerance_ns - now_ns;
  if (wait_ns > 0) return static_cast<int>(wait_ns / 1'000'000'000) + 1;
  if (known != shard.arrival_ns.end()) {
    known->second = arrival_ns;
    return 0;
  }
  if (shard.arrival_ns.size() >= shard_limit_) {
    std::erase_if(shard.arrival_ns, [now_ns](const auto& entry) { return entry.second <= now_ns; });
    if (shard.arrival_ns.size() >= shard_limit_) return 0;
  }
  shard.arrival_ns.emplace(hash, arrival_ns);
  return 0;
}

}  // namespace zl::http
