// Rebuilds lost gates: a new epoch, a fence below it, and the ledger's active bookings, before anything is granted
// again.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "app/booking_ledger.hpp"
#include "app/gate.hpp"
#include "base/clock.hpp"
#include "runtime/event.hpp"

namespace zl::app {

/// Thread-safe. One rebuild of a programme at a time in this process; several processes at once only waste epochs.
class GateKeeper {
 public:
  GateKeeper(GateUpkeep& gate, BookingLedger& ledger, const base::Clock& clock)
      : gate_(gate), ledger_(ledger), clock_(clock) {}

  /// Done when a gate stands that was built after the call began, or less than a second before. Refused{unavailable}
  /// where it could not be built in time. `wait` bounds the waiting for somebody else's rebuild.
  asio::awaitable<base::Outcome<base::Done>> mend(base::ProgrammeId programme_id, base::Milliseconds wait);

  /// The same, but always with a new epoch: after a change that the gate has to follow.
  asio::awaitable<base::Outcome<base::Done>> rebuild(base::ProgrammeId programme_id);

 private:
  struct Running {
    runtime::Event finished;
    bool done = false;  ///< set before `finished`
  };

  asio::awaitable<base::Outcome<base::Done>> build(base::ProgrammeId programme_id);
  bool built_recently(const base::ProgrammeId& programme_id) const;  ///< under mutex_

  GateUpkeep& gate_;
  BookingLedger& ledger_;
  const base::Clock& clock_;

  std::mutex mutex_;
  std::unordered_map<base::ProgrammeId, std::shared_ptr<Running>> running_;  ///< under mutex_
  std::unordered_map<base::ProgrammeId, base::SteadyTime> built_at_;         ///< under mutex_; one a programme
};

}  // namespace zl::app
