// The ports of everything in MySQL but the bookings.
#include <utility>

#include "sim/mysql_ports.hpp"
#include "sim/not_simulated.hpp"
#include "sim/people_port.hpp"

namespace zl::sim {

Answer<app::CatalogueContent> SimCatalogueStore::load() {
  return pool_.read<app::CatalogueContent>(
      "catalogue.load", [](const MysqlSim& mysql) { return base::Outcome<app::CatalogueContent>(mysql.content()); });
}

Answer<std::vector<domain::Station>> SimCatalogueStore::load_stations() {
  return not_simulated<std::vector<domain::Station>>();
}

Answer<app::ProgrammeContent> SimCatalogueStore::load_programme(const base::ProgrammeId& id) {
  return pool_.read<app::ProgrammeContent>("catalogue.load_programme",
                                           [id](const MysqlSim& mysql) { return mysql.programme_content(id); });
}

Answer<app::Created<domain::Station>> SimCatalogueStore::create_station(const domain::Station&, const app::Actor&,
                                                                        std::optional<app::CreationMark>) {
  return not_simulated<app::Created<domain::Station>>();
}

Answer<domain::Station> SimCatalogueStore::update_station(const domain::Station&, std::uint64_t, const app::Actor&) {
  return not_simulated<domain::Station>();
}

Answer<app::Created<domain::Programme>> SimCatalogueStore::create_programme(const domain::Programme&, const app::Actor&,
                                                                            std::optional<app::CreationMark>) {
  return not_simulated<app::Created<domain::Programme>>();
}

Answer<domain::Programme> SimCatalogueStore::update_programme(const domain::Programme& programme,
                                                              std::uint64_t expected_version, const app::Actor& actor) {
  return pool_.write<domain::Programme>("catalogue.update_programme",
                                        [programme, expected_version, actor](MysqlSim& mysql) {
                                          return mysql.update_programme(programme, expected_version, actor);
                                        });
}

Answer<app::Created<domain::Activity>> SimCatalogueStore::create_activity(const domain::Activity&, const app::Actor&,
                                                                          std::optional<app::CreationMark>) {
  return not_simulated<app::Created<domain::Activity>>();
}

Answer<domain::Activity> SimCatalogueStore::update_activity(const domain::Activity& activity,
                                                            std::uint64_t expected_version, const app::Actor& actor) {
  return pool_.write<domain::Activity>("catalogue.update_activity",
                                       [activity, expected_version, actor](MysqlSim& mysql) {
                                         return mysql.update_activity(activity, expected_version, actor);
                                       });
}

Answer<domain::Activity> SimCatalogueStore::publish(const base::ActivityId& id, const app::Actor& actor) {
  const base::ActivityId wanted = id;
  base::Outcome<domain::Activity> published = co_await pool_.write<domain::Activity>(
      "catalogue.publish", [id, actor](MysqlSim& mysql) { return mysql.publish(id, actor); });
  if (published.is_unknown() && setting_.bug == Bug::published_before_commit) {
    domain::Activity as_if = mysql_.activity(wanted);
    as_if.publication = domain::Publication::published;
    co_return as_if;
  }
  co_return published;
}

Answer<domain::Activity> SimCatalogueStore::cancel(const base::ActivityId& id, const std::string&,
                                                   const app::Actor& actor, base::Instant now) {
  return pool_.write<domain::Activity>(
      "catalogue.cancel", [id, actor, now](MysqlSim& mysql) { return mysql.cancel_activity(id, actor, now); });
}

Answer<app::CheckInResult> SimAttendance::check_in(app::CheckInItem item) {
  return pool_.write<app::CheckInResult>("attendance.check_in",
                                         [item = std::move(item)](MysqlSim& mysql) { return mysql.check_in(item); });
}

Answer<std::optional<base::ActivityId>> SimAttendance::activity_of(const base::CheckInId& id) {
  using Found = std::optional<base::ActivityId>;
  return pool_.read<Found>("attendance.activity_of", [id](const MysqlSim& mysql) {
    for (const MysqlSim::CheckInRow& row : mysql.check_ins()) {
      if (row.check_in.id != id) continue;
      return base::Outcome<Found>(Found(mysql.ledger().find(row.check_in.booking_id)->activity_id));
    }
    return base::Outcome<Found>(Found());
  });
}

Answer<base::Done> SimAttendance::undo(const base::CheckInId& id, const app::Actor& actor) {
  return pool_.write<base::Done>("attendance.undo", [id, actor](MysqlSim& mysql) { return mysql.undo(id, actor); });
}

Answer<app::RosterPage> SimAttendance::roster(const base::ActivityId&, std::optional<base::BookingId>, std::size_t) {
  return not_simulated<app::RosterPage>();
}

Answer<app::RosterPage> SimAttendance::confirmed(const base::ActivityId&, std::optional<base::BookingId>, std::size_t) {
  return not_simulated<app::RosterPage>();
}

Answer<std::vector<app::Change>> SimFeed::changes_since(std::uint64_t seq, std::size_t limit) {
  using Changes = std::vector<app::Change>;
  return pool_.read<Changes>("feed.since", [seq, limit](const MysqlSim& mysql) {
    return base::Outcome<Changes>(mysql.changes_since(seq, limit));
  });
}

Answer<std::uint64_t> SimFeed::newest() {
  return pool_.read<std::uint64_t>(
      "feed.newest", [](const MysqlSim& mysql) { return base::Outcome<std::uint64_t>(mysql.newest_change()); });
}

Answer<bool> SimLease::hold() {
  return pool_.write<bool>("lease.hold",
                           [owner = owner_](MysqlSim& mysql) { return base::Outcome<bool>(mysql.take_turn(owner)); });
}

Answer<std::optional<app::AttendeeFacts>> SimPeople::facts(const base::AttendeeId& id) {
  using Found = std::optional<app::AttendeeFacts>;
  return pool_.read<Found>("people.facts",
                           [id](const MysqlSim& mysql) { return base::Outcome<Found>(mysql.facts(id)); });
}

Answer<domain::User> SimPeople::sign_in(const std::string&, const std::string&) {
  return not_simulated<domain::User>();
}

Answer<std::optional<domain::User>> SimPeople::find_user(const base::UserId&) {
  return not_simulated<std::optional<domain::User>>();
}

Answer<std::vector<domain::Attendee>> SimPeople::attendees_of(const base::UserId&) {
  return not_simulated<std::vector<domain::Attendee>>();
}

Answer<app::Created<domain::Attendee>> SimPeople::create_attendee(const base::UserId&, const domain::Attendee&,
                                                                  const app::Actor&, std::optional<app::CreationMark>) {
  return not_simulated<app::Created<domain::Attendee>>();
}

Answer<domain::Attendee> SimPeople::update_attendee(const base::UserId&, const domain::Attendee&, std::uint64_t,
                                                    const app::Actor&) {
  return not_simulated<domain::Attendee>();
}

Answer<base::Done> SimPeople::delete_attendee(const base::UserId&, const base::AttendeeId&, const app::Actor&) {
  return not_simulated<base::Done>();
}

}  // namespace zl::sim
