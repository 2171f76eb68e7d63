// The rule decision: what a wish breaks, given what is known. Pure, so that memory, ledger and tests decide alike.
#pragma once

#include <vector>

#include "base/id.hpp"
#include "base/time.hpp"
#include "domain/catalogue.hpp"
#include "domain/violation.hpp"

namespace zl::domain {

/// Time: closed and not_open. `now` is by the gate's clock.
void check_time(const Programme& programme, const Activity& activity, base::Instant now, std::vector<Violation>& out);

/// Eligibility by age in completed years on the civil day of the first session.
void check_age(const Activity& activity, base::Date birth_date, int offset_minutes, std::vector<Violation>& out);

/// An active booking of the attendee or the user in the programme.
struct HeldBooking {
  base::BookingId id;
  base::ActivityId activity_id;
  base::AttendeeId attendee_id;
  base::UserId user_id;
};

/// Two activities of which no attendee may hold both, as seen from one of them.
using OverlapSet = std::vector<base::ActivityId>;

/// Duplicate, child's cap, family's cap and overlap, by what the attendee and the user hold in the programme.
/// `overlapping` are the activities that meet at the time of the wished one.
void check_held(const Rules& rules, const OverlapSet& overlapping, base::ActivityId activity_id,
                base::AttendeeId attendee_id, base::UserId user_id, const std::vector<HeldBooking>& held,
                std::vector<Violation>& out);

/// The activities among `others` that meet at a time when `activity` does; the activity itself is left out.
OverlapSet overlapping_activities(const Activity& activity, const std::vector<const Activity*>& others);

}  // namespace zl::domain
