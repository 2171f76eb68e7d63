// What a group commit decides, without a database: which grants of a batch become bookings, given what is committed.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "app/booking_ledger.hpp"
#include "base/id.hpp"
#include "base/outcome.hpp"
#include "domain/booking.hpp"
#include "domain/decision.hpp"

namespace zl::mysql {

using BookAnswer = base::Outcome<app::LedgerAnswer>;

/// A row of activity_seats.
struct SeatsRow {
  int capacity = 0;
  int seats_taken = 0;
  domain::GrantNumber fence;
  bool open = false;
};

/// An active booking that a rule may count.
struct HeldRow {
  base::ProgrammeId programme_id;
  domain::HeldBooking held;
};

/// What was read in the transaction. It stays true until the end of it: the rows it rests on are locked, or the insert
/// would fail.
struct BatchFacts {
  /// Rows of the batch's own ids, whatever their state.
  std::unordered_map<base::BookingId, domain::Booking> existing;
  std::unordered_map<base::BookingId, domain::GrantNumber> existing_grants;

  /// Active bookings of the batch's attendees and users in its programmes; each at most once.
  std::vector<HeldRow> held;

  /// Attendees who are gone: deleted since the gate was asked. None where a foreign key is to tell.
  std::vector<base::AttendeeId> gone;

  /// The seats of the batch's activities; none where there is no such activity.
  std::unordered_map<base::ActivityId, SeatsRow> seats;
};

/// Seats that a batch takes from one activity.
struct SeatDemand {
  base::ActivityId activity_id;
  int seats = 0;
  domain::GrantNumber oldest;  ///< of the grants that take them: a fence must be below it
};

struct BatchDecision {
  /// In the order of the items. They hold once the transaction has ended as `accepted` says.
  std::vector<BookAnswer> answers;
  /// Indexes of the items to insert; empty: there is nothing to commit.
  std::vector<std::size_t> accepted;
};

/// True where two items have the same id, or the same activity and attendee: then who comes first has to be looked at.
bool has_rivals(const std::vector<app::LedgerItem>& items);

/// Decides the items in the order given, each counting what the ones before it take.
BatchDecision decide(const std::vector<app::LedgerItem>& items, const BatchFacts& facts);

/// The seats of the accepted items, by activity, in the order of their ids.
std::vector<SeatDemand> seat_demands(const std::vector<app::LedgerItem>& items,
                                     const std::vector<std::size_t>& accepted);

/// The booking that an accepted item becomes. Its time is the gate's: `decided_at`.
domain::Booking booking_of(const app::LedgerItem& item);

}  // namespace zl::mysql
