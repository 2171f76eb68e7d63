// What only an operator can mend: logged, counted, and kept for `zhonglou wechat check`.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "runtime/metrics.hpp"

namespace zl::wechat {

struct Alarm {
  std::string call;  ///< the path that was called
  int errcode = 0;
  std::string rid;  ///< of the last time, for the platform's support
  base::Instant last_at;
  std::uint64_t times = 0;
};

/// Thread-safe. One alarm for each call and code; the log gets each at most once in ten minutes.
class Alarms {
 public:
  Alarms(const base::Clock& clock, runtime::Metrics& metrics);

  void raise(std::string_view call, int errcode, std::string_view rid);

  std::vector<Alarm> raised() const;

 private:
  struct Kept {
    Alarm alarm;
    base::SteadyTime logged_at;
  };

  const base::Clock& clock_;
  runtime::Counter& counter_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, Kept> kept_;  ///< under mutex_
};

}  // namespace zl::wechat
