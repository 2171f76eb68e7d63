#include "app/attendee_cache.hpp"

namespace zl::app {

std::optional<AttendeeFacts> AttendeeCache::find(const base::AttendeeId& id) const {
  const Shard& shard = shards_[index(id)];
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.facts.find(id);
  if (found == shard.facts.end()) return std::nullopt;
  return found->second;
}

AttendeeCache::Ticket AttendeeCache::ticket(const base::AttendeeId& id) const {
  const Shard& shard = shards_[index(id)];
  const std::lock_guard lock(shard.mutex);
  return shard.forgotten;
}

void AttendeeCache::keep(AttendeeFacts facts, Ticket ticket) {
  Shard& shard = shards_[index(facts.id)];
  const std::lock_guard lock(shard.mutex);
  if (shard.forgotten != ticket) return;
  if (shard.facts.size() >= shard_limit_ && !shard.facts.contains(facts.id)) shard.facts.erase(shard.facts.begin());
  shard.facts.insert_or_assign(facts.id, std::move(facts));
}

void AttendeeCache::forget(const base::AttendeeId& id) {
  Shard& shard = shards_[index(id)];
  const std::lock_guard lock(shard.mutex);
  ++shard.forgotten;
  shard.facts.erase(id);
}

}  // namespace zl::app
