// What administrators change of stations and programmes, each in the caller's transaction with its audit row and its
// row of the change feed. Outcomes are those of app::CatalogueStore.
#pragma once

#include <cstdint>

#include "app/catalogue_store.hpp"
#include "base/outcome.hpp"
#include "domain/catalogue.hpp"
#include "store/mysql/write.hpp"

namespace zl::mysql {

/// Refused{not_found} for an unknown parent, Refused{invalid_request} for one that is a service point itself.
base::Outcome<domain::Station> insert_station(Write& write, const domain::Station& station, const app::Actor& actor);
/// Changes name and area; Refused{invalid_request} for another parent.
base::Outcome<domain::Station> update_station(Write& write, const domain::Station& wanted,
                                              std::uint64_t expected_version, const app::Actor& actor);

base::Outcome<domain::Programme> insert_programme(Write& write, const domain::Programme& programme,
                                                  const app::Actor& actor);
/// Changes title, times and rules; Refused{invalid_request} for another station.
base::Outcome<domain::Programme> update_programme(Write& write, const domain::Programme& wanted,
                                                  std::uint64_t expected_version, const app::Actor& actor);

}  // namespace zl::mysql
