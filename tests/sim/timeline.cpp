#include "sim/timeline.hpp"

#include <algorithm>

namespace zl::sim {

Timeline::Timeline(const Setting& setting, const MysqlSim& mysql, const RedisSim& redis)
    : setting_(setting), mysql_(mysql), redis_(redis) {
  observe();
}

void Timeline::observe() {
  const std::int64_t now_us = setting_.schedule.now_us();
  const test::GateModel::Programme* gate = redis_.standing(mysql_.programme().id);
  const std::vector<domain::Booking>& rows = mysql_.ledger().bookings();
  counted_.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool at_gate = gate != nullptr && redis_.gates().hold(rows[i].programme_id, rows[i].id) != nullptr;
    counted_[i].note(domain::is_active(rows[i].state) || at_gate, now_us);
  }
  for (const base::ActivityId& id : mysql_.activity_ids()) observe_activity(id, gate);
  opens_at_.note(mysql_.programme().opens_at, now_us);
  clock_error_ms_.note((redis_.now() - start_of_run).count() - setting_.now_ms(), now_us);
}

void Timeline::observe_activity(const base::ActivityId& id, const test::GateModel::Programme* gate) {
  const std::int64_t now_us = setting_.schedule.now_us();
  const domain::Activity& content = mysql_.ledger().activity(id).content;
  Activity& of = activities_[id];
  of.capacity.note(content.capacity, now_us);
  of.cancelled.note(content.publication == domain::Publication::cancelled, now_us);
  std::optional<int> at_gate;
  if (gate != nullptr && gate->activities.contains(id)) at_gate = gate->activities.at(id).setting.capacity;
  // A gate that has another capacity than the station ever gave is no reason.
  const auto same = [&at_gate](const auto& span) { return span.value == at_gate; };
  if (std::ranges::none_of(of.capacity.spans(), same)) at_gate.reset();
  of.capacity_at_gate.note(at_gate, now_us);
}

std::vector<std::int64_t> Timeline::rises(const Window& time) const {
  std::vector<std::int64_t> moments{time.from_us};
  for (const Course<bool>& course : counted_) {
    for (const auto& span : course.spans()) {
      const std::int64_t start_us = span.time.from_us;
      if (span.value && start_us > time.from_us && start_us <= time.until_us) moments.push_back(start_us);
    }
  }
  return moments;
}

int Timeline::count_at(std::int64_t moment_us, const Which& which) const {
  const Window moment{moment_us, moment_us};
  int count = 0;
  for (std::size_t i = 0; i < counted_.size(); ++i) {
    if (!which(mysql_.ledger().bookings()[i])) continue;
    if (counted_[i].was(true, moment)) ++count;
  }
  return count;
}

int Timeline::most(const Which& which, const Window& time) const {
  int most = 0;
  for (const std::int64_t moment : rises(time)) most = std::max(most, count_at(moment, which));
  return most;
}

int Timeline::least_capacity_at(std::int64_t moment_us, const Activity& activity) const {
  const Window moment{moment_us, moment_us};
  int least = std::ranges::min(activity.capacity.during(moment));
  for (const std::optional<int>& at_gate : activity.capacity_at_gate.during(moment)) {
    if (at_gate) least = std::min(least, *at_gate);
  }
  return least;
}

bool Timeline::was_full(const base::ActivityId& id, const Which& which, const Window& time) const {
  const Activity& activity = activities_.at(id);
  std::vector<std::int64_t> moments = rises(time);
  const auto add_changes = [&](const auto& course) {
    for (const auto& span : course.spans()) {
      const std::int64_t start_us = span.time.from_us;
      if (start_us > time.from_us && start_us <= time.until_us) moments.push_back(start_us);
    }
  };
  add_changes(activity.capacity);
  add_changes(activity.capacity_at_gate);
  return std::ranges::any_of(
      moments, [&](std::int64_t moment) { return count_at(moment, which) >= least_capacity_at(moment, activity); });
}

bool Timeline::was_cancelled(const base::ActivityId& activity, const Window& time) const {
  return activities_.at(activity).cancelled.was(true, time);
}

base::Instant Timeline::latest_opening(std::int64_t until_us) const {
  return std::ranges::max(opens_at_.during({0, until_us}));
}

std::int64_t Timeline::least_clock_error_ms(const Window& time) const {
  return std::ranges::min(clock_error_ms_.during(time));
}

std::int64_t Timeline::most_clock_error_ms(const Window& time) const {
  return std::ranges::max(clock_error_ms_.during(time));
}

}  // namespace zl::sim
