// The group commit of bookings: one transaction for a whole batch, and the way down to single items when one spoils it.
#pragma once

#include <vector>

#include "app/booking_ledger.hpp"
#include "store/mysql/batch_plan.hpp"
#include "store/mysql/batch_runner.hpp"
#include "store/mysql/held_memory.hpp"

namespace zl::mysql {

/// The answers to a batch, in the order of its items; they are final.
///
/// A writer that remembers all that is held decides beforehand, and sends one packet: it inserts the rows, claims the
/// programmes' guards and the seats, and commits. A claim fails where anything is not as the decision took it to be:
/// somebody else has booked in the programme (held_memory.hpp), an activity is closed, fenced or full.
///
/// Where it does not remember enough, or that was refused, two packets: the first inserts the rows, then locks the
/// guards and the seats, and reads what caps and overlap rules look at; the second takes the seats and commits. Nothing
/// is decided by what was seen before the locks. Inserting first, in both, keeps the locks that everybody wants for the
/// claims, the decision and the COMMIT alone, so that most of a batch's work is done while the one before it commits.
///
/// Where an item would be refused, or a row says no (an id or a seat holder that exists, an attendee who was deleted),
/// the transaction is rolled back and another one classifies: it begins with the same locks, reads all that exists as
/// well, decides each item in the order of the grants, and inserts and commits the rest. An old session whose COMMIT
/// went unanswered holds those locks until it has ended, so that its rows are seen here. Where even that is rejected
/// the items go one by one.
std::vector<BookAnswer> book_batch(BatchRunner& runner, SharedHeldMemory& memory, std::vector<app::LedgerItem> items);

}  // namespace zl::mysql
