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

/// Little's law with what batches lately took. The writer's lanes say when they begin and end one, under the writer's
/// mutex; places() is callable from any thread. Never fewer than four batches: one that is committed, one whose callers
/// hear of it, one in the queue and one at the gate, or the writer would wait for items where a batch takes longer than
/// the target.
class QueueLimit {
 public:
  static constexpr std::size_t least_batches = 4;

  QueueLimit(std::chrono::milliseconds target, std::size_t batch_items, std::size_t most)
      : target_(target), batch_items_(batch_items), most_(most), least_(std::min(most, least_batches * batch_items)) {}

  void begin(base::SteadyTime now) {
    if (at_work_++ == 0) stands_since_ns_.store(ns(now.time_since_epoch()), std::memory_order_relaxed);
  }

  /// Of batches that overlap, each counts from the end of the one before it: that is what the queue waits for. A batch
  /// counts a quarter: one that was held up does not close the queue for long.
  void end(base::SteadyTime began, base::SteadyTime now) {
    const std::int64_t took_ns = ns(now - std::max(began, ended_));
    ended_ = now;
    const std::int64_t before_ns = batch_ns_.load(std::memory_order_relaxed);
    batch_ns_.store(before_ns == 0 ? took_ns : before_ns + (took_ns - before_ns) / 4, std::memory_order_relaxed);
    const std::int64_t since_ns = --at_work_ == 0 ? 0 : ns(now.time_since_epoch());
    stands_since_ns_.store(since_ns, std::memory_order_relaxed);
  }

  std::size_t places(base::SteadyTime now) const {
    const std::int64_t since_ns = stands_since_ns_.load(std::memory_order_relaxed);
    // No batch has ended for longer than anybody should wait: what batches took before says nothing now.
    if (since_ns != 0 && ns(now.time_since_epoch()) - since_ns > ns(target_)) return least_;
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
  int at_work_ = 0;                                ///< batches; under the writer's mutex, like the next
  base::SteadyTime ended_;                         ///< when the last one did
  std::atomic<std::int64_t> stands_since_ns_ = 0;  ///< since when batches are at work and none has ended; 0: none is
  std::atomic<std::int64_t> batch_ns_ = 0;         ///< what a batch takes lately
};

}  // namespace zl::mysql
