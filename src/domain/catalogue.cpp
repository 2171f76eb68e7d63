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

PublicState public_state(const Programme& programme, const Activity& activity, std::optional<int> remaining,
                         base::Instant now) {
  if (activity.publication == Publication::cancelled) return PublicState::cancelled;
  if (now >= activity.last_end()) return PublicState::finished;
  if (now >= booking_ends_at(programme, activity)) return PublicState::closed;
  if (now < programme.opens_at) return PublicState::scheduled;
  return remaining && *remaining <= 0 ? PublicState::full : PublicState::open;
}

}  // namespace zl::domain
