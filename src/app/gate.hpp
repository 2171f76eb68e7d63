// Port: the gate, the Redis side that decides in microseconds. Its word is a hold, never a booking.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/outcome.hpp"
#include "base/time.hpp"
#include "domain/booking.hpp"
#include "domain/rules.hpp"

namespace zl::app {

namespace asio = boost::asio;

/// Orders what is known of seats, an activity's or a programme's: older knowledge never overrides newer.
struct GateVersion {
  std::uint64_t epoch = 0;   ///< which build of the gate
  std::uint64_t change = 0;  ///< number of these seats' changes since it was built

  auto operator<=>(const GateVersion&) const = default;
};

/// Seats of one activity at one version.
struct SeatCount {
  base::ActivityId activity_id;
  GateVersion version;
  int used = 0;  ///< holds and bookings together
  int capacity = 0;
};

/// The gate gave a unit of each quota line; the ledger has still to say yes.
struct Granted {
  domain::GrantNumber grant;
  domain::Receipt receipt;
  SeatCount seats;
  bool again = false;  ///< the id was held before; this is a new grant number for it
  /// How long before this decision a seat of the activity came back last while it was full; nothing where none has.
  std::optional<base::Milliseconds> back_since = {};
};

struct GateRefused {
  domain::Refusal refusal;
  SeatCount seats;
};

/// There is no gate, or it was built on another Redis: rebuild it before anything is granted.
struct GateLost {};

using GateDecision = std::variant<Granted, GateRefused, GateLost>;

/// Names one hold exactly; a change that names another grant number than the gate holds does nothing.
struct HoldRef {
  base::BookingId id;
  domain::GrantNumber grant;
};

struct ExpiredHold {
  HoldRef hold;
  base::ActivityId activity_id;
};

/// What happens to the activity's unit when a hold goes: `stays` where the ledger said full, for then the gate counted
/// too few.
enum class Unit { returns = 1, stays };

/// One activity as the gate counts it.
struct GateCount {
  SeatCount seats;
  std::int64_t pending = 0;  ///< holds that the ledger has not answered for
  int spare = 0;             ///< units that stayed used when the ledger was found full
};

struct GateSeats {
  GateVersion version;  ///< of the programme: all its activities' seats
  base::Instant now;    ///< by the gate's clock
  std::vector<GateCount> activities;
};

/// One who holds a seat of an activity, committed or not.
struct Holder {
  base::BookingId id;
  base::AttendeeId attendee_id;
  domain::GrantNumber grant;
  bool pending = false;
};

struct GateHolders {
  GateVersion version;
  std::optional<base::Instant> sold_out_at;  ///< when the last seat went, where known
  std::vector<Holder> holders;
};

/// A committed booking as the gate keeps it.
struct GateBooking {
  base::BookingId id;
  base::ActivityId activity_id;
  base::AttendeeId attendee_id;
  base::UserId user_id;
};

struct GateActivity {
  base::ActivityId id;
  int capacity = 0;
  base::Instant closes_at;
  std::vector<base::ActivityId> overlapping;
  std::uint64_t version = 0;  ///< in the ledger; orders what is known of the capacity
};

/// Everything a programme's gate is built from.
struct GateImage {
  base::ProgrammeId programme_id;
  std::uint64_t epoch = 0;
  std::uint64_t arrival = 0;  ///< the highest arrival number told so far; the gate counts on from it
  base::Instant opens_at;
  domain::Rules rules;
  std::vector<GateActivity> activities;  ///< the published ones
  std::vector<GateBooking> bookings;     ///< the active ones
};

/// The rush path. All calls may be unknown (no answer in time). Each runs on the caller's loop. Changes are idempotent.
class Gate {
 public:
  virtual ~Gate() = default;

  /// Decides a wish. Grants, or holds again where the id is held. `min_epoch` is the newest epoch the caller has seen
  /// of the programme: an older gate is lost. Refused: idempotency_conflict where the id is held for another wish,
  /// unavailable where nothing was sent. Unknown: it may be held, and the caller must never commit it; where the answer
  /// comes in the end, LateGrants is told.
  virtual asio::awaitable<base::Outcome<GateDecision>> book(const domain::BookingWish& wish,
                                                            std::uint64_t min_epoch) = 0;

  /// True where what was asked on this loop has waited for an answer so long that nothing more should be asked.
  virtual bool is_late(base::SteadyTime now) const = 0;

  /// The ledger has the booking: its hold has no deadline any more. Sent with this loop turn's other calls; a lost one
  /// is mended by the reconciler.
  virtual void confirm(const domain::BookingWish& wish) = 0;

  /// Takes holds out. Where the gate holds another grant of an id, nothing changes.
  virtual asio::awaitable<base::Outcome<base::Done>> remove(base::ProgrammeId programme_id,
                                                            base::ActivityId activity_id, std::vector<HoldRef> holds,
                                                            Unit unit) = 0;

  /// Takes a booking out that the ledger has cancelled, whatever its grant number.
  virtual asio::awaitable<base::Outcome<base::Done>> remove_cancelled(base::ProgrammeId programme_id,
                                                                      base::ActivityId activity_id,
                                                                      base::BookingId id) = 0;

  /// The version of all the programme's seats together: where it is the same, no count has changed. Nothing where the
  /// gate is lost.
  virtual asio::awaitable<base::Outcome<std::optional<GateVersion>>> version(base::ProgrammeId programme_id) = 0;

  /// Counts of these activities, without those that the gate does not know; nothing where the gate is lost.
  virtual asio::awaitable<base::Outcome<std::optional<GateSeats>>> seats(base::ProgrammeId programme_id,
                                                                         std::vector<base::ActivityId> activities) = 0;

  /// Who holds the seats of an activity; nothing where the gate is lost.
  virtual asio::awaitable<base::Outcome<std::optional<GateHolders>>> holders(base::ProgrammeId programme_id,
                                                                             base::ActivityId activity_id) = 0;

  /// The time by the gate's clock.
  virtual asio::awaitable<base::Outcome<base::Instant>> time() = 0;

  /// Tells every server process to poll the change feed now.
  virtual void announce_change() = 0;
};

/// What keeps gates true to the ledger. The same promises as `Gate`.
class GateUpkeep {
 public:
  virtual ~GateUpkeep() = default;

  /// Puts committed bookings in that the gate does not know.
  virtual asio::awaitable<base::Outcome<base::Done>> adopt(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                                           std::vector<GateBooking> bookings) = 0;

  /// Gives back units that stayed used, where there are exactly `count` of them.
  virtual asio::awaitable<base::Outcome<base::Done>> give_back_spare(base::ProgrammeId programme_id,
                                                                     base::ActivityId activity_id, int count) = 0;

  /// Holds past their deadline; also those whose deadline is further away than this process gives, as the gate's clock
  /// has gone back since.
  virtual asio::awaitable<base::Outcome<std::vector<ExpiredHold>>> expired_holds(
      base::ProgrammeId programme_id, std::vector<base::ActivityId> activities, std::size_t limit) = 0;

  /// Installs an image over an absent gate, an older epoch or one of another Redis; false where the gate is as new
  /// already.
  virtual asio::awaitable<base::Outcome<bool>> install(GateImage image) = 0;

  /// Sets an activity's capacity absolutely, as the ledger has it in that `version` of the activity; nothing happens
  /// where the gate follows a newer one. Refused: invalid_state where more is used, unavailable where the gate is lost.
  virtual asio::awaitable<base::Outcome<base::Done>> set_capacity(base::ProgrammeId programme_id,
                                                                  base::ActivityId activity_id, int capacity,
                                                                  std::uint64_t version) = 0;
};

/// A wish whose caller was told that nobody knows, and the hold that it got after all.
struct LateGrant {
  domain::BookingWish wish;
  domain::GrantNumber grant;
};

/// Is told, on the loop that asked, of new holds that came too late. Must not throw.
class LateGrants {
 public:
  virtual ~LateGrants() = default;
  virtual void on_late_grants(std::vector<LateGrant> grants) = 0;
};

/// What gates publish: a seat came back, or the last one went. Called on one of the loops.
class SeatNews {
 public:
  virtual ~SeatNews() = default;
  virtual void on_seats(const base::ProgrammeId& programme_id, const SeatCount& seats) = 0;
  /// The catalogue, an account or an attendee changed somewhere: poll the change feed now.
  virtual void on_change() = 0;
};

}  // namespace zl::app
