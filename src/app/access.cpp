#include "app/access.hpp"

namespace zl::app {

bool reaches(const Claims& claims, const Catalogue& catalogue, const base::StationId& station) {
  if (!claims.role) return false;
  if (*claims.role == domain::Role::town_admin) return true;
  if (*claims.role == domain::Role::auditor && !claims.station) return true;
  return claims.station && catalogue.within(station, *claims.station);
}

bool reaches(const Claims& claims, const Catalogue& catalogue, const base::ProgrammeId& programme) {
  const ProgrammeEntry* entry = catalogue.programme(programme);
  return entry != nullptr && reaches(claims, catalogue, entry->programme->station_id);
}

bool reaches(const Claims& claims, const Catalogue& catalogue, const base::ActivityId& activity) {
  const ActivityEntry* entry = catalogue.activity(activity);
  return entry != nullptr && reaches(claims, catalogue, entry->programme->station_id);
}

}  // namespace zl::app
