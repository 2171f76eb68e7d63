// Roles × stations.
#include "app/access.hpp"

#include <gtest/gtest.h>

#include "support/samples.hpp"

namespace zl::app {
namespace {

using domain::Role;
using test::id_of;

constexpr std::uint64_t station = 1;
constexpr std::uint64_t point = 2;  // of station 1
constexpr std::uint64_t other_station = 3;
constexpr std::uint64_t other_point = 4;  // of station 3
constexpr std::uint64_t unknown = 99;

/// Programme and activity n stand at station n.
Catalogue town() {
  CatalogueContent content;
  for (const auto& [number, parent] :
       std::vector<std::pair<std::uint64_t, std::uint64_t>>{{1, 0}, {2, 1}, {3, 0}, {4, 3}}) {
    domain::Station made;
    made.id = id_of<base::StationId>(number);
    made.name = std::to_string(number);
    if (parent != 0) made.parent_id = id_of<base::StationId>(parent);
    content.stations.push_back(made);
    domain::Programme programme = test::sample_programme();
    programme.id = id_of<base::ProgrammeId>(number);
    programme.station_id = made.id;
    content.programmes.push_back(programme);
    domain::Activity activity = test::sample_activity(number, 10);
    activity.programme_id = programme.id;
    content.activities.push_back(activity);
  }
  return Catalogue(content);
}

Claims claims(std::optional<Role> role, std::optional<std::uint64_t> at) {
  Claims made;
  made.role = role;
  if (at) made.station = id_of<base::StationId>(*at);
  return made;
}

struct Case {
  const char* who;
  Claims claims;
  std::uint64_t where;
  bool expected;
};

TEST(Access, follows_the_table_of_roles_and_stations) {
  const Catalogue catalogue = town();
  for (const Case& c : {
           Case{"town admin at a station", claims(Role::town_admin, {}), station, true},
           Case{"town admin at a point", claims(Role::town_admin, {}), other_point, true},
           Case{"town auditor at a station", claims(Role::auditor, {}), station, true},
           Case{"town auditor at a point", claims(Role::auditor, {}), point, true},
           Case{"station auditor at home", claims(Role::auditor, station), station, true},
           Case{"station auditor elsewhere", claims(Role::auditor, station), other_station, false},
           Case{"station admin at home", claims(Role::station_admin, station), station, true},
           Case{"station admin at its point", claims(Role::station_admin, station), point, true},
           Case{"station admin elsewhere", claims(Role::station_admin, station), other_station, false},
           Case{"station admin at another's point", claims(Role::station_admin, station), other_point, false},
           Case{"point's admin at the point", claims(Role::station_admin, point), point, true},
           Case{"point's admin at its station", claims(Role::station_admin, point), station, false},
           Case{"staff at home", claims(Role::staff, station), station, true},
           Case{"staff at its point", claims(Role::staff, station), point, true},
           Case{"staff elsewhere", claims(Role::staff, station), other_station, false},
           Case{"staff without a station", claims(Role::staff, {}), station, false},
           Case{"station admin without a station", claims(Role::station_admin, {}), station, false},
           Case{"a user", claims({}, {}), station, false},
           Case{"a user with a station", claims({}, station), station, false},
       }) {
    EXPECT_EQ(reaches(c.claims, catalogue, id_of<base::StationId>(c.where)), c.expected) << c.who;
    EXPECT_EQ(reaches(c.claims, catalogue, id_of<base::ProgrammeId>(c.where)), c.expected) << c.who;
    EXPECT_EQ(reaches(c.claims, catalogue, id_of<base::ActivityId>(c.where)), c.expected) << c.who;
  }
}

TEST(Access, reaches_no_unknown_programmes_and_activities) {
  const Catalogue catalogue = town();
  EXPECT_FALSE(reaches(claims(Role::town_admin, {}), catalogue, id_of<base::ProgrammeId>(unknown)));
  EXPECT_FALSE(reaches(claims(Role::town_admin, {}), catalogue, id_of<base::ActivityId>(unknown)));
  EXPECT_FALSE(reaches(claims(Role::staff, station), catalogue, id_of<base::StationId>(unknown)));
}

}  // namespace
}  // namespace zl::app
