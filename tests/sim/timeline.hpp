// What both stores counted at every moment of a run, noted by the judge after each of their changes. A booking counts
// from its commit until neither the ledger nor the gate that stands has it; an end and a beginning of one moment are
// both true in it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "sim/mysql_sim.hpp"
#include "sim/redis_sim.hpp"

namespace zl::sim {

/// A time of the run, both ends included.
struct Window {
  std::int64_t from_us = 0;
  std::int64_t until_us = 0;

  bool meets(const Window& other) const { return from_us <= other.until_us && other.from_us <= until_us; }
};

/// What one value was, and when.
template <class T>
class Course {
 public:
  struct Span {
    T value;
    Window time;
  };

  void note(T value, std::int64_t now_us) {
    if (!spans_.empty()) {
      if (spans_.back().value == value) return;
      spans_.back().time.until_us = now_us;
    }
    spans_.push_back({value, {now_us, std::numeric_limits<std::int64_t>::max()}});
  }

  std::vector<T> during(const Window& time) const {
    std::vector<T> values;
    for (const Span& span : spans_) {
      if (span.time.meets(time)) values.push_back(span.value);
    }
    return values;
  }

  bool was(const T& value, const Window& time) const {
    return std::ranges::any_of(spans_, [&](const Span& span) { return span.value == value && span.time.meets(time); });
  }

  const std::vector<Span>& spans() const { return spans_; }

 private:
  std::vector<Span> spans_;
};

class Timeline {
 public:
  using Which = std::function<bool(const domain::Booking&)>;

  Timeline(const Setting& setting, const MysqlSim& mysql, const RedisSim& redis);

  void observe();

  /// How many of these bookings counted at the fullest moment.
  int most(const Which& which, const Window& time) const;
  /// Whether at some moment as many of these counted as the activity had seats, by the ledger or by the gate.
  bool was_full(const base::ActivityId& id, const Which& which, const Window& time) const;
  bool was_cancelled(const base::ActivityId& activity, const Window& time) const;
  /// The latest of the openings that the ledger had by then.
  base::Instant latest_opening(std::int64_t until_us) const;
  /// How far Redis' clock was ahead.
  std::int64_t least_clock_error_ms(const Window& time) const;
  std::int64_t most_clock_error_ms(const Window& time) const;

 private:
  struct Activity {
    Course<int> capacity;
    Course<std::optional<int>> capacity_at_gate;
    Course<bool> cancelled;
  };

  void observe_activity(const base::ActivityId& id, const test::GateModel::Programme* gate);
  int count_at(std::int64_t moment_us, const Which& which) const;
  int least_capacity_at(std::int64_t moment_us, const Activity& activity) const;
  /// When more bookings counted than just before.
  std::vector<std::int64_t> rises(const Window& time) const;

  const Setting& setting_;
  const MysqlSim& mysql_;
  const RedisSim& redis_;
  std::vector<Course<bool>> counted_;  ///< by the ledger's rows
  std::map<base::ActivityId, Activity> activities_;
  Course<base::Instant> opens_at_;
  Course<std::int64_t> clock_error_ms_;
};

}  // namespace zl::sim
