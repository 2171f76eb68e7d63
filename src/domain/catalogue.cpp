#include "domain/catalogue.hpp"

#include <algorithm>

namespace zl::domain {

base::Instant Activity::last_end() const {
  return std::ranges::max_element(sessions, {}, [](const Session& s) { return s.time.ends_at; })->time.ends_at;
}

std::vector<Interval> Activity::intervals() const {
  std::vector<Interval> all;
  all.reserve(sessions.size());
  for (const Session& session : sessions) all.push_back(session.time);
  return all;
}

base::Instant booking_ends_at(const Programme& programme, const Activity& activity) {
  return std::min(programme.closes_at, activity.first_start());
}

base::Instant cancel_until(const Programme& programme, const Activity& activity) {
  return activity.first_start() - std::chrono::hours(programme.rules.cancel_hours);
}

Timetable timetable_of(const Programme& programme, const Activity& activity) {
  return {activity.publication, programme.opens_at, booking_ends_at(programme, activity), activity.last_end()};
}

PublicState public_state(const Timetable& times, std::optional<int> remaining, base::Instant now) {
  if (times.publication == Publication::cancelled) return PublicState::cancelled;
  if (now >= times.last_end) return PublicState::finished;
  if (now >= times.booking_ends_at) return PublicState::closed;
  if (now < times.opens_at) return PublicState::scheduled;
  return remaining && *remaining <= 0 ? PublicState::full : PublicState::open;
}

PublicState public_state(const Programme& programme, const Activity& activity, std::optional<int> remaining,
                         base::Instant now) {
  return public_state(timetable_of(programme, activity), remaining, now);
}

}  // namespace zl::domain
