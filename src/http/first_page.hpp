// The list that a town reads before a rush: the first page of one programme's activities.
#pragma once

#include <string>

#include "app/catalogue.hpp"
#include "base/clock.hpp"
#include "base/time.hpp"

namespace zl::http {

/// `{items, next_cursor}` as the list of activities shows it for this programme and no other filter, with seats and
/// states as this process knows them at `now` by the gate's clock. Every activity on it is touched.
std::string first_page(const app::ProgrammeEntry& programme, base::Instant now, base::SteadyTime steady_now,
                       int offset_minutes);

}  // namespace zl::http
