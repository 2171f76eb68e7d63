// When the database was last reached, by whichever session: what one has learnt ends the pauses of all.
#pragma once

#include <atomic>
#include <limits>

#include "base/clock.hpp"

namespace zl::mysql {

/// Thread-safe. Shared by all sessions of one database.
class Reached {
 public:
  void note(base::SteadyTime now) { last_.store(now.time_since_epoch().count(), std::memory_order_relaxed); }

  bool since(base::SteadyTime moment) const {
    return last_.load(std::memory_order_relaxed) > moment.time_since_epoch().count();
  }

 private:
  std::atomic<base::SteadyTime::rep> last_ = std::numeric_limits<base::SteadyTime::rep>::min();
};

}  // namespace zl::mysql
