// Holds gates against the ledger, by ids, while both may be in use.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <string>
#include <vector>

#include "app/booking_ledger.hpp"
#include "app/gate.hpp"
#include "app/verify.hpp"
#include "base/id.hpp"
#include "base/outcome.hpp"
#include "base/time.hpp"
#include "runtime/timer.hpp"

namespace zl::app {

/// A programme whose gate is kept true to the ledger, and its published activities.
struct GateToVerify {
  base::ProgrammeId programme_id;
  std::vector<base::ActivityId> activities;
};

/// What a look found: a sentence for each difference, by a name of the difference that stays the same from look to
/// look.
using GateSuspicions = std::map<std::string, std::string>;

/// Those of `before` that are there `now` as well.
GateSuspicions still_there(const GateSuspicions& before, const GateSuspicions& now);

/// A difference is a fault only where every look of `patience` has seen it: booking on its way, lost messages and the
/// reconciler's repairs are none. Nor are a gate that is not built yet, one that waits to be rebuilt (an older epoch
/// grants nothing that can commit) and holds that the ledger has not answered for; they are counted. Refused or unknown
/// as the store that did not answer.
asio::awaitable<base::Outcome<CheckReport>> verify_gates(Gate& gate, BookingLedger& ledger,
                                                         std::vector<GateToVerify> programmes,
                                                         runtime::Sleeper& sleeper, base::Milliseconds patience);

}  // namespace zl::app
