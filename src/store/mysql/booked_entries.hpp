// What the audit row of a group commit tells of its bookings: a line for each, in the order of the grants.
//
// One row for all of them, because a row for each costs as much as the bookings do. It is also what the messages about
// new bookings are written from, so that they need nothing more in the transaction (outbox.hpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.hpp"

namespace zl::mysql {

inline constexpr std::string_view booked_action = "booking.create";

/// A booking, and who made it from where.
struct BookedEntry {
  base::BookingId booking_id;
  base::ActivityId activity_id;
  base::AttendeeId attendee_id;
  base::UserId user_id;    ///< the actor as well
  std::string address;     ///< without a space; may be empty
  std::string request_id;  ///< without a line's end
};

/// Adds a line: the four ids in hex, "@" and the address, the request's id; a space between two.
void append_line(std::string& detail, const BookedEntry& entry);

/// The entries of a detail, one for each line; nothing for a line that is none of ours.
std::vector<std::optional<BookedEntry>> read_booked(std::string_view detail);

}  // namespace zl::mysql
