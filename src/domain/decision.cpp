#include "domain/decision.hpp"

#include <algorithm>

namespace zl::domain {

void check_time(const Programme& programme, const Activity& activity, base::Instant now, std::vector<Violation>& out) {
  const base::Instant end = booking_ends_at(programme, activity);
  if (now >= end) {
    out.emplace_back(Closed{end});
  } else if (now < programme.opens_at) {
    out.emplace_back(NotOpen{programme.opens_at});
  }
}

void check_age(const Activity& activity, base::Date birth_date, int offset_minutes, std::vector<Violation>& out) {
  const int age = base::age_on(birth_date, base::civil_day(activity.first_start(), offset_minutes));
  if (age < activity.age_min || age > activity.age_max) {
    out.emplace_back(Ineligible{age, activity.age_min, activity.age_max});
  }
}

namespace {

void check_cap(CapScope scope, std::optional<int> limit, std::ptrdiff_t used, std::vector<Violation>& out) {
  if (limit && used >= *limit) out.emplace_back(LimitReached{scope, *limit, static_cast<int>(used), false});
}

}  // namespace

void check_held(const Rules& rules, const OverlapSet& overlapping, base::ActivityId activity_id,
                base::AttendeeId attendee_id, base::UserId user_id, const std::vector<HeldBooking>& held,
                std::vector<Violation>& out) {
  const auto of_attendee = [attendee_id](const HeldBooking& h) { return h.attendee_id == attendee_id; };
  const auto same =
      std::ranges::find_if(held, [&](const HeldBooking& h) { return of_attendee(h) && h.activity_id == activity_id; });
  if (same != held.end()) out.emplace_back(AlreadyBooked{same->id, false});

  check_cap(CapScope::attendee, rules.max_per_attendee, std::ranges::count_if(held, of_attendee), out);
  check_cap(CapScope::user, rules.max_per_user,
            std::ranges::count_if(held, [user_id](const HeldBooking& h) { return h.user_id == user_id; }), out);

  if (!rules.forbid_overlap) return;
  for (const HeldBooking& h : held) {
    if (of_attendee(h) && std::ranges::find(overlapping, h.activity_id) != overlapping.end()) {
      out.emplace_back(Overlaps{h.activity_id, false});
    }
  }
}

OverlapSet overlapping_activities(const Activity& activity, const std::vector<const Activity*>& others) {
  OverlapSet set;
  const std::vector<Interval> mine = activity.intervals();
  for (const Activity* other : others) {
    if (other->id != activity.id && any_overlap(mine, other->intervals())) set.push_back(other->id);
  }
  return set;
}

}  // namespace zl::domain
