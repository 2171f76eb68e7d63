// What this process knows of one activity's seats, from gate replies, news and polls. Old knowledge lapses.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <vector>

#include "app/gate.hpp"
#include "base/clock.hpp"
#include "base/id.hpp"

namespace zl::app {

/// Who held the seats of a sold-out activity at one version. Immutable.
struct HolderSet {
  GateVersion version;
  std::optional<base::Instant> sold_out_at;
  std::unordered_set<base::BookingId> bookings;
  std::unordered_set<base::AttendeeId> attendees;
  bool provisional = false;  ///< some only hold: a seat may come back that the ledger never gave
};

/// A refusal that memory may give: the activity is sold out, and neither the booking nor the attendee holds one of its
/// seats.
struct KnownSoldOut {
  std::optional<base::Instant> sold_out_at;
};

/// A sold-out mark lapses when it was not refreshed for this long. Who gets a seat that came back meanwhile is told so
/// only afterwards (see Book), or a process that is cut off could deny them what they have been told.
inline constexpr base::Milliseconds sold_out_lapse{1000};

/// Provisional holders are fetched again no sooner than this.
inline constexpr base::Milliseconds provisional_pause{50};

/// Thread-safe. All times are steady, by the caller's clock.
class SeatState {
 public:
  /// Takes a count over unless something newer is known. The same version again refreshes what is known. `now` is no
  /// later than the moment the count is of.
  void learn(const SeatCount& seats, base::SteadyTime now);

  /// The same of a count that says nothing of its moment: what is known grows no younger by it.
  void hear(const SeatCount& seats);

  /// Takes the holders over where they are of the version that is known, or of a newer one.
  void learn_holders(std::shared_ptr<const HolderSet> holders, base::SteadyTime now);

  /// True, once per version, when the activity is known to be sold out and its holders are still to be fetched; for
  /// provisional holders again after a while, for they become final without a new version.
  bool claim_fetch();
  /// The fetch failed: somebody else may try.
  void abandon_fetch();

  /// Nothing while the holders are provisional, or fewer than the seats: what may come back is the gate's to tell.
  std::optional<KnownSoldOut> known_sold_out(const base::BookingId& booking, const base::AttendeeId& attendee,
                                             base::SteadyTime now) const;

  /// Seats that nobody holds by the newest count; nothing before the first. Takes no lock: lists ask for many.
  std::optional<int> remaining() const {
    const int known = remaining_.load(std::memory_order_relaxed);
    return known == not_counted ? std::nullopt : std::optional(known);
  }
  std::uint64_t epoch() const;

  /// Somebody asked for the activity: its programme is worth polling for a while.
  void touch(base::SteadyTime now) { touched_ns_.store(now.time_since_epoch().count(), std::memory_order_relaxed); }
  base::SteadyTime touched_at() const {
    return base::SteadyTime(base::SteadyTime::duration(touched_ns_.load(std::memory_order_relaxed)));
  }

 private:
  static constexpr int not_counted = -1;

  bool take(const SeatCount& seats);

  // Beside each other, as lists use both.
  std::atomic<base::SteadyTime::rep> touched_ns_ = 0;
  std::atomic<int> remaining_ = not_counted;

  mutable std::mutex mutex_;
  // Under mutex_:
  std::optional<SeatCount> count_;
  std::shared_ptr<const HolderSet> holders_;
  base::SteadyTime refreshed_at_{};
  base::SteadyTime fetched_at_{};
  std::optional<GateVersion> fetching_;
};

}  // namespace zl::app
