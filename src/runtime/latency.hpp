// Measures how long a stage takes.
#pragma once

#include <chrono>

#include "base/clock.hpp"
#include "runtime/metrics.hpp"

namespace zl::runtime {

/// Observes the time from its making to its end, once. The clock and the histogram outlive it.
class [[nodiscard]] StageTimer {
 public:
  StageTimer(Histogram& histogram, const base::Clock& clock)
      : histogram_(histogram), clock_(clock), started_(clock.steady_now()) {}
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;
  ~StageTimer() { stop(); }

  /// Ends the stage before the destructor does.
  void stop() {
    if (stopped_) return;
    stopped_ = true;
    histogram_.observe(std::chrono::duration<double>(clock_.steady_now() - started_).count());
  }

 private:
  Histogram& histogram_;
  const base::Clock& clock_;
  const base::SteadyTime started_;
  bool stopped_ = false;
};

}  // namespace zl::runtime
