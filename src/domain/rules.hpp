// The rules of a programme and of an activity, and every way in which a wish to book can break them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/id.hpp"
#include "base/time.hpp"

namespace zl::domain {

/// One set of rules for all activities of a programme. A null cap is no cap.
struct Rules {
  std::optional<int> max_per_attendee;  ///< bookings one attendee may hold in the programme
  std::optional<int> max_per_user;      ///< bookings one user (family) may hold in the programme
  bool forbid_overlap = false;          ///< an attendee's booked sessions may not overlap in time
  int cancel_hours = 0;                 ///< cancelling ends this long before the first session starts

  bool operator==(const Rules&) const = default;

  /// Whether a decision has to look at what the attendee and the user hold already.
  bool look_at_other_bookings() const { return max_per_attendee || max_per_user || forbid_overlap; }
};

/// A half-open interval of time, [starts_at, ends_at).
struct Interval {
  base::Instant starts_at;
  base::Instant ends_at;

  bool operator==(const Interval&) const = default;
};

bool overlap(const Interval& a, const Interval& b);
bool any_overlap(const std::vector<Interval>& a, const std::vector<Interval>& b);

}  // namespace zl::domain
