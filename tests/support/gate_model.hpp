// The gate as plain data: what gate.lua promises, without Redis. The fake gate answers by it, and the real one is held
// against it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/gate.hpp"

namespace zl::test {

class GateModel {
 public:
  struct Activity {
    app::GateActivity setting;
    int used = 0;
    int spare = 0;
    std::uint64_t change = 0;
    std::optional<base::Instant> sold_out_at;
    std::optional<base::Milliseconds> back_since;  ///< told with its grants
  };
  struct Hold {
    domain::BookingWish wish;
    domain::GrantNumber grant;
    domain::Receipt receipt;
    bool pending = true;
    base::Instant deadline;
  };
  struct Programme {
    std::uint64_t epoch = 0;
    std::uint64_t arrival = 0;
    base::Instant opens_at;
    domain::Rules rules;
    std::map<base::ActivityId, Activity> activities;
    std::vector<Hold> holds;  ///< in the order in which they were given
  };

  explicit GateModel(base::Milliseconds hold_ttl) : hold_ttl_(hold_ttl) {}

  base::Outcome<app::GateDecision> book(const domain::BookingWish& wish, std::uint64_t min_epoch, base::Instant now);
  void confirm(const domain::BookingWish& wish);
  base::Outcome<base::Done> remove(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                   const std::vector<app::HoldRef>& holds, app::Unit unit);
  base::Outcome<base::Done> remove_cancelled(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                             base::BookingId id);
  base::Outcome<std::optional<app::GateVersion>> version(base::ProgrammeId programme_id) const;
  base::Outcome<std::optional<app::GateSeats>> seats(base::ProgrammeId programme_id,
                                                     const std::vector<base::ActivityId>& activities,
                                                     base::Instant now) const;
  base::Outcome<std::optional<app::GateHolders>> holders(base::ProgrammeId programme_id,
                                                         base::ActivityId activity_id) const;
  base::Outcome<base::Done> adopt(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                  const std::vector<app::GateBooking>& bookings);
  base::Outcome<base::Done> give_back_spare(base::ProgrammeId programme_id, base::ActivityId activity_id, int count);
  base::Outcome<std::vector<app::ExpiredHold>> expired_holds(base::ProgrammeId programme_id,
                                                             const std::vector<base::ActivityId>& activities,
                                                             std::size_t limit, base::Instant now) const;
  base::Outcome<bool> install(const app::GateImage& image);
  base::Outcome<base::Done> set_capacity(base::ProgrammeId programme_id, base::ActivityId activity_id, int capacity,
                                         std::uint64_t version);

  /// Redis has lost everything.
  void lose() {
    programmes_.clear();
    gone_.clear();
  }
  void lose(base::ProgrammeId id) { programmes_.erase(id); }

  /// Null where there is none. To be changed by tests that make the gate wrong on purpose.
  Programme* programme(base::ProgrammeId id);
  const Programme* programme(base::ProgrammeId id) const;
  Activity* activity(base::ProgrammeId programme_id, base::ActivityId activity_id);
  const Hold* hold(base::ProgrammeId programme_id, base::BookingId id) const;

  /// What is wrong with the model's own books; empty where used = holders + spare everywhere.
  std::string fault() const;

 private:
  std::vector<domain::Violation> violations(const Programme& programme, const Activity& activity,
                                            const domain::BookingWish& wish, base::Instant now) const;
  static app::SeatCount count_of(const Programme& programme, const Activity& activity);

  base::Milliseconds hold_ttl_;
  std::map<base::ProgrammeId, Programme> programmes_;
  std::set<base::BookingId> gone_;  ///< cancelled: an image that was read before may be installed after
};

}  // namespace zl::test
