#include "store/mysql/catalogue_rows.hpp"

#include <unordered_map>
#include <utility>

#include "runtime/log.hpp"

namespace zl::mysql {

std::vector<domain::Station> stations_of(const Rows& rows) {
  std::vector<domain::Station> stations;
  stations.reserve(rows.size());
  for (const Row row : rows) {
    domain::Station station;
    station.id = row.id<base::StationId>(0);
    station.parent_id = row.maybe_id<base::StationId>(1);
    station.name = row.text(2);
    station.area = row.text(3);
    station.version = row.u64(4);
    stations.push_back(std::move(station));
  }
  return stations;
}

std::vector<domain::Programme> programmes_of(const Rows& rows) {
  std::vector<domain::Programme> programmes;
  programmes.reserve(rows.size());
  for (const Row row : rows) {
    domain::Programme programme;
    programme.id = row.id<base::ProgrammeId>(0);
    programme.station_id = row.id<base::StationId>(1);
    programme.title = row.text(2);
    programme.opens_at = row.instant(3);
    programme.closes_at = row.instant(4);
    programme.rules = {row.maybe_integer(5), row.maybe_integer(6), row.flag(7), row.integer(8)};
    programme.version = row.u64(9);
    programmes.push_back(std::move(programme));
  }
  return programmes;
}

std::vector<domain::Activity> activities_of(const Rows& rows) {
  std::vector<domain::Activity> activities;
  activities.reserve(rows.size());
  for (const Row row : rows) {
    domain::Activity activity;
    activity.id = row.id<base::ActivityId>(0);
    activity.programme_id = row.id<base::ProgrammeId>(1);
    activity.kind = row.as<domain::Kind>(2);
    activity.title = row.text(3);
    activity.description = row.text(4);
    activity.age_min = row.integer(5);
    activity.age_max = row.integer(6);
    activity.capacity = row.integer(7);
    activity.publication = row.as<domain::Publication>(8);
    activity.cancel_reason = row.text(9);
    activity.version = row.u64(10);
    activity.seats_taken = row.integer(11);
    activities.push_back(std::move(activity));
  }
  return activities;
}

std::vector<base::ActivityId> ids_of(const std::vector<domain::Activity>& activities) {
  std::vector<base::ActivityId> ids;
  ids.reserve(activities.size());
  for (const domain::Activity& activity : activities) ids.push_back(activity.id);
  return ids;
}

void add_sessions(std::vector<domain::Activity>& activities, const Rows& rows) {
  std::unordered_map<base::ActivityId, domain::Activity*> by_id;
  by_id.reserve(activities.size());
  for (domain::Activity& activity : activities) by_id.emplace(activity.id, &activity);
  for (const Row row : rows) {
    const auto found = by_id.find(row.id<base::ActivityId>(0));
    if (found == by_id.end()) continue;
    found->second->sessions.push_back({row.id<base::SessionId>(1), {row.instant(2), row.instant(3)}, row.text(4)});
  }
  std::erase_if(activities, [](const domain::Activity& activity) {
    if (!activity.sessions.empty()) return false;
    runtime::log::error("activity_without_sessions", {{"activity_id", activity.id.hex()}});
    return true;
  });
}

}  // namespace zl::mysql
