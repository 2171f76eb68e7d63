// How long to wait before the next attempt to connect.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/random.hpp"
#include "base/time.hpp"

namespace zl::redis {

/// Doubles from `min` to `max`; half of each pause is drawn, so that links that fell together don't come back together.
class Backoff {
 public:
  /// 0 < min <= max.
  Backoff(base::Milliseconds min, base::Milliseconds max) : min_(min), max_(max), next_(min) {}

  base::Milliseconds next(base::Random& random) {
    const base::Milliseconds half = next_ / 2;
    const auto drawn = random.below(static_cast<std::uint64_t>((next_ - half).count()) + 1);
    next_ = std::min(next_ * 2, max_);
    return half + base::Milliseconds(static_cast<std::int64_t>(drawn));
  }

  void reset() { next_ = min_; }

 private:
  base::Milliseconds min_;
  base::Milliseconds max_;
  base::Milliseconds next_;
};

}  // namespace zl::redis
