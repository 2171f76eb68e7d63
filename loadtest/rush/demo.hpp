// The demo programme (config/demo), compiled in: fourteen activities, three hundred seats.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "rush/model.hpp"

namespace zl::rush {

/// The demo programme as it will be, ids still empty: its day 1 is the Monday after next seen from `now`.
Programme demo_programme(Instant now);

/// Body of POST /admin/stations for the station of the programme; its name is what identifies it.
boost::json::object demo_station_body();

/// Body of POST /admin/programmes.
boost::json::object demo_programme_body(const Programme& programme, const std::string& station_id, Instant opens_at);

/// Bodies of POST /admin/activities, in the order of the programme's activities.
std::vector<boost::json::object> demo_activity_bodies(const Programme& programme);

}  // namespace zl::rush
