// A broken rule with what the client needs to understand it. A refusal carries all that were known where it was
// decided.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/code.hpp"
#include "base/id.hpp"
#include "base/time.hpp"

namespace zl::domain {

struct Closed {
  base::Instant closed_at;
};
struct NotOpen {
  base::Instant opens_at;
};
struct Ineligible {
  int age = 0;  ///< completed years on the day of the first session
  int age_min = 0;
  int age_max = 0;
};
struct AlreadyBooked {
  std::optional<base::BookingId> booking_id;
  bool provisional = false;
};
enum class CapScope { attendee = 1, user };
struct LimitReached {
  CapScope scope = CapScope::attendee;
  int limit = 0;
  int used = 0;
  bool provisional = false;
};
struct Overlaps {
  base::ActivityId activity_id;  ///< one that the attendee holds and that meets at the same time
  bool provisional = false;
};
struct SoldOut {
  std::optional<base::Instant> sold_out_at;
  bool provisional = false;  ///< some of the seats are holds that may come back
};

using Violation = std::variant<Closed, NotOpen, Ineligible, AlreadyBooked, LimitReached, Overlaps, SoldOut>;

base::Code code_of(const Violation& violation);

/// True where the violation rests only on somebody's uncommitted hold, so that trying again soon makes sense.
bool is_provisional(const Violation& violation);

/// The code that heads the problem: the first of closed, not_open, ineligible, already_booked, limit_reached, overlaps,
/// sold_out. `violations` is not empty.
base::Code top_code(const std::vector<Violation>& violations);

/// Sorts by the same order, so that clients see the weightiest first.
void sort_by_weight(std::vector<Violation>& violations);

}  // namespace zl::domain
