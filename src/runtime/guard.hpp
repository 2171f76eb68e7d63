// Counting what is bounded: a place is a move-only guard that gives itself back, so that it cannot be forgotten.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace zl::runtime {

class BoundedCount;

/// One place taken from a BoundedCount, given back by the destructor. Without assignment: it would drop a place unseen.
class [[nodiscard]] CountGuard {
 public:
  CountGuard(CountGuard&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  CountGuard& operator=(CountGuard&&) = delete;
  CountGuard(const CountGuard&) = delete;
  CountGuard& operator=(const CountGuard&) = delete;
  ~CountGuard();

 private:
  friend class BoundedCount;
  explicit CountGuard(BoundedCount& count) : count_(&count) {}

  BoundedCount* count_;
};

/// At most `limit` places at a time. Lock-free, usable from any thread; it must outlive its guards.
class BoundedCount {
 public:
  explicit BoundedCount(std::size_t limit) : limit_(limit) {}
  BoundedCount(const BoundedCount&) = delete;
  BoundedCount& operator=(const BoundedCount&) = delete;

  /// A place, or nothing where all are taken.
  std::optional<CountGuard> try_take() {
    std::size_t taken = taken_.load(std::memory_order_relaxed);
    while (taken < limit_) {
      if (taken_.compare_exchange_weak(taken, taken + 1, std::memory_order_acq_rel)) return CountGuard(*this);
    }
    return std::nullopt;
  }

  std::size_t value() const { return taken_.load(std::memory_order_acquire); }
  std::size_t limit() const { return limit_; }

 private:
  friend class CountGuard;
  void give_back() { taken_.fetch_sub(1, std::memory_order_acq_rel); }

  const std::size_t limit_;
  std::atomic<std::size_t> taken_ = 0;
};

inline CountGuard::~CountGuard() {
  if (count_ != nullptr) count_->give_back();
}

}  // namespace zl::runtime
