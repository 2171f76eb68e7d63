// A server's way to MySQL: the ports that app owns, on the pool and on the group-commit writer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "app/attendance_store.hpp"
#include "app/booking_ledger.hpp"
#include "app/catalogue_store.hpp"
#include "app/people_store.hpp"
#include "app/reconcile.hpp"
#include "runtime/guard.hpp"
#include "sim/mysql_sim.hpp"
#include "sim/pool.hpp"
#include "sim/writer.hpp"

namespace zl::sim {

class SimLedger final : public app::BookingLedger {
 public:
  SimLedger(Setting& setting, MysqlSim& mysql, Owner owner);

  std::optional<runtime::CountGuard> take_place(const base::ProgrammeId& programme_id, app::Turn turn) override;
  Answer<app::LedgerAnswer> book(runtime::CountGuard place, app::LedgerItem item) override;
  Answer<app::Cancelled> cancel(const base::BookingId& id, const base::ProgrammeId& programme_id,
                                const app::Actor& actor, base::Instant now) override;
  Answer<std::optional<domain::Booking>> find(const base::BookingId& id) override;
  Answer<app::BookingPage> of_user(const base::UserId& user_id, std::optional<base::BookingId> after,
                                   std::size_t limit) override;
  Answer<std::vector<app::FencedHold>> fence(const base::ProgrammeId& programme_id,
                                             const std::vector<app::ExpiredHold>& holds) override;
  Answer<app::GateImage> rebuild_image(const base::ProgrammeId& programme_id) override;
  Answer<std::vector<app::SeatsTaken>> seats_taken(const base::ProgrammeId& programme_id) override;
  Answer<std::vector<app::GateBooking>> active_bookings(const base::ActivityId& activity_id) override;

  std::size_t places_taken() const { return places_.value(); }

 private:
  Setting& setting_;
  Pool pool_;
  runtime::BoundedCount places_;
  std::shared_ptr<Writer> writer_;
};

class SimCatalogueStore final : public app::CatalogueStore {
 public:
  SimCatalogueStore(Setting& setting, MysqlSim& mysql) : setting_(setting), mysql_(mysql), pool_(setting, mysql) {}

  Answer<app::CatalogueContent> load() override;
  Answer<std::vector<domain::Station>> load_stations() override;
  Answer<app::ProgrammeContent> load_programme(const base::ProgrammeId& id) override;
  Answer<app::Created<domain::Station>> create_station(const domain::Station& station, const app::Actor& actor,
                                                       std::optional<app::CreationMark> mark) override;
  Answer<domain::Station> update_station(const domain::Station& station, std::uint64_t expected_version,
                                         const app::Actor& actor) override;
  Answer<app::Created<domain::Programme>> create_programme(const domain::Programme& programme, const app::Actor& actor,
                                                           std::optional<app::CreationMark> mark) override;
  Answer<domain::Programme> update_programme(const domain::Programme& programme, std::uint64_t expected_version,
                                             const app::Actor& actor) override;
  Answer<app::Created<domain::Activity>> create_activity(const domain::Activity& activity, const app::Actor& actor,
                                                         std::optional<app::CreationMark> mark) override;
  Answer<domain::Activity> update_activity(const domain::Activity& activity, std::uint64_t expected_version,
                                           const app::Actor& actor) override;
  Answer<domain::Activity> publish(const base::ActivityId& id, const app::Actor& actor) override;
  Answer<domain::Activity> cancel(const base::ActivityId& id, const std::string& reason, const app::Actor& actor,
                                  base::Instant now) override;

 private:
  Setting& setting_;
  MysqlSim& mysql_;
  Pool pool_;
};

class SimAttendance final : public app::AttendanceStore {
 public:
  SimAttendance(Setting& setting, MysqlSim& mysql) : pool_(setting, mysql) {}

  Answer<app::CheckInResult> check_in(app::CheckInItem item) override;
  Answer<std::optional<base::ActivityId>> activity_of(const base::CheckInId& id) override;
  Answer<base::Done> undo(const base::CheckInId& id, const app::Actor& actor) override;
  Answer<app::RosterPage> roster(const base::ActivityId& activity_id, std::optional<base::BookingId> after,
                                 std::size_t limit) override;
  Answer<app::RosterPage> confirmed(const base::ActivityId& activity_id, std::optional<base::BookingId> after,
                                    std::size_t limit) override;

 private:
  Pool pool_;
};

class SimFeed final : public app::ChangeFeed {
 public:
  SimFeed(Setting& setting, MysqlSim& mysql) : pool_(setting, mysql) {}
  Answer<std::vector<app::Change>> changes_since(std::uint64_t seq, std::size_t limit) override;
  Answer<std::uint64_t> newest() override;

 private:
  Pool pool_;
};

class SimLease final : public app::ReconcilerLease {
 public:
  SimLease(Setting& setting, MysqlSim& mysql, Owner owner) : pool_(setting, mysql), owner_(owner) {}
  Answer<bool> hold() override;

 private:
  Pool pool_;
  const Owner owner_;
};

}  // namespace zl::sim
