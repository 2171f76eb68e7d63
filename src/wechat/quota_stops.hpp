// Which of the platform's calls have used up their quota, and until when nothing is sent to them.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace zl::wechat {

/// Until 00:00 of the platform's next day, which is counted at +08:00 wherever the town is.
base::Milliseconds until_next_day(base::Instant now);

/// Until the next minute, and up to ten seconds more, so that a fleet doesn't come back as one.
base::Milliseconds until_next_minute(base::Instant now, base::Random& random);

/// Thread-safe. `call` is a path of the program's own, so there are few.
class QuotaStops {
 public:
  QuotaStops(const base::Clock& clock, base::Random& random) : clock_(clock), random_(random) {}

  void stop_for_minute(std::string_view call);
  void stop_for_day(std::string_view call);

  /// What is left of the wait; 0 where the call may be made.
  base::Milliseconds wait_of(std::string_view call);

 private:
  void stop(std::string_view call, base::Milliseconds wait);

  const base::Clock& clock_;
  base::Random& random_;
  std::mutex mutex_;
  std::map<std::string, base::SteadyTime, std::less<>> until_;  ///< under mutex_
};

}  // namespace zl::wechat
