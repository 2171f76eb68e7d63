// Token buckets per user and per address, in memory, before any I/O.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace zl::http {

/// A rate in requests: `per_s` on average, `burst` at once.
struct Rate {
  double per_s = 10;
  double burst = 20;
};

/// One bucket a key, as its theoretical arrival time (the virtual-scheduling form of the generic cell rate algorithm,
/// ITU-T I.371). Lock-striped by hash of the key. Full buckets are forgotten; where a shard is full of others, one of
/// the fullest is: it had asked for little, and every key is still held to its rate from then on.
class RateLimit {
 public:
  RateLimit(Rate rate, std::size_t keys)
      : interval_ns_(1e9 / rate.per_s), burst_(rate.burst), shard_limit_(std::max<std::size_t>(keys / shards, 1)) {}

  /// 0 where the request may go on, else the seconds (at least 1) until it would.
  int take(std::string_view key, int cost, base::SteadyTime now);

 private:
  static constexpr std::size_t shards = 64;

  /// Flat, so that a key costs one look into memory: open addressing, a power of two of slots, at most three quarters
  /// of them used.
  struct Slot {
    std::uint64_t hash = 0;  ///< 0 where the slot is free
    std::int64_t arrival_ns = 0;
  };
  struct alignas(64) Shard {
    std::mutex mutex;
    std::vector<Slot> slots;  ///< under mutex
    std::size_t used = 0;     ///< under mutex
    /// Under mutex: where it is full, looking for full buckets before would be for nothing.
    std::int64_t next_search_ns = 0;
  };

  /// The key's slot, or the free one where it would go; `slots` is not empty.
  static Slot& slot_of(std::vector<Slot>& slots, std::uint64_t hash);
  /// Forgets full buckets and makes room for as many again as there are others.
  static void rebuild(Shard& shard, std::int64_t now_ns);
  /// Forgets the fullest of the buckets that stand behind the hash's place.
  static void forget_one(Shard& shard, std::uint64_t hash);
  static void erase(std::vector<Slot>& slots, std::size_t index);
  void add(Shard& shard, std::uint64_t hash, std::int64_t arrival_ns, std::int64_t now_ns) const;

  const double interval_ns_;
  const double burst_;
  const std::size_t shard_limit_;
  std::array<Shard, shards> shards_;
};

}  // namespace zl::http
