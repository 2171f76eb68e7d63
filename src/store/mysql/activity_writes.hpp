// What administrators change of activities, each in the caller's transaction with its audit row and its row of the
// change feed. Outcomes are those of app::CatalogueStore.
#pragma once

#include <cstdint>
#include <string>

#include "app/catalogue_store.hpp"
#include "base/outcome.hpp"
#include "base/time.hpp"
#include "domain/catalogue.hpp"
#include "store/mysql/write.hpp"

namespace zl::mysql {

/// Refused{not_found} for an unknown programme, Refused{invalid_state} for one that is full of activities.
base::Outcome<domain::Activity> insert_activity(Write& write, const domain::Activity& activity,
                                                const app::Actor& actor);

/// Changes texts, ages, capacity and sessions; Refused{invalid_request} for another programme. Sessions are matched by
/// id: those that are left out go, unknown ones are new. Where they meet may change at any time; what they are and when
/// they meet, like ages, only while nobody is booked, and Refused{invalid_state} where a session that goes has
/// check-ins.
base::Outcome<domain::Activity> update_activity(Write& write, const domain::Activity& wanted,
                                                std::uint64_t expected_version, const app::Actor& actor);

base::Outcome<domain::Activity> publish_activity(Write& write, const base::ActivityId& id, const app::Actor& actor);

base::Outcome<domain::Activity> cancel_activity(Write& write, const base::ActivityId& id, const std::string& reason,
                                                const app::Actor& actor, base::Instant now);

}  // namespace zl::mysql
