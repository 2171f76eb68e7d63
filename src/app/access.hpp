// Who may do what at which station. Checked for every staff call, from the token alone.
#pragma once

#include "app/catalogue.hpp"
#include "app/tokens.hpp"
#include "base/outcome.hpp"

namespace zl::app {

/// Whether a staff token reaches a station: town-wide roles reach all, others theirs and its points.
bool reaches(const Claims& claims, const Catalogue& catalogue, const base::StationId& station);

/// The same for the station of a programme or an activity; false where it is unknown.
bool reaches(const Claims& claims, const Catalogue& catalogue, const base::ProgrammeId& programme);
bool reaches(const Claims& claims, const Catalogue& catalogue, const base::ActivityId& activity);

}  // namespace zl::app
