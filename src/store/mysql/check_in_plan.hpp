// What a group commit of check-ins decides, without a database: which of a batch's items become rows, given what is
// committed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "app/attendance_store.hpp"
#include "base/id.hpp"
#include "base/outcome.hpp"
#include "base/time.hpp"
#include "domain/booking.hpp"

namespace zl::mysql {

using CheckInAnswer = base::Outcome<app::CheckInResult>;

/// A row of bookings, locked.
struct BookedRow {
  base::ActivityId activity_id;
  domain::BookingState state = domain::BookingState::confirmed;
  base::AttendeeId attendee_id;
};

/// Whom a booking is for.
struct AttendeeRow {
  std::string name;
  base::Date birth_date{};
};

/// A row of check_ins.
struct CheckInRow {
  base::CheckInId id;
  base::BookingId booking_id;
  base::SessionId session_id;
  bool active = false;
  base::Instant at;
};

/// What was read in the transaction. It stays true until the end of it: whoever adds a check-in holds its booking.
struct CheckInFacts {
  std::unordered_map<base::BookingId, BookedRow> bookings;
  std::unordered_map<base::AttendeeId, AttendeeRow> attendees;
  /// The active check-ins of the bookings to the batch's sessions, and those with the batch's ids; a row may come
  /// twice.
  std::vector<CheckInRow> check_ins;
  /// The batch's sessions that exist; nothing where the foreign key is to guard them.
  std::optional<std::unordered_set<base::SessionId>> sessions;
  /// A COMMIT of this batch went unanswered: a row with an item's id and instant is this very call's.
  bool in_doubt = false;
};

struct CheckInPlan {
  /// In the order of the items. They hold once the transaction has ended as `made` says.
  std::vector<CheckInAnswer> answers;
  /// Indexes of the items to insert; empty: there is nothing to commit.
  std::vector<std::size_t> made;
};

/// Decides the items in the order given, each seeing what the ones before it make.
CheckInPlan plan_check_ins(const std::vector<app::CheckInItem>& items, const CheckInFacts& facts);

}  // namespace zl::mysql
