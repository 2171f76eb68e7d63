// A booking, its receipt and its grant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/time.hpp"
#include "domain/violation.hpp"

namespace zl::domain {

enum class BookingState { confirmed = 1, waitlisted, offered, cancelled };

/// The gate's number for one grant: epoch · 2^40 + arrival. Later grants of a programme have higher numbers, and a
/// fence compares against it.
struct GrantNumber {
  std::uint64_t value = 0;

  auto operator<=>(const GrantNumber&) const = default;

  static constexpr int arrival_bits = 40;
  static GrantNumber of(std::uint64_t epoch, std::uint64_t arrival) { return {(epoch << arrival_bits) + arrival}; }
  std::uint64_t epoch() const { return value >> arrival_bits; }
  std::uint64_t arrival() const { return value & ((std::uint64_t{1} << arrival_bits) - 1); }
};

/// What each request is told about how it was decided. All instants are by the gate's clock.
struct Receipt {
  std::optional<std::uint64_t>
      arrival;  ///< place among the decisions of the programme's gate; null where memory answered
  base::Instant decided_at;
  base::Instant opens_at;
  std::optional<int> remaining;  ///< seats of the activity left after this decision, where known
};

/// What a client wants.
struct BookingWish {
  base::BookingId id;
  base::ActivityId activity_id;
  base::ProgrammeId programme_id;
  base::AttendeeId attendee_id;
  base::UserId user_id;
};

struct Booking {
  base::BookingId id;
  BookingState state = BookingState::confirmed;
  base::ActivityId activity_id;
  base::ProgrammeId programme_id;
  base::AttendeeId attendee_id;  ///< the party that holds it
  base::UserId user_id;          ///< who pressed the button
  base::Instant created_at;
  std::optional<base::Instant> cancelled_at;
  Receipt receipt;
};

/// A wish that was refused for its rules.
struct Refusal {
  std::vector<Violation> violations;  ///< never empty, weightiest first
  Receipt receipt;
};

/// A booking counts against quota lines while it is active.
inline bool is_active(BookingState state) {
  return state != BookingState::cancelled;
}

}  // namespace zl::domain
