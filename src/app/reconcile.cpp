#include "app/reconcile.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/crash_point.hpp"
#include "runtime/log.hpp"

namespace zl::app {
namespace {

constexpr std::size_t expired_at_once = 500;

// An activity whose counts agree is compared by ids all the same, once in this many passes.
constexpr std::uint64_t full_comparison_every = 60;

// A programme whose gate stands still is compared with the ledger once in this many passes.
constexpr std::uint64_t ledger_check_every = 4;

template <class Item>
std::vector<Item> in_both(const std::vector<Item>& before, const std::vector<Item>& now) {
  std::unordered_set<base::BookingId> known;
  for (const Item& item : before) known.insert(item.id);
  std::vector<Item> both;
  std::ranges::copy_if(now, std::back_inserter(both), [&known](const Item& item) { return known.contains(item.id); });
  return both;
}

/// Cancelled activities are asked for too: a gate that still knows one counts its bookings against everybody's caps.
std::vector<base::ActivityId> may_be_known(const ProgrammeEntry& programme) {
  std::vector<base::ActivityId> ids;
  for (const auto& entry : programme.activities) {
    if (entry->activity.publication != domain::Publication::draft) ids.push_back(entry->activity.id);
  }
  return ids;
}

bool knows_exactly(const GateSeats& seats, const std::vector<base::ActivityId>& published) {
  const auto known = [&seats](const base::ActivityId& id) {
    return std::ranges::any_of(seats.activities,
                               [&id](const GateCount& count) { return count.seats.activity_id == id; });
  };
  return seats.activities.size() == published.size() && std::ranges::all_of(published, known);
}

}  // namespace

Differences compare(const std::vector<Holder>& gate, const std::vector<GateBooking>& ledger) {
  std::unordered_map<base::BookingId, const Holder*> held;
  for (const Holder& holder : gate) held.emplace(holder.id, &holder);
  Differences found;
  for (const GateBooking& booking : ledger) {
    const auto holder = held.find(booking.id);
    if (holder == held.end()) {
      found.missing_in_gate.push_back(booking);
    } else {
      if (holder->second->pending) found.unconfirmed.push_back(booking);
      held.erase(holder);
    }
  }
  for (const auto& [id, holder] : held) {
    if (!holder->pending) found.missing_in_ledger.push_back({id, holder->grant});
  }
  return found;
}

Differences seen_twice(const Differences& before, const Differences& now) {
  return {in_both(before.missing_in_gate, now.missing_in_gate),
          in_both(before.missing_in_ledger, now.missing_in_ledger), in_both(before.unconfirmed, now.unconfirmed)};
}

asio::awaitable<void> Reconcile::keep() {
  while (!parts_.group.stopping()) {
    const base::Outcome<bool> turn = co_await parts_.lease.hold();
    if (turn && *turn) co_await pass();
    co_await parts_.group.sleeper().sleep_for(parts_.interval);
  }
}

asio::awaitable<void> Reconcile::pass() {
  ++pass_number_;
  parts_.metrics.passes.add();
  const std::shared_ptr<const Catalogue> snapshot = parts_.catalogue.share();
  const base::Instant now = parts_.time.now();
  for (const auto& entry : snapshot->programmes()) {
    const domain::Programme& programme = *entry->programme;
    if (now + upkeep_before_opening < programme.opens_at || now > programme.closes_at + upkeep_after_closing) continue;
    if (!entry->published().empty()) co_await look_at(programme.id, entry);
    if (parts_.group.stopping()) co_return;
  }
}

asio::awaitable<void> Reconcile::look_at(base::ProgrammeId programme_id, std::shared_ptr<const ProgrammeEntry> entry) {
  const std::vector<base::ActivityId> published = entry->published();
  const base::Outcome<std::optional<GateSeats>> seats = co_await parts_.gate.seats(programme_id, may_be_known(*entry));
  if (!seats) co_return;
  if (!*seats || !knows_exactly(**seats, published)) {
    (void)co_await parts_.keeper.mend(programme_id, parts_.interval);
    co_return;
  }
  const Fingerprint fingerprint = fingerprint_of(**seats);
  std::size_t returned = fingerprint.pending > 0 ? expired_at_once : 0;
  while (returned == expired_at_once && !parts_.group.stopping()) {
    returned = co_await return_expired(programme_id, published);
  }
  if (is_settled(programme_id, fingerprint)) co_return;

  const base::Outcome<std::vector<SeatsTaken>> taken = co_await parts_.ledger.seats_taken(programme_id);
  if (!taken) co_return;
  if (co_await mend_outdated(programme_id, (*seats)->version.epoch, *taken)) co_return;
  std::unordered_map<base::ActivityId, SeatsTaken> by_activity;
  for (const SeatsTaken& row : *taken) by_activity.emplace(row.activity_id, row);

  bool settled = fingerprint.pending == 0;
  for (const GateCount& count : (*seats)->activities) {
    const auto row = by_activity.find(count.seats.activity_id);
    if (row == by_activity.end()) continue;
    const bool counts_agree = count.seats.used == row->second.seats_taken + count.pending && count.spare == 0;
    const bool suspected = suspected_.contains(count.seats.activity_id);
    settled = settled && counts_agree && !suspected && row->second.capacity == count.seats.capacity;
    if (!counts_agree || suspected || pass_number_ % full_comparison_every == 0) {
      co_await compare_activity(programme_id, count);
    }
    if (row->second.capacity != count.seats.capacity) {
      (void)co_await parts_.upkeep.set_capacity(programme_id, count.seats.activity_id, row->second.capacity,
                                                row->second.version);
    }
  }
  if (settled) {
    settled_[programme_id] = fingerprint;
  } else {
    settled_.erase(programme_id);
  }
}

/// A gate whose rebuilding ended half-way, or that did not follow a change of the programme: it grants nothing that can
/// commit. Only where two passes saw it, for an image may be on its way.
asio::awaitable<bool> Reconcile::mend_outdated(base::ProgrammeId programme_id, std::uint64_t gate_epoch,
                                               const std::vector<SeatsTaken>& taken) {
  const std::uint64_t newest = taken.empty() ? 0 : taken.front().epoch;
  if (gate_epoch >= newest) {
    outdated_.erase(programme_id);
    co_return false;
  }
  settled_.erase(programme_id);
  const bool twice = std::exchange(outdated_[programme_id], newest) == newest;
  if (twice) (void)co_await parts_.keeper.mend(programme_id, parts_.interval);
  co_return true;
}

Reconcile::Fingerprint Reconcile::fingerprint_of(const GateSeats& seats) {
  Fingerprint fingerprint{seats.version.epoch, 0, 0};
  for (const GateCount& count : seats.activities) {
    fingerprint.changes += count.seats.version.change;
    fingerprint.pending += count.pending;
  }
  return fingerprint;
}

/// Most programmes stand still most of the time. The ledger is asked about those now and then only, in turns: often
/// enough to find within the hold time what was cancelled there and never left the gate.
bool Reconcile::is_settled(const base::ProgrammeId& programme_id, const Fingerprint& fingerprint) const {
  const std::uint64_t turn = std::hash<base::ProgrammeId>{}(programme_id);
  if ((pass_number_ + turn) % ledger_check_every == 0 || pass_number_ % full_comparison_every == 0) return false;
  const auto known = settled_.find(programme_id);
  return known != settled_.end() && known->second == fingerprint;
}

/// Fence first, then look, in one transaction: a writer that was stalled past its deadline cannot commit any more, so
/// what is not in the ledger then never will be. How many were returned.
asio::awaitable<std::size_t> Reconcile::return_expired(base::ProgrammeId programme_id,
                                                       const std::vector<base::ActivityId>& published) {
  const base::Outcome<std::vector<ExpiredHold>> expired =
      co_await parts_.upkeep.expired_holds(programme_id, published, expired_at_once);
  if (!expired || expired->empty()) co_return 0;
  const base::Outcome<std::vector<FencedHold>> fenced = co_await parts_.ledger.fence(programme_id, *expired);
  if (!fenced) co_return 0;
  ZL_CRASH_POINT("reconcile.fenced");

  std::unordered_map<base::BookingId, base::ActivityId> activity_of;
  for (const ExpiredHold& hold : *expired) activity_of.emplace(hold.hold.id, hold.activity_id);
  std::unordered_map<base::ActivityId, std::vector<HoldRef>> to_return;
  for (const FencedHold& hold : *fenced) {
    const base::ActivityId activity_id = activity_of[hold.hold.id];
    if (hold.committed) {
      // Its confirmation was lost. The counts may agree all the same, where a cancellation was lost as well.
      suspected_.try_emplace(activity_id);
    } else {
      to_return[activity_id].push_back(hold.hold);
    }
  }
  std::size_t returned = 0;
  for (auto& [activity_id, holds] : to_return) {
    const std::size_t count = holds.size();
    parts_.metrics.holds_returned.add(count);
    runtime::log::info("holds_returned", {{"activity_id", activity_id.hex()}, {"count", count}});
    if (co_await parts_.gate.remove(programme_id, activity_id, std::move(holds), Unit::returns)) returned += count;
    ZL_CRASH_POINT("reconcile.returned");
  }
  co_return returned;
}

asio::awaitable<void> Reconcile::compare_activity(base::ProgrammeId programme_id, GateCount count) {
  const base::ActivityId activity_id = count.seats.activity_id;
  const base::Outcome<std::vector<GateBooking>> ledger = co_await parts_.ledger.active_bookings(activity_id);
  if (!ledger) co_return;
  const base::Outcome<std::optional<GateHolders>> gate = co_await parts_.gate.holders(programme_id, activity_id);
  if (!gate || !*gate) co_return;

  const Differences now = compare((*gate)->holders, *ledger);
  const bool clean = now.missing_in_gate.empty() && now.missing_in_ledger.empty() && now.unconfirmed.empty();
  // The count was read earlier: only where no seat changed since can it be held against the list.
  const bool miscounted = (*gate)->version == count.seats.version &&
                          count.seats.used != static_cast<int>((*gate)->holders.size()) + count.spare;
  const auto before = suspected_.find(activity_id);
  const bool twice = before != suspected_.end();
  const Differences certain = twice ? seen_twice(before->second, now) : Differences{};
  if (clean && count.spare == 0 && !miscounted) {
    suspected_.erase(activity_id);
    co_return;
  }
  suspected_[activity_id] = now;
  if (!twice) co_return;
  co_await repair(programme_id, activity_id, certain);
  if (clean && count.spare > 0) {
    (void)co_await parts_.upkeep.give_back_spare(programme_id, activity_id, count.spare);
  } else if (clean) {
    // The ids agree and the number doesn't: no id can be named, so the gate is built anew behind a fence.
    (void)co_await parts_.keeper.rebuild(programme_id);
    suspected_.erase(activity_id);
  }
}

asio::awaitable<void> Reconcile::repair(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                        Differences certain) {
  for (const GateBooking& booking : certain.unconfirmed) {
    parts_.gate.confirm({booking.id, activity_id, programme_id, booking.attendee_id, booking.user_id});
  }
  parts_.metrics.holds_confirmed.add(certain.unconfirmed.size());
  const std::size_t repairs = certain.missing_in_gate.size() + certain.missing_in_ledger.size();
  if (repairs == 0) co_return;
  parts_.metrics.repairs.add(repairs);
  runtime::log::warning("gate_repaired", {{"activity_id", activity_id.hex()},
                                          {"missing_in_gate", certain.missing_in_gate.size()},
                                          {"missing_in_ledger", certain.missing_in_ledger.size()}});
  if (!certain.missing_in_gate.empty()) {
    (void)co_await parts_.upkeep.adopt(programme_id, activity_id, std::move(certain.missing_in_gate));
  }
  if (!certain.missing_in_ledger.empty()) {
    (void)co_await parts_.gate.remove(programme_id, activity_id, std::move(certain.missing_in_ledger), Unit::returns);
  }
}

}  // namespace zl::app
