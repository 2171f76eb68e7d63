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
/// First an optimistic run, in two packets. The first inserts the rows, then locks the programmes' guards and the
/// seats, and reads what caps and overlap rules look at, where the memory doesn't know; the second takes the seats and
/// commits. Inserting first keeps the locks that everybody wants for the decision and the COMMIT alone, so that most of
/// a batch's work is done while the one before it commits. Nothing is decided by what was seen before the locks. Where
/// an item would be refused by that, or a row says no (an id or a seat holder that exists, an attendee who was
/// deleted), the transaction is rolled back and a second one classifies: it begins with the same locks, reads all that
/// exists as well, decides each item in the order of the grants, and inserts and commits the rest. An old session whose
/// COMMIT went unanswered holds those locks until it has ended, so that its rows are seen here. Where even that is
/// rejected the items go one by one.
std::vector<BookAnswer> book_batch(BatchRunner& runner, SharedHeldMemory& memory, std::vector<app::LedgerItem> items);

}  // namespace zl::mysql
