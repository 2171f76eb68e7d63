#include "app/attendee_cache.hpp"

#include <algorithm>

namespace zl::app {

std::optional<base::Date> AttendeeCache::birth_date(const base::AttendeeId& id, const base::UserId& guardian) const {
  const Shard& shard = shards_[index(id)];
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.known.find(id);
  if (found == shard.known.end()) return std::nullopt;
  const Known& known = found->second;
  const bool is_guardian =
      known.guardian == guardian || std::ranges::find(known.other_guardians, guardian) != known.other_guardians.end();
  return is_guardian ? std::optional(known.birth_date) : std::nullopt;
}

AttendeeCache::Ticket AttendeeCache::ticket(const base::AttendeeId& id) const {
  const Shard& shard = shards_[index(id)];
  const std::lock_guard lock(shard.mutex);
  return shard.forgotten;
}

void AttendeeCache::keep(const AttendeeFacts& facts, Ticket ticket) {
  if (facts.guardians.empty()) return;
  Shard& shard = shards_[index(facts.id)];
  const std::lock_guard lock(shard.mutex);
  if (shard.forgotten != ticket) return;
  if (shard.known.size() >= shard_limit_ && !shard.known.contains(facts.id)) shard.known.erase(shard.known.begin());
  shard.known.insert_or_assign(
      facts.id, Known{facts.birth_date, facts.guardians.front(), {facts.guardians.begin() + 1, facts.guardians.end()}});
}

void AttendeeCache::forget(const base::AttendeeId& id) {
  Shard& shard = shards_[index(id)];
  const std::lock_guard lock(shard.mutex);
  ++shard.forgotten;
  shard.known.erase(id);
}

}  // namespace zl::app
