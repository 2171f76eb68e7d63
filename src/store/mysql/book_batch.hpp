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
/// First an optimistic run, in two packets. The first locks the programmes' guards and the seats, and reads what caps
/// and overlap rules look at, where the memory doesn't know; the second takes the seats, inserts the rows and commits.
/// Where an item would be refused by that, or a row says no (an id or a seat holder that exists, an attendee who was
/// deleted), the transaction is rolled back and a second one classifies: under the same locks it reads all that exists
/// as well, decides each item in the order of the grants and commits the rest. An old session whose COMMIT went
/// unanswered holds those locks until it has ended, so that its rows are seen here. Where even that is rejected the
/// items go one by one.
std::vector<BookAnswer> book_batch(BatchRunner& runner, HeldMemory& memory, std::vector<app::LedgerItem> items);

}  // namespace zl::mysql
