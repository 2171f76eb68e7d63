// The ledger's statements on activity_seats and bookings as text, and its rows as values.
//
// Locks are taken in one order everywhere, each by id: users, attendees, activity_seats, bookings. Whoever inserts or
// cancels a booking holds its activity's row in activity_seats; whoever holds that row knows all bookings of the
// activity.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/booking_ledger.hpp"
#include "store/mysql/batch_plan.hpp"
#include "store/mysql/rows.hpp"

namespace zl::mysql {

/// In the order that booking_row() reads.
inline constexpr std::string_view booking_columns =
    "id, state, activity_id, programme_id, party_id, user_id, created_at, cancelled_at, arrival, decided_at, opens_at, "
    "remaining, grant_number";

domain::Booking booking_row(const Row& row);
domain::GrantNumber booking_row_grant(const Row& row);

/// `SELECT booking_columns FROM bookings`, with what follows.
std::string select_bookings(std::string_view rest);

/// By primary key, in the order of ids, which is the order of the locks.
std::string lock_users(const std::vector<base::UserId>& ids);

/// The same; those who were deleted are not among the rows.
std::string lock_attendees(const std::vector<base::AttendeeId>& ids);

/// activity_id, capacity, seats_taken, fence, open; locked by primary key in the order of ids.
std::string lock_seats(const std::vector<base::ActivityId>& ids);

/// Takes the seats of a batch in one statement, by primary key in the order of ids. It changes a row per activity, and
/// fewer where an activity is closed, has too few seats, or is fenced: then the transaction is to be rolled back. A
/// second run takes them twice.
std::string take_seats(const std::vector<SeatDemand>& demands);

/// Gives seats back; likewise.
std::string return_seats(const std::vector<SeatDemand>& demands);

/// One row per accepted item. 1062 on the primary key or on bookings_once where a row exists.
std::string insert_bookings(const std::vector<app::LedgerItem>& items, const std::vector<std::size_t>& accepted);

/// programme_id, id, activity_id, party_id, user_id of the active bookings that the attendees hold, by bookings_party,
/// and those that the users made, by bookings_user; each once. Locks nothing.
std::string select_held(const std::vector<base::ProgrammeId>& programmes,
                        const std::vector<base::AttendeeId>& attendees, const std::vector<base::UserId>& users);

/// Marks bookings as cancelled, each at its time; by primary key. A second run changes nothing.
struct Cancellation {
  base::BookingId id;
  base::Instant at;
};
std::string cancel_bookings(const std::vector<Cancellation>& cancellations);

}  // namespace zl::mysql
