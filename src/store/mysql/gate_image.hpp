// What the ledger does for the gate's sake: fences, and the image that a lost gate is rebuilt from.
#pragma once

#include <vector>

#include "app/booking_ledger.hpp"
#include "store/mysql/write.hpp"

namespace zl::mysql {

/// Raises each activity's fence to its newest hold; a writer that comes later with one of them is refused. Locks
/// activity_seats by id. Then tells which holds have an active booking: whoever inserts one holds those locks, so none
/// is on its way. A second run finds the fences there.
std::vector<app::FencedHold> fence_holds(Write& write, const std::vector<app::ExpiredHold>& holds);

/// Counts the programme's epoch up and fences all grants so far, under locks on the programme and its seats, so that
/// nothing commits between the fence and the reading. A second run makes a further epoch.
base::Outcome<app::GateImage> rebuild_image(Write& write, const base::ProgrammeId& programme_id);

/// The active bookings that a condition on `bookings` names.
std::vector<app::GateBooking> gate_bookings(const Rows& rows);

/// In the order that gate_bookings() reads. Indexes activity_seats_programme and bookings_activity; locks
/// nothing.
inline constexpr std::string_view select_programme_bookings =
    "SELECT b.id, b.activity_id, b.party_id, b.user_id FROM activity_seats s JOIN bookings b FORCE INDEX "
    "(bookings_activity) ON b.activity_id = s.activity_id WHERE s.programme_id = ? AND b.active = 1 ORDER BY b.id";
/// The same by index bookings_activity, which gives the order.
inline constexpr std::string_view select_activity_bookings =
    "SELECT id, activity_id, party_id, user_id FROM bookings FORCE INDEX (bookings_activity) "
    "WHERE activity_id = ? AND active = 1 ORDER BY id";

}  // namespace zl::mysql
