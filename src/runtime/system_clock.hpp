// The real clock.
#pragma once

#include "base/clock.hpp"

namespace zl::runtime {

class SystemClock final : public base::Clock {
 public:
  base::Instant wall_now() const override;
  base::SteadyTime steady_now() const override;
};

}  // namespace zl::runtime
