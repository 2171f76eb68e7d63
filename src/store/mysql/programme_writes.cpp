#include "store/mysql/programme_writes.hpp"

#include <algorithm>
#include <string_view>

#include "store/mysql/answers.hpp"
#include "store/mysql/audit_detail.hpp"
#include "store/mysql/catalogue_rows.hpp"
#include "store/mysql/programme_locks.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// Locks one row by the primary key.
constexpr std::string_view select_parent_for_update = "SELECT parent_id FROM stations WHERE id = ? FOR UPDATE";

// New rows; their foreign keys lock the rows they point to, shared. A second run is a duplicate: nothing happens.
constexpr std::string_view insert_stations =
    "INSERT INTO stations (id, parent_id, name, area, version, created_at) VALUES (?, ?, ?, ?, 1, ?)";
constexpr std::string_view insert_programmes =
    "INSERT INTO programmes (id, station_id, title, opens_at, closes_at, max_per_attendee, max_per_user, "
    "forbid_overlap, cancel_hours, version, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)";

// By the primary key, rows that are locked already.
constexpr std::string_view update_stations =
    "UPDATE stations SET name = ?, area = ?, version = version + 1 WHERE id = ?";
constexpr std::string_view update_programmes =
    "UPDATE programmes SET title = ?, opens_at = ?, closes_at = ?, max_per_attendee = ?, max_per_user = ?, "
    "forbid_overlap = ?, cancel_hours = ?, version = version + 1 WHERE id = ?";

/// What changed of a programme.
std::string detail_of(const domain::Programme& before, const domain::Programme& after) {
  AuditDetail detail;
  detail.changed("title", before.title, after.title)
      .changed("opens_at", before.opens_at, after.opens_at)
      .changed("closes_at", before.closes_at, after.closes_at)
      .changed("max_per_attendee", before.rules.max_per_attendee, after.rules.max_per_attendee)
      .changed("max_per_user", before.rules.max_per_user, after.rules.max_per_user)
      .changed("forbid_overlap", before.rules.forbid_overlap, after.rules.forbid_overlap)
      .changed("cancel_hours", before.rules.cancel_hours, after.rules.cancel_hours);
  return detail.text();
}

bool same_times_and_rules(const domain::Programme& a, const domain::Programme& b) {
  return a.opens_at == b.opens_at && a.closes_at == b.closes_at && a.rules == b.rules;
}

}  // namespace

base::Outcome<domain::Station> insert_station(Write& write, const domain::Station& station, const app::Actor& actor) {
  if (station.parent_id) {
    const Rows parent = write.query(sql(select_parent_for_update, *station.parent_id));
    if (parent.empty()) return refused(base::Code::not_found, "there is no such parent station");
    if (!parent.front().is_null(0)) return invalid_field("/parent_id", "a service point has no points of its own");
  }
  write.execute(sql(insert_stations, station.id, station.parent_id, station.name, station.area, write.now()));
  write.change(app::ChangeKind::station, station.id.bytes);
  AuditDetail detail;
  detail.add("name", station.name).add("area", station.area).add("parent_id", station.parent_id);
  write.audit(actor, "station.create", station.id.bytes, detail.text());
  domain::Station created = station;
  created.version = 1;
  return created;
}

base::Outcome<domain::Station> update_station(Write& write, const domain::Station& wanted,
                                              std::uint64_t expected_version, const app::Actor& actor) {
  write.query(sql(select_parent_for_update, wanted.id));
  const std::optional<domain::Station> before = find_station(write, wanted.id);
  if (!before) return base::Code::not_found;
  if (before->version != expected_version) return base::Code::version_mismatch;
  if (before->parent_id != wanted.parent_id) return invalid_field("/parent_id", "a station keeps its parent");

  write.execute(sql(update_stations, wanted.name, wanted.area, wanted.id));
  write.change(app::ChangeKind::station, wanted.id.bytes);
  AuditDetail detail;
  detail.changed("name", before->name, wanted.name).changed("area", before->area, wanted.area);
  write.audit(actor, "station.update", wanted.id.bytes, detail.text());
  domain::Station updated = wanted;
  updated.version = before->version + 1;
  return updated;
}

base::Outcome<domain::Programme> insert_programme(Write& write, const domain::Programme& programme,
                                                  const app::Actor& actor) {
  if (!find_station(write, programme.station_id)) {
    return refused(base::Code::not_found, "there is no such station");
  }
  const domain::Rules& rules = programme.rules;
  write.execute(sql(insert_programmes, programme.id, programme.station_id, programme.title, programme.opens_at,
                    programme.closes_at, rules.max_per_attendee, rules.max_per_user, rules.forbid_overlap,
                    rules.cancel_hours, write.now()));
  write.change(app::ChangeKind::programme, programme.id.bytes);
  AuditDetail detail;
  detail.add("station_id", programme.station_id)
      .add("title", programme.title)
      .add("opens_at", programme.opens_at)
      .add("closes_at", programme.closes_at)
      .add("max_per_attendee", rules.max_per_attendee)
      .add("max_per_user", rules.max_per_user)
      .add("forbid_overlap", rules.forbid_overlap)
      .add("cancel_hours", rules.cancel_hours);
  write.audit(actor, "programme.create", programme.id.bytes, detail.text());
  domain::Programme created = programme;
  created.version = 1;
  return created;
}

base::Outcome<domain::Programme> update_programme(Write& write, const domain::Programme& wanted,
                                                  std::uint64_t expected_version, const app::Actor& actor) {
  const std::optional<std::uint64_t> epoch = lock_programme(write, wanted.id);
  if (!epoch) return base::Code::not_found;
  const domain::Programme before = find_programme(write, wanted.id).value();
  if (before.version != expected_version) return base::Code::version_mismatch;
  if (before.station_id != wanted.station_id) return invalid_field("/station_id", "a programme keeps its station");

  if (!same_times_and_rules(before, wanted)) {
    const std::vector<LockedSeats> seats = lock_programme_seats(write, wanted.id);
    const bool booked = std::any_of(seats.begin(), seats.end(), [](const auto& s) { return s.seats_taken > 0; });
    if (booked) return refused(base::Code::invalid_state, "the programme has active bookings");
    fence_programme(write, wanted.id, *epoch);
  }
  const domain::Rules& rules = wanted.rules;
  write.execute(sql(update_programmes, wanted.title, wanted.opens_at, wanted.closes_at, rules.max_per_attendee,
                    rules.max_per_user, rules.forbid_overlap, rules.cancel_hours, wanted.id));
  write.change(app::ChangeKind::programme, wanted.id.bytes);
  write.audit(actor, "programme.update", wanted.id.bytes, detail_of(before, wanted));
  domain::Programme updated = wanted;
  updated.version = before.version + 1;
  return updated;
}

}  // namespace zl::mysql
