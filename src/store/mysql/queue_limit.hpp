// How many items may be in a writer's queue, so that the last of them is answered within a target time. Pure: time is
// passed in.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"

namespace zl::mysql {

/// Little's law with what batches lately took. The writer says when it begins and ends one; places() is callable from
/// any thread. Never fewer than four batches: one that is committed, one whose callers hear of it, one in the queue and
/// one at the gate, or the writer would wait for items where a batch takes longer than the target.
class QueueLimit {
 public:
  static constexpr std::size_t least_batches = 4;

  QueueLimit(std::chrono::milliseconds target, std::size_t batch_items, std::size_t most)
      : target_(target), batch_items_(batch_items), most_(most), least_(std::min(most, least_batches * batch_items)) {}

  void begin(base::SteadyTime now) { begun_ns_.store(ns(now.time_since_epoch()), std::memory_order_relaxed); }

  /// A batch counts a quarter: one that was held up does not close the queue for long.
  void end(base::SteadyTime now) {
    const std::int64_t took_ns = ns(now.time_since_epoch()) - begun_ns_.exchange(0, std::memory_order_relaxed);
    const std::int64_t before_ns = batch_ns_.load(std::memory_order_relaxed);
    batch_ns_.store(before_ns == 0 ? took_ns : before_ns + (took_ns - before_ns) / 4, std::memory_order_relaxed);
  }

  std::size_t places(base::SteadyTime now) const {
    const std::int64_t begun_ns = begun_ns_.load(std::memory_order_relaxed);
    // The batch at work has taken longer than anybody should wait: what batches took before says nothing now.
    if (begun_ns != 0 && ns(now.time_since_epoch()) - begun_ns > ns(target_)) return least_;
    return places();
  }

  /// The same without regard to the batch at work.
  std::size_t places() const {
    const std::int64_t batch_ns = std::max<std::int64_t>(batch_ns_.load(std::memory_order_relaxed), 1);
    const double batches = static_cast<double>(ns(target_)) / static_cast<double>(batch_ns);
    const double items = std::min(batches * static_cast<double>(batch_items_), static_cast<double>(most_));
    return std::max(least_, static_cast<std::size_t>(items));
  }

 private:
  static std::int64_t ns(std::chrono::nanoseconds time) { return time.count(); }

  const std::chrono::nanoseconds target_;
  const std::size_t batch_items_;
  const std::size_t most_;
  const std::size_t least_;
  std::atomic<std::int64_t> begun_ns_ = 0;  ///< when the batch at work began; 0 between batches
  std::atomic<std::int64_t> batch_ns_ = 0;  ///< what a batch takes lately
};

}  // namespace zl::mysql
