// What is made from a value that never changes: by whoever needs it first, then kept beside it.
#pragma once

#include <atomic>
#include <memory>

namespace zl::base {

/// Thread-safe. What was made belongs to the value that it stands in: a copy of that begins without.
template <class T>
class Memo {
 public:
  Memo() = default;
  Memo(const Memo& /*other*/) {}
  Memo& operator=(const Memo&) = delete;
  ~Memo() { delete made_.load(std::memory_order_relaxed); }

  /// Valid as long as the memo. Where several threads come first at once each makes its own, and one of them is kept.
  template <class Make>
  const T& get(Make make) const {
    const T* known = made_.load(std::memory_order_acquire);
    if (known != nullptr) return *known;
    auto mine = std::make_unique<const T>(make());
    if (!made_.compare_exchange_strong(known, mine.get(), std::memory_order_acq_rel)) return *known;
    return *mine.release();
  }

 private:
  mutable std::atomic<const T*> made_ = nullptr;
};

}  // namespace zl::base
