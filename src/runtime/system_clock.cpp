#include "runtime/system_clock.hpp"

#include <chrono>

namespace zl::runtime {

base::Instant SystemClock::wall_now() const {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::floor<base::Milliseconds>(since_epoch).count()};
}

base::SteadyTime SystemClock::steady_now() const {
  return std::chrono::steady_clock::now();
}

}  // namespace zl::runtime
