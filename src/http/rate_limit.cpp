#include "http/rate_limit.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <iterator>
#include <optional>

namespace zl::http {
namespace {

// A full shard costs a look at all its buckets this often, and at a few of them for each new key.
constexpr std::int64_t search_interval_ns = 1'000'000'000;
constexpr int candidates = 8;

}  // namespace

int RateLimit::take(std::string_view key, int cost, base::SteadyTime now) {
  const std::uint64_t hash = std::max<std::uint64_t>(std::hash<std::string_view>{}(key), 1);
  const std::int64_t now_ns = now.time_since_epoch().count();
  const auto cost_ns = static_cast<std::int64_t>(interval_ns_ * cost);
  const auto tolerance_ns = static_cast<std::int64_t>(interval_ns_ * burst_);

  Shard& shard = shards_[hash % shards];
  const std::lock_guard lock(shard.mutex);
  Slot* slot = shard.slots.empty() ? nullptr : &slot_of(shard.slots, hash);
  const bool known = slot != nullptr && slot->hash == hash;
  const std::int64_t arrival_ns = std::max(known ? slot->arrival_ns : now_ns, now_ns) + cost_ns;
  const std::int64_t wait_ns = arrival_ns - tolerance_ns - now_ns;
  if (wait_ns > 0) return static_cast<int>(wait_ns / 1'000'000'000) + 1;
  if (known) {
    slot->arrival_ns = arrival_ns;
  } else {
    add(shard, hash, arrival_ns, now_ns);
  }
  return 0;
}

void RateLimit::add(Shard& shard, std::uint64_t hash, std::int64_t arrival_ns, std::int64_t now_ns) const {
  const bool crowded = (shard.used + 1) * 4 > shard.slots.size() * 3;
  const bool full = shard.used >= shard_limit_;
  if (crowded || (full && now_ns >= shard.next_search_ns)) rebuild(shard, now_ns);
  if (full) shard.next_search_ns = now_ns + search_interval_ns;
  if (shard.used >= shard_limit_) forget_one(shard, hash);
  slot_of(shard.slots, hash) = {hash, arrival_ns};
  ++shard.used;
}

RateLimit::Slot& RateLimit::slot_of(std::vector<Slot>& slots, std::uint64_t hash) {
  const std::size_t last = slots.size() - 1;
  std::size_t index = (hash / shards) & last;
  while (slots[index].hash != 0 && slots[index].hash != hash) index = (index + 1) & last;
  return slots[index];
}

void RateLimit::forget_one(Shard& shard, std::uint64_t hash) {
  const std::size_t last = shard.slots.size() - 1;
  std::optional<std::size_t> fullest;
  int looked_at = 0;
  for (std::size_t step = 0; step <= last && looked_at < candidates; ++step) {
    const std::size_t index = (hash / shards + step) & last;
    if (shard.slots[index].hash == 0) continue;
    ++looked_at;
    if (!fullest || shard.slots[index].arrival_ns < shard.slots[*fullest].arrival_ns) fullest = index;
  }
  if (!fullest) return;
  erase(shard.slots, *fullest);
  --shard.used;
}

/// What stands behind moves up where it would else be cut off from its place.
void RateLimit::erase(std::vector<Slot>& slots, std::size_t index) {
  const std::size_t last = slots.size() - 1;
  for (std::size_t next = (index + 1) & last; slots[next].hash != 0; next = (next + 1) & last) {
    const std::size_t home = (slots[next].hash / shards) & last;
    if (((next - home) & last) < ((next - index) & last)) continue;
    slots[index] = slots[next];
    index = next;
  }
  slots[index] = {};
}

void RateLimit::rebuild(Shard& shard, std::int64_t now_ns) {
  constexpr std::size_t fewest = 16;
  std::vector<Slot> kept;
  std::ranges::copy_if(shard.slots, std::back_inserter(kept),
                       [now_ns](const Slot& slot) { return slot.hash != 0 && slot.arrival_ns > now_ns; });
  shard.slots.assign(std::max(fewest, std::bit_ceil(kept.size() * 2)), Slot{});
  for (const Slot& slot : kept) slot_of(shard.slots, slot.hash) = slot;
  shard.used = kept.size();
}

}  // namespace zl::http
