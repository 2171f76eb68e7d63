// Whom there was no room for: when they come again with the same key, they go before those who come for the first time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "base/clock.hpp"
#include "base/id.hpp"

namespace zl::app {

/// Bounded and lock-free; where two meet in a slot the later stays, and the other only loses its turn. Callable on any
/// loop.
class TurnedAway {
 public:
  /// 8 bytes for each of `slots`, at least 1.
  explicit TurnedAway(std::size_t slots)
      : slot_count_(slots), slots_(std::make_unique<std::atomic<std::uint64_t>[]>(slots)) {}

  /// Who comes back sooner than told (Retry-After is a second at least) has no turn yet.
  static constexpr std::chrono::milliseconds shortest_wait{900};
  static constexpr std::chrono::milliseconds longest_wait{60'000};

  void add(const base::BookingId& id, base::SteadyTime now) {
    std::atomic<std::uint64_t>& slot = slots_[slot_of(id)];
    const std::uint64_t known = slot.load(std::memory_order_relaxed);
    // The moment of the first time stays: hammering gets nobody ahead, and nobody behind.
    if (names(known, id) && age_ms(known, now) < static_cast<std::uint32_t>(longest_wait.count())) return;
    slot.store(std::uint64_t{mark_of(id)} << 32U | ms(now), std::memory_order_relaxed);
  }

  /// True where it was turned away and has waited.
  bool has_waited(const base::BookingId& id, base::SteadyTime now) const {
    const std::uint64_t known = slots_[slot_of(id)].load(std::memory_order_relaxed);
    if (!names(known, id)) return false;
    const std::uint32_t age = age_ms(known, now);
    return age >= static_cast<std::uint32_t>(shortest_wait.count()) &&
           age < static_cast<std::uint32_t>(longest_wait.count());
  }

 private:
  // Ids are an HMAC, so their bytes are a hash already.
  static std::uint64_t word(const base::BookingId& id) {
    std::uint64_t value = 0;
    std::memcpy(&value, id.bytes.data(), sizeof value);
    return value;
  }
  std::size_t slot_of(const base::BookingId& id) const { return word(id) % slot_count_; }
  /// Never 0, which is an empty slot.
  static std::uint32_t mark_of(const base::BookingId& id) { return static_cast<std::uint32_t>(word(id) >> 32U) | 1U; }
  static bool names(std::uint64_t slot, const base::BookingId& id) { return slot >> 32U == mark_of(id); }
  /// Of this process, in 49 days once round.
  static std::uint32_t ms(base::SteadyTime now) {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  }
  static std::uint32_t age_ms(std::uint64_t slot, base::SteadyTime now) {
    return ms(now) - static_cast<std::uint32_t>(slot);
  }

  const std::size_t slot_count_;
  const std::unique_ptr<std::atomic<std::uint64_t>[]> slots_;
};

}  // namespace zl::app
