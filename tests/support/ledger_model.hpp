// The ledger as plain data: what MySQL promises about bookings, without MySQL. It upholds every rule by itself, so that
// a gate that errs is found out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/booking_ledger.hpp"
#include "domain/catalogue.hpp"

namespace zl::test {

class LedgerModel {
 public:
  struct Activity {
    domain::Activity content;
    bool open = true;
    domain::GrantNumber fence;  ///< grants up to this one can not commit
  };
  struct Programme {
    domain::Programme content;
    std::uint64_t epoch = 0;
    std::uint64_t arrival = 0;
  };

  void put(const domain::Programme& programme);
  void put(const domain::Activity& activity);

  base::Outcome<app::LedgerAnswer> book(const app::LedgerItem& item);
  base::Outcome<app::Cancelled> cancel(const base::BookingId& id, base::Instant now);
  std::vector<app::FencedHold> fence(const std::vector<app::ExpiredHold>& holds);
  /// Counts the programme's epoch up and fences every grant before it.
  void fence_programme(const base::ProgrammeId& programme_id);
  base::Outcome<app::GateImage> rebuild_image(const base::ProgrammeId& programme_id);
  std::vector<app::SeatsTaken> seats_taken(const base::ProgrammeId& programme_id) const;
  std::vector<app::GateBooking> active_bookings(const base::ActivityId& activity_id) const;
  /// Newest first.
  std::vector<domain::Booking> of_user(const base::UserId& user_id) const;

  /// Null where there is none. To be changed by tests.
  const domain::Booking* find(const base::BookingId& id) const;
  Activity& activity(const base::ActivityId& id) { return activities_.at(id); }
  const Activity& activity(const base::ActivityId& id) const { return activities_.at(id); }
  std::uint64_t epoch(const base::ProgrammeId& id) const { return programmes_.at(id).epoch; }
  /// In the order in which they were committed.
  const std::vector<domain::Booking>& bookings() const { return bookings_; }
  int taken(const base::ActivityId& id) const;

  /// The first broken invariant; empty where no activity is oversold and nobody holds one twice.
  std::string fault() const;

 private:
  std::vector<domain::Violation> violations(const app::LedgerItem& item) const;

  std::map<base::ProgrammeId, Programme> programmes_;
  std::map<base::ActivityId, Activity> activities_;
  std::vector<domain::Booking> bookings_;  ///< in the order in which they were committed
};

}  // namespace zl::test
