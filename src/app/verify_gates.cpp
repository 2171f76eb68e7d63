#include "app/verify_gates.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "app/reconcile.hpp"

namespace zl::app {
namespace {

constexpr base::Milliseconds between_looks = std::chrono::seconds(1);

/// What the gates held, for the report.
struct Tally {
  std::size_t programmes = 0;
  std::size_t activities = 0;
  std::size_t holders = 0;
  std::size_t pending = 0;
  std::size_t not_built = 0;
  std::size_t outdated = 0;

  std::string text() const {
    return std::to_string(programmes) + " programmes, " + std::to_string(activities) + " activities, " +
           std::to_string(holders) + " holders; " + std::to_string(pending) + " of them pending, " +
           std::to_string(not_built) + " gates not built, " + std::to_string(outdated) + " to be rebuilt";
  }
};

struct Look {
  GateSuspicions suspicions;
  Tally tally;
};

void suspect(Look& look, const base::ActivityId& activity_id, const std::string& name, const std::string& sentence) {
  look.suspicions.emplace(activity_id.hex() + " " + name, "activity " + activity_id.hex() + ": " + sentence);
}

void compare_counts(Look& look, const GateCount& count, const GateHolders& holders, const SeatsTaken& taken) {
  const base::ActivityId& id = count.seats.activity_id;
  if (count.seats.capacity != taken.capacity) {
    suspect(look, id, "capacity",
            "the gate has a capacity of " + std::to_string(count.seats.capacity) + ", the ledger of " +
                std::to_string(taken.capacity));
  }
  // The lists are of different moments where a seat has changed between.
  const auto listed = static_cast<int>(holders.holders.size());
  if (holders.version == count.seats.version && count.seats.used != listed + count.spare) {
    suspect(look, id, "used",
            "the gate counts " + std::to_string(count.seats.used) + " seats as used, and knows of " +
                std::to_string(listed) + " holders and " + std::to_string(count.spare) + " seats kept back");
  }
}

void compare_holders(Look& look, const base::ActivityId& id, const GateHolders& holders,
                     const std::vector<GateBooking>& bookings) {
  const Differences found = compare(holders.holders, bookings);
  for (const GateBooking& booking : found.missing_in_gate) {
    suspect(look, id, booking.id.hex(),
            "booking " + booking.id.hex() + " is active in the ledger, and not in the gate");
  }
  for (const HoldRef& hold : found.missing_in_ledger) {
    suspect(look, id, hold.id.hex(), "booking " + hold.id.hex() + " holds a seat in the gate, and none in the ledger");
  }
  look.tally.holders += holders.holders.size();
  look.tally.pending += static_cast<std::size_t>(std::ranges::count_if(holders.holders, &Holder::pending));
}

class GateVerifier {
 public:
  GateVerifier(Gate& gate, BookingLedger& ledger) : gate_(gate), ledger_(ledger) {}

  asio::awaitable<base::Outcome<Look>> look_at(const GateToVerify& programme) {
    Look look;
    const auto seats = co_await gate_.seats(programme.programme_id, programme.activities);
    if (!seats) co_return seats.as<Look>();
    const auto taken = co_await ledger_.seats_taken(programme.programme_id);
    if (!taken) co_return taken.as<Look>();
    look.tally.programmes = 1;
    look.tally.not_built = *seats ? 0 : 1;
    if (!*seats || taken->empty()) co_return look;

    const std::uint64_t epoch = (*seats)->version.epoch;
    const std::uint64_t newest = taken->front().epoch;
    look.tally.outdated = epoch < newest ? 1 : 0;
    if (epoch > newest) {
      look.suspicions.emplace(programme.programme_id.hex() + " epoch",
                              "programme " + programme.programme_id.hex() + ": the gate is of epoch " +
                                  std::to_string(epoch) + ", and the ledger has only come to " +
                                  std::to_string(newest) + ": was it restored without zhonglou restored?");
    }
    if (epoch < newest) co_return look;
    for (const base::ActivityId& id : programme.activities) {
      if (const auto compared = co_await look_at(programme.programme_id, id, **seats, *taken, look); !compared) {
        co_return compared.as<Look>();
      }
    }
    co_return look;
  }

 private:
  asio::awaitable<base::Outcome<base::Done>> look_at(const base::ProgrammeId& programme_id, const base::ActivityId& id,
                                                     const GateSeats& seats, const std::vector<SeatsTaken>& taken,
                                                     Look& look) {
    const auto holders = co_await gate_.holders(programme_id, id);
    if (!holders) co_return holders.as<base::Done>();
    if (!*holders) co_return base::Done{};  // lost between two questions: the next look finds it so
    const auto bookings = co_await ledger_.active_bookings(id);
    if (!bookings) co_return bookings.as<base::Done>();
    look.tally.activities += 1;
    compare_holders(look, id, **holders, *bookings);
    const auto count = std::ranges::find(seats.activities, id, [](const GateCount& c) { return c.seats.activity_id; });
    const auto row = std::ranges::find(taken, id, &SeatsTaken::activity_id);
    // A gate that does not know an activity refuses it, and the reconciler rebuilds that gate.
    if (count != seats.activities.end() && row != taken.end()) compare_counts(look, *count, **holders, *row);
    co_return base::Done{};
  }

  Gate& gate_;
  BookingLedger& ledger_;
};

void add(Tally& sum, const Tally& one) {
  sum.programmes += one.programmes;
  sum.activities += one.activities;
  sum.holders += one.holders;
  sum.pending += one.pending;
  sum.not_built += one.not_built;
  sum.outdated += one.outdated;
}

}  // namespace

GateSuspicions still_there(const GateSuspicions& before, const GateSuspicions& now) {
  GateSuspicions both;
  for (const auto& [name, sentence] : now) {
    if (before.contains(name)) both.emplace(name, sentence);
  }
  return both;
}

asio::awaitable<base::Outcome<CheckReport>> verify_gates(Gate& gate, BookingLedger& ledger,
                                                         std::vector<GateToVerify> programmes,
                                                         runtime::Sleeper& sleeper, base::Milliseconds patience) {
  GateVerifier verifier(gate, ledger);
  CheckReport report{.name = "gate", .counted = {}, .faults = {}, .more_faults = 0};
  Tally tally;
  for (const GateToVerify& programme : programmes) {
    base::Outcome<Look> look = co_await verifier.look_at(programme);
    if (!look) co_return look.as<CheckReport>();
    GateSuspicions suspicions = std::move(look->suspicions);
    add(tally, look->tally);
    // At least one further look, however short the patience.
    for (base::Milliseconds waited{0}; !suspicions.empty(); waited += between_looks) {
      if (waited >= std::max(patience, between_looks)) break;
      co_await sleeper.sleep_for(between_looks);
      look = co_await verifier.look_at(programme);
      if (!look) co_return look.as<CheckReport>();
      suspicions = still_there(suspicions, look->suspicions);
    }
    for (auto& [name, sentence] : suspicions) report.fault(std::move(sentence));
  }
  report.counted = tally.text();
  co_return report;
}

}  // namespace zl::app
