// MySQL as the stores see it: the ledger's model, the catalogue, check-ins, the change table and the lease. Each call
// is one transaction. What is committed survives everything.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "app/attendance_store.hpp"
#include "app/booking_ledger.hpp"
#include "app/catalogue_store.hpp"
#include "app/people_store.hpp"
#include "sim/setting.hpp"
#include "support/ledger_model.hpp"

namespace zl::sim {

/// Committed with the change that it tells of.
struct AuditRow {
  std::string_view action;  ///< "booking.create"
  base::Bytes16 subject{};
  app::Actor actor;
};

class MysqlSim {
 public:
  explicit MysqlSim(Setting& setting);

  bool up() const { return up_; }
  std::int64_t stopped_until_us() const { return stopped_until_us_; }
  void set_up(bool up);
  void stop_until(std::int64_t when_us) { stopped_until_us_ = when_us; }

  base::Outcome<app::LedgerAnswer> book(const app::LedgerItem& item);
  base::Outcome<app::Cancelled> cancel(const base::BookingId& id, const app::Actor& actor, base::Instant now);
  /// By the run's time; nothing for an id without a booking.
  std::optional<std::int64_t> committed_ms(const base::BookingId& id) const;
  base::Outcome<app::GateImage> rebuild_image(const base::ProgrammeId& id);
  test::LedgerModel& ledger() { return ledger_; }
  const test::LedgerModel& ledger() const { return ledger_; }

  app::CatalogueContent content() const;
  base::Outcome<app::ProgrammeContent> programme_content(const base::ProgrammeId& id) const;
  base::Outcome<domain::Programme> update_programme(const domain::Programme& wanted, std::uint64_t version,
                                                    const app::Actor& actor);
  base::Outcome<domain::Activity> update_activity(const domain::Activity& wanted, std::uint64_t version,
                                                  const app::Actor& actor);
  base::Outcome<domain::Activity> publish(const base::ActivityId& id, const app::Actor& actor);
  base::Outcome<domain::Activity> cancel_activity(const base::ActivityId& id, const app::Actor& actor,
                                                  base::Instant now);
  const std::vector<base::ActivityId>& activity_ids() const { return activity_ids_; }
  domain::Activity activity(const base::ActivityId& id) const;
  const domain::Programme& programme() const { return programme_; }

  base::Outcome<app::CheckInResult> check_in(const app::CheckInItem& item);
  base::Outcome<base::Done> undo(const base::CheckInId& id, const app::Actor& actor);
  struct CheckInRow {
    app::CheckIn check_in;
    bool active = true;
  };
  const std::vector<CheckInRow>& check_ins() const { return check_ins_; }

  void tell(std::string_view action, const base::Bytes16& subject, const app::Actor& actor) {
    setting_.seen.add("audit", action);
    audit_.push_back({action, subject, actor});
  }
  /// In the order in which they were committed.
  const std::vector<AuditRow>& audit() const { return audit_; }
  /// Whether the booking ended because its activity did.
  bool ended_with_its_activity(const base::BookingId& id) const { return ended_with_activity_.contains(id); }

  std::vector<app::Change> changes_since(std::uint64_t seq, std::size_t limit) const;
  std::uint64_t newest_change() const { return changes_.empty() ? 0 : changes_.back().seq; }
  bool take_turn(Owner owner);

  void put_attendee(app::AttendeeFacts facts) { attendees_[facts.id] = std::move(facts); }
  std::optional<app::AttendeeFacts> facts(const base::AttendeeId& id) const;

 private:
  test::LedgerModel::Activity& row(const base::ActivityId& id) { return ledger_.activity(id); }
  bool known(const base::ActivityId& id) const;
  base::Outcome<domain::Activity> changed(const base::ActivityId& id, std::string_view how, const app::Actor& actor);
  void note_change();

  Setting& setting_;
  bool up_ = true;
  std::int64_t stopped_until_us_ = 0;
  test::LedgerModel ledger_;
  std::map<base::BookingId, std::int64_t> committed_ms_;
  domain::Station station_;
  domain::Programme programme_;
  std::vector<base::ActivityId> activity_ids_;
  std::vector<CheckInRow> check_ins_;
  std::vector<AuditRow> audit_;
  std::set<base::BookingId> ended_with_activity_;
  std::vector<app::Change> changes_;  ///< ascending
  std::uint64_t next_change_ = 1;
  struct HeldBack {
    std::uint64_t seq = 0;
    std::int64_t since_ms = 0;
  };
  std::optional<HeldBack> held_back_;  ///< a number whose transaction is still open
  Owner turn_of_ = nobody;
  std::int64_t turn_until_ms_ = 0;
  std::map<base::AttendeeId, app::AttendeeFacts> attendees_;
};

}  // namespace zl::sim
