// What a booking has to know of attendees.
#pragma once

#include <unordered_map>
#include <vector>

#include "app/people_store.hpp"
#include "store/mysql/connection.hpp"

namespace zl::mysql {

/// Of those of the attendees that are there. Locks nothing.
std::unordered_map<base::AttendeeId, app::AttendeeFacts> read_facts(Connection& connection,
                                                                    const std::vector<base::AttendeeId>& ids);

}  // namespace zl::mysql
