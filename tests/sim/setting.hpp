// What all parts of one run share: time, chance, and the faults that are on.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/clock.hpp"
#include "sim/chance.hpp"
#include "sim/plan.hpp"
#include "sim/record.hpp"
#include "sim/schedule.hpp"
#include "support/samples.hpp"

namespace zl::sim {

/// When a run starts, by a clock that is right.
inline constexpr base::Instant start_of_run = test::opening;

struct Setting {
  Setting(std::uint64_t seed, Bug planted, bool keep_text)
      : plan(draw_plan(seed)), bug(planted), chance(seed ^ 0x5EEDU), trace(schedule, keep_text), faults(plan.faults) {}

  const Plan plan;
  const Bug bug;
  Schedule schedule;
  Chance chance;
  Coverage seen;
  Trace trace;
  Faults faults;  ///< none once the run heals

  bool stores_changed = false;                     ///< since the judge last looked
  int late_commits = 0;                            ///< on their way, with nobody who waits for them
  std::function<void(Owner)> kill = [](Owner) {};  ///< ends a server process at once

  std::int64_t now_ms() const { return schedule.now_us() / 1000; }

  /// How long something takes on its way, in one direction.
  std::int64_t delay_us() {
    if (chance.permille(faults.very_slow)) return chance.between(300'000, 4'000'000);
    if (chance.permille(faults.slow)) return chance.between(1500, 300'000);
    return chance.between(50, 1500);
  }

  /// True where the process ends here. Calls that only look are many, and rarely the interesting ones.
  bool crash_point(Owner owner, std::string_view point, std::string_view call) {
    constexpr std::array<std::string_view, 5> looks{"gate.seats", "gate.time", "gate.holders", "lease.hold",
                                                    "feed.since"};
    if (!schedule.alive(owner)) return false;
    const int rarer = std::ranges::find(looks, call) == looks.end() ? 1 : 10;
    const bool anywhere = chance.permille(faults.crash_at_call) && chance.number(1, rarer) == 1;
    const bool here = call == faults.crash_step && (point == "crash after") == faults.crash_after_step;
    if (!anywhere && !(here && chance.percent(40))) return false;
    seen.add(point, call);
    trace.note(owner, call, point);
    kill(owner);
    return true;
  }
};

/// A host's clocks: steady time runs with the run's, the wall clock may be wrong.
class HostClock final : public base::Clock {
 public:
  HostClock(const Schedule& schedule, std::int64_t wall_error_ms)
      : schedule_(schedule), wall_error_ms_(wall_error_ms) {}

  base::Instant wall_now() const override {
    return {start_of_run.unix_ms + schedule_.now_us() / 1000 + wall_error_ms_};
  }
  base::SteadyTime steady_now() const override {
    return base::SteadyTime(std::chrono::hours(1) + std::chrono::microseconds(schedule_.now_us()));
  }

 private:
  const Schedule& schedule_;
  const std::int64_t wall_error_ms_;
};

}  // namespace zl::sim
