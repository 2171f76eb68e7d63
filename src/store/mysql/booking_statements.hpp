// The ledger's statements on activity_seats and bookings as text, and its rows as values.
//
// Locks are taken in one order everywhere, each by id: programme_guards, activity_seats, bookings. Rows that a writer
// inserts before it takes the first two are an exception that nobody meets: they are new, and who holds guards or seats
// looks for bookings without locking, or by ids that are committed. (Two writers with the same booking may: then one of
// them is rolled back and runs again.) Whoever inserts or
// cancels a booking holds its activity's row in activity_seats; whoever holds that row knows all bookings of the
// activity. Caps and overlap rules look at several activities, all of one programme: whoever inserts a booking holds
// its programme's guard as well, so that no other comes between the reading and the insert. (A cancellation may: then
// the decision was too strict for a moment, never too generous.)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/booking_ledger.hpp"
#include "store/mysql/audit_trail.hpp"
#include "store/mysql/batch_plan.hpp"
#include "store/mysql/held_memory.hpp"
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

/// Locks the guards of programmes and counts them up, by primary key in the order of ids; makes those that there aren't
/// yet. The mark stays.
std::string lock_guards(const std::vector<base::ProgrammeId>& ids);

/// The same, and leaves a mark.
std::string lock_guards(const std::vector<base::ProgrammeId>& ids, const MemoryMark& mark);

/// Leaves a mark at guards that are locked; by primary key. A second run changes nothing.
std::string mark_guards(const std::vector<base::ProgrammeId>& ids, const MemoryMark& mark);

/// Locks guards and counts up those that carry the mark expected, likewise; where one carries another, the CHECK
/// constraint refuses the statement. The rows exist: each has carried its mark. A second run counts twice.
struct ExpectedMark {
  base::ProgrammeId programme_id;
  MemoryMark mark;
};
std::string claim_guards(const std::vector<ExpectedMark>& expected);

/// programme_id, commits, this transaction's included, and mark; by primary key.
std::string select_guards(const std::vector<base::ProgrammeId>& ids);

/// By primary key; those who were deleted are not among the rows. Locks nothing.
std::string select_attendees(const std::vector<base::AttendeeId>& ids);

/// activity_id, capacity, seats_taken, fence, open; locked by primary key in the order of ids.
std::string lock_seats(const std::vector<base::ActivityId>& ids);

/// Takes the seats of a batch in one statement, by primary key in the order of ids. The rows are locked, and were read;
/// were there too few seats all the same, the CHECK constraint would say so. A second run takes them twice.
std::string take_seats(const std::vector<SeatDemand>& demands);

/// Locks the seats and takes them, likewise, and nobody has looked at them before: where an activity is not open, is
/// fenced or has too few seats, the CHECK constraint refuses the statement. The rows exist.
std::string claim_seats(const std::vector<SeatDemand>& demands);

/// Gives seats back; as take_seats().
std::string return_seats(const std::vector<SeatDemand>& demands);

/// One row per accepted item. 1062 on the primary key or on bookings_once where a row exists; 1452 where the attendee
/// was deleted: the attendee's entry in attendees_living is locked, shared. `told_by` is the audit row that names them.
std::string insert_bookings(const std::vector<app::LedgerItem>& items, const std::vector<std::size_t>& accepted,
                            const AuditHead& told_by);

/// programme_id, id, activity_id, party_id, user_id of the active bookings that the attendees hold, by bookings_once,
/// and those that the users made, by bookings_user; twice those that are both. Locks nothing.
std::string select_held(const std::vector<base::ProgrammeId>& programmes,
                        const std::vector<base::AttendeeId>& attendees, const std::vector<base::UserId>& users);

/// The same columns of all active bookings of a programme, by activity_seats_programme and bookings_activity, so many
/// at most. Locks nothing.
std::string select_programme_held(const base::ProgrammeId& id, std::size_t limit);

/// Marks bookings as cancelled, each at its time; by primary key. A second run changes nothing.
struct Cancellation {
  base::BookingId id;
  base::Instant at;
};
std::string cancel_bookings(const std::vector<Cancellation>& cancellations);

}  // namespace zl::mysql
