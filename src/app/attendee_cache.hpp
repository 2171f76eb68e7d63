// Bounded memory of whose child an attendee is and when it was born, so that the rush asks no store for it.
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "app/people_store.hpp"

namespace zl::app {

/// Thread-safe, sharded by id. When a shard is full something in it makes room: a miss only costs a read.
class AttendeeCache {
 public:
  /// Holds about `limit` attendees, roughly 150 bytes each.
  explicit AttendeeCache(std::size_t limit) : shard_limit_(limit / shards + 1) {}

  /// When the attendee was born, where it is known here as this user's. Nothing says nothing: ask the store.
  std::optional<base::Date> birth_date(const base::AttendeeId& id, const base::UserId& guardian) const;

  /// What the state of a shard was before facts were read, so that facts read before a change are not kept after it.
  using Ticket = std::uint64_t;
  Ticket ticket(const base::AttendeeId& id) const;

  /// Keeps facts read since `ticket`, unless something of the shard was forgotten meanwhile or nobody is a
  /// guardian.
  void keep(const AttendeeFacts& facts, Ticket ticket);

  /// The attendee changed somewhere.
  void forget(const base::AttendeeId& id);

 private:
  static constexpr std::size_t shards = 64;
  /// Most children have one guardian, who then needs no second look into memory.
  struct Known {
    base::Date birth_date{};
    base::UserId guardian;
    std::vector<base::UserId> other_guardians;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<base::AttendeeId, Known> known;  ///< under mutex
    std::uint64_t forgotten = 0;                        ///< under mutex
  };

  static std::size_t index(const base::AttendeeId& id) { return id.bytes[0] % shards; }

  const std::size_t shard_limit_;
  std::array<Shard, shards> shards_;
};

}  // namespace zl::app
