// Reading stations, programmes and activities: the statements, and the way from rows to values. A source is a
// Connection, a Transaction or a Write.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "app/catalogue_store.hpp"
#include "base/id.hpp"
#include "domain/catalogue.hpp"
#include "store/mysql/rows.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {

// None of these locks; each scans the table or goes by the primary key unless it says otherwise.
inline constexpr std::string_view select_stations =
    "SELECT id, parent_id, name, area, version FROM stations ORDER BY id";
inline constexpr std::string_view select_station =
    "SELECT id, parent_id, name, area, version FROM stations WHERE id = ?";
inline constexpr std::string_view select_programmes =
    "SELECT id, station_id, title, opens_at, closes_at, max_per_attendee, max_per_user, forbid_overlap, cancel_hours, "
    "version FROM programmes ORDER BY id";
inline constexpr std::string_view select_programme =
    "SELECT id, station_id, title, opens_at, closes_at, max_per_attendee, max_per_user, forbid_overlap, cancel_hours, "
    "version FROM programmes WHERE id = ?";
inline constexpr std::string_view select_activities =
    "SELECT a.id, a.programme_id, a.kind, a.title, a.description, a.age_min, a.age_max, s.capacity, a.publication, "
    "a.cancel_reason, a.version, s.seats_taken FROM activities a JOIN activity_seats s ON s.activity_id = a.id ORDER "
    "BY a.id";
// Index activities_programme.
inline constexpr std::string_view select_activities_of_programme =
    "SELECT a.id, a.programme_id, a.kind, a.title, a.description, a.age_min, a.age_max, s.capacity, a.publication, "
    "a.cancel_reason, a.version, s.seats_taken FROM activities a JOIN activity_seats s ON s.activity_id = a.id "
    "WHERE a.programme_id = ? ORDER BY a.id";
inline constexpr std::string_view select_activity =
    "SELECT a.id, a.programme_id, a.kind, a.title, a.description, a.age_min, a.age_max, s.capacity, a.publication, "
    "a.cancel_reason, a.version, s.seats_taken FROM activities a JOIN activity_seats s ON s.activity_id = a.id WHERE "
    "a.id = ?";
inline constexpr std::string_view select_sessions =
    "SELECT activity_id, id, starts_at, ends_at, venue FROM sessions ORDER BY activity_id, starts_at, id";
// Index sessions_activity, which gives the order too.
inline constexpr std::string_view select_sessions_of =
    "SELECT activity_id, id, starts_at, ends_at, venue FROM sessions WHERE activity_id IN (?) "
    "ORDER BY activity_id, starts_at, id";

std::vector<domain::Station> stations_of(const Rows& rows);
std::vector<domain::Programme> programmes_of(const Rows& rows);
std::vector<domain::Activity> activities_of(const Rows& rows);
std::vector<base::ActivityId> ids_of(const std::vector<domain::Activity>& activities);
/// Gives each activity its sessions; those of other activities are left out. So is, after a line in the log, an
/// activity that has none: only damage makes one, and it shall not keep the others from being served.
void add_sessions(std::vector<domain::Activity>& activities, const Rows& rows);

template <class T>
std::optional<T> first_of(std::vector<T> found) {
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

template <class Source>
std::optional<domain::Station> find_station(Source& source, const base::StationId& id) {
  return first_of(stations_of(source.query(sql(select_station, id))));
}

template <class Source>
std::optional<domain::Programme> find_programme(Source& source, const base::ProgrammeId& id) {
  return first_of(programmes_of(source.query(sql(select_programme, id))));
}

template <class Source>
std::optional<domain::Activity> find_activity(Source& source, const base::ActivityId& id) {
  std::vector<domain::Activity> found = activities_of(source.query(sql(select_activity, id)));
  add_sessions(found, source.query(sql(select_sessions_of, id)));
  return first_of(std::move(found));
}

template <class Source>
std::optional<app::ProgrammeContent> find_programme_content(Source& source, const base::ProgrammeId& id) {
  std::optional<domain::Programme> programme = find_programme(source, id);
  if (!programme) return std::nullopt;
  std::vector<domain::Activity> activities = activities_of(source.query(sql(select_activities_of_programme, id)));
  add_sessions(activities, source.query(sql(select_sessions_of, ids_of(activities))));
  return app::ProgrammeContent{*std::move(programme), std::move(activities)};
}

template <class Source>
app::CatalogueContent read_catalogue(Source& source) {
  app::CatalogueContent content;
  content.stations = stations_of(source.query(select_stations));
  content.programmes = programmes_of(source.query(select_programmes));
  content.activities = activities_of(source.query(select_activities));
  add_sessions(content.activities, source.query(select_sessions));
  return content;
}

}  // namespace zl::mysql
