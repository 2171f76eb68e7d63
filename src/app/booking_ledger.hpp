// Port: the bookings in MySQL, the durable truth. Writes go through group-commit writers, sharded by programme.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/gate.hpp"
#include "base/id.hpp"
#include "base/outcome.hpp"
#include "base/time.hpp"
#include "domain/booking.hpp"
#include "domain/decision.hpp"
#include "domain/rules.hpp"
#include "runtime/guard.hpp"

namespace zl::app {

/// Who asked for a change, for the audit table.
struct Actor {
  base::AccountId id;
  std::string role;  ///< "user" or a staff role's wire name
  std::string address;
  std::string request_id;
};

/// What the writers need to know of an activity to decide once more inside the transaction. Shared, immutable.
struct ActivityPolicy {
  domain::Rules rules;
  domain::OverlapSet overlapping;
};

/// A grant on its way into a transaction.
struct LedgerItem {
  domain::BookingWish wish;
  domain::GrantNumber grant;
  domain::Receipt receipt;
  std::shared_ptr<const ActivityPolicy> policy;
  Actor actor;
};

/// The booking exists: made now, or earlier by the same id (then it may be cancelled by now).
struct LedgerBooked {
  domain::Booking booking;
  bool earlier = false;
};
/// The rules say no, by what is committed.
struct LedgerRefused {
  std::vector<domain::Violation> violations;
};
/// The ledger has no seat left: the gate was wrong.
struct LedgerFull {};
/// The activity takes no bookings any more (cancelled).
struct LedgerClosed {};
/// The grant is older than the activity's fence: ask the gate again.
struct LedgerFenced {};

using LedgerAnswer = std::variant<LedgerBooked, LedgerRefused, LedgerFull, LedgerClosed, LedgerFenced>;

struct Cancelled {
  domain::Booking booking;
  bool earlier = false;  ///< it was cancelled already
};

/// What a gate is rebuilt from, and what is known of whom in the ledger.
struct FencedHold {
  HoldRef hold;
  bool committed = false;
};

struct SeatsTaken {
  base::ActivityId activity_id;
  int seats_taken = 0;
  int capacity = 0;
  std::uint64_t version = 0;  ///< of the activity with this capacity
  std::uint64_t epoch = 0;    ///< the programme's newest: what a gate of an older one grants can not commit
};

struct BookingPage {
  std::vector<domain::Booking> items;
  bool more = false;
};

/// Whose turn it is in a queue that fills up: the last part of it is kept for those who come again.
enum class Turn { first = 1, again };

class BookingLedger {
 public:
  virtual ~BookingLedger() = default;

  /// A place in the programme's writer queue, to be taken before the gate is asked; nothing where the queue is so long
  /// that the wait would be.
  virtual std::optional<runtime::CountGuard> take_place(const base::ProgrammeId& programme_id, Turn turn) = 0;

  /// Joins the next group commit. Unknown: the row may exist, and only a call with the same id can tell.
  virtual asio::awaitable<base::Outcome<LedgerAnswer>> book(runtime::CountGuard place, LedgerItem item) = 0;

  /// Cancels a booking and gives its seat back, once, through the same queue. Refused: not_found, overloaded.
  virtual asio::awaitable<base::Outcome<Cancelled>> cancel(const base::BookingId& id,
                                                           const base::ProgrammeId& programme_id, const Actor& actor,
                                                           base::Instant now) = 0;

  /// Nothing where there is no such row.
  virtual asio::awaitable<base::Outcome<std::optional<domain::Booking>>> find(const base::BookingId& id) = 0;

  /// A user's bookings, newest first; `after` is the last id of the page before.
  virtual asio::awaitable<base::Outcome<BookingPage>> of_user(const base::UserId& user_id,
                                                              std::optional<base::BookingId> after,
                                                              std::size_t limit) = 0;

  /// Raises each activity's fence to its newest hold and tells, in the same transaction, which of them are committed.
  virtual asio::awaitable<base::Outcome<std::vector<FencedHold>>> fence(const base::ProgrammeId& programme_id,
                                                                        const std::vector<ExpiredHold>& holds) = 0;

  /// Counts the programme's epoch up, fences everything older, and reads rules, activities and active bookings, in one
  /// transaction. Refused{not_found} where the programme has no published activity.
  virtual asio::awaitable<base::Outcome<GateImage>> rebuild_image(const base::ProgrammeId& programme_id) = 0;

  virtual asio::awaitable<base::Outcome<std::vector<SeatsTaken>>> seats_taken(
      const base::ProgrammeId& programme_id) = 0;

  /// Active bookings of an activity, for a comparison by ids.
  virtual asio::awaitable<base::Outcome<std::vector<GateBooking>>> active_bookings(
      const base::ActivityId& activity_id) = 0;
};

}  // namespace zl::app
