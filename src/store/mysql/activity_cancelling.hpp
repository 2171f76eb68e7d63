// The steps by which an activity and all its bookings are cancelled in one transaction.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/id.hpp"
#include "base/time.hpp"
#include "store/mysql/write.hpp"

namespace zl::mysql {

/// Marks the activity as cancelled and locks its seats, none of them taken and none to be taken any more.
void close_activity(Write& write, const base::ActivityId& id, std::string_view reason);

/// Cancels the active bookings of a closed activity, each with its message; how many there were.
std::uint64_t cancel_all_bookings(Write& write, const base::ActivityId& id, base::Instant now);

}  // namespace zl::mysql
