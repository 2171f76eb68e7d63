// The reconciler: compares gates with the ledger and mends what two passes saw, by id. It also gives expired holds
// back, behind a fence, and rebuilds lost gates. Several at once do no harm; a named lock saves the work.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "app/booking_ledger.hpp"
#include "app/catalogue.hpp"
#include "app/gate.hpp"
#include "app/gate_clock.hpp"
#include "app/gate_keeper.hpp"
#include "runtime/metrics.hpp"
#include "runtime/task_group.hpp"

namespace zl::app {

/// Gates are kept true to the ledger from so long before booking opens until so long after it closes: nothing stays
/// pending in them.
constexpr std::chrono::seconds upkeep_before_opening{10};
constexpr std::chrono::hours upkeep_after_closing{1};

/// Port: whose turn it is, among all processes.
class ReconcilerLease {
 public:
  virtual ~ReconcilerLease() = default;
  /// True while this process has the turn; keeps or takes it.
  virtual asio::awaitable<base::Outcome<bool>> hold() = 0;
};

struct ReconcileMetrics {
  runtime::Counter& passes;
  runtime::Counter& holds_returned;   ///< by expiry
  runtime::Counter& holds_confirmed;  ///< the confirmation was lost
  runtime::Counter& repairs;          ///< bookings put in or taken out by a comparison
};

/// What a comparison by ids finds wrong with a gate. Pure, so that it can be tested without stores.
struct Differences {
  std::vector<GateBooking> missing_in_gate;  ///< active in the ledger, unknown to the gate
  std::vector<HoldRef> missing_in_ledger;    ///< committed by the gate's account, not active in the ledger
  std::vector<GateBooking> unconfirmed;      ///< pending in the gate, active in the ledger
};
Differences compare(const std::vector<Holder>& gate, const std::vector<GateBooking>& ledger);

/// Keeps of `now` what an earlier pass had found as well.
Differences seen_twice(const Differences& before, const Differences& now);

class Reconcile {
 public:
  struct Parts {
    Gate& gate;
    GateUpkeep& upkeep;
    BookingLedger& ledger;
    GateKeeper& keeper;
    ReconcilerLease& lease;
    const CatalogueHolder& catalogue;
    const GateClock& time;
    runtime::TaskGroup& group;
    ReconcileMetrics metrics;
    base::Milliseconds interval;
  };

  explicit Reconcile(Parts parts) : parts_(parts) {}

  /// Passes until the group stops.
  asio::awaitable<void> keep();

  /// One pass over all programmes that can be booked or were lately.
  asio::awaitable<void> pass();

 private:
  /// What tells that a gate has not changed since.
  struct Fingerprint {
    std::uint64_t epoch = 0;
    std::uint64_t changes = 0;  ///< of all activities
    std::int64_t pending = 0;

    bool operator==(const Fingerprint&) const = default;
  };

  static Fingerprint fingerprint_of(const GateSeats& seats);
  bool is_settled(const base::ProgrammeId& programme_id, const Fingerprint& fingerprint) const;

  asio::awaitable<void> look_at(base::ProgrammeId programme_id, std::shared_ptr<const ProgrammeEntry> entry);
  asio::awaitable<bool> mend_outdated(base::ProgrammeId programme_id, std::uint64_t gate_epoch,
                                      const std::vector<SeatsTaken>& taken);
  asio::awaitable<std::size_t> return_expired(base::ProgrammeId programme_id,
                                              const std::vector<base::ActivityId>& published);
  asio::awaitable<void> compare_activity(base::ProgrammeId programme_id, GateCount count);
  asio::awaitable<void> repair(base::ProgrammeId programme_id, base::ActivityId activity_id, Differences certain);

  Parts parts_;
  std::uint64_t pass_number_ = 0;
  std::unordered_map<base::ProgrammeId, Fingerprint> settled_;  ///< found in order at this fingerprint; one a programme
  std::unordered_map<base::ProgrammeId, std::uint64_t> outdated_;  ///< the ledger's epoch, where the gate's was older
  std::unordered_map<base::ActivityId, Differences> suspected_;    ///< of the pass before; at most one an activity
};

}  // namespace zl::app
