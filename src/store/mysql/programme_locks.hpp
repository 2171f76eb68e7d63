// The locks that changes of a programme and of its activities take, in one order everywhere: the programme's row, then
// the seats of its activities by id. The programme's row stands for its activities: whoever changes one holds it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/id.hpp"
#include "store/mysql/write.hpp"

namespace zl::mysql {

/// Locks the programme's row and gives its epoch; nothing where there is none.
std::optional<std::uint64_t> lock_programme(Write& write, const base::ProgrammeId& id);

struct LockedSeats {
  base::ActivityId activity_id;
  int seats_taken = 0;
};

/// Locks the seats of all activities of a programme, which stops the writers of bookings until the transaction ends.
std::vector<LockedSeats> lock_programme_seats(Write& write, const base::ProgrammeId& id);

/// Makes the programme's epoch `epoch + 1` and fences every grant of the epochs before. The programme's row and its
/// seats are locked.
void fence_programme(Write& write, const base::ProgrammeId& id, std::uint64_t epoch);

}  // namespace zl::mysql
