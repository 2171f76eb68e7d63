// The group commit of check-ins: one transaction for a whole batch.
#pragma once

#include <vector>

#include "app/attendance_store.hpp"
#include "store/mysql/batch_runner.hpp"
#include "store/mysql/check_in_plan.hpp"

namespace zl::mysql {

/// The answers in the order of the items; they are final.
///
/// One transaction: the bookings are locked in the order of their ids, their check-ins read, the new ones inserted with
/// their audit rows. Whoever adds a check-in holds its booking, so only an id that another booking's check-in takes in
/// that moment, or a session that was taken out of its activity, spoils the batch: then it is rolled back and run again
/// with the sessions looked at, and where even that is rejected the items go one by one. An old session whose COMMIT
/// went unanswered holds the bookings until it has ended, so that its rows are seen here.
std::vector<CheckInAnswer> check_in_batch(BatchRunner& runner, const std::vector<app::CheckInItem>& items);

}  // namespace zl::mysql
