// The group commit of bookings: one transaction for a whole batch, and the way down to single items when one spoils it.
#pragma once

#include <vector>

#include "app/booking_ledger.hpp"
#include "store/mysql/batch_plan.hpp"
#include "store/mysql/batch_runner.hpp"

namespace zl::mysql {

/// The answers to a batch, in the order of its items; they are final.
///
/// First an optimistic run: users and attendees are locked and the rules decided where there are caps or overlap rules,
/// the seats are taken by one guarded UPDATE, the rows inserted. Where a row says no to that (an activity without
/// enough seats, fenced or closed; an id or a seat holder that exists) the transaction is rolled back and a second one
/// classifies: it locks the seats, reads what exists, decides each item in the order of the grants and commits the
/// rest. An old session whose COMMIT went unanswered holds those locks until it has ended, so that its rows are seen
/// here. Where even that is rejected the items go one by one.
std::vector<BookAnswer> book_batch(BatchRunner& runner, std::vector<app::LedgerItem> items);

}  // namespace zl::mysql
