// The use case of the whole project: a parent presses the button.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/admission.hpp"
#include "app/attendee_cache.hpp"
#include "app/booking_ids.hpp"
#include "app/booking_ledger.hpp"
#include "app/catalogue.hpp"
#include "app/gate.hpp"
#include "app/gate_clock.hpp"
#include "app/gate_keeper.hpp"
#include "app/people_store.hpp"
#include "app/seat_watch.hpp"
#include "base/clock.hpp"
#include "runtime/metrics.hpp"

namespace zl::app {

struct Booked {
  domain::Booking booking;
  bool earlier = false;  ///< the same key had made it before
};

/// Booked, or refused for its rules with every rule known where it was decided.
using BookAnswer = std::variant<Booked, domain::Refusal>;

/// Latencies of the stages, in seconds.
struct BookingMetrics {
  runtime::Histogram& gate;
  runtime::Histogram& ledger;
  runtime::Counter& granted;
  std::array<runtime::Counter*, base::code_count + 1>
      refused;  ///< by the code that heads the refusal; the first is unused
  runtime::Counter& fenced;
  runtime::Counter& gate_too_generous;  ///< the ledger had no seat left for a grant; the reconciler looks into it
};

/// Stateless between calls; callable on any loop.
class Book {
 public:
  struct Parts {
    Gate& gate;
    BookingLedger& ledger;
    Admission& admission;
    PeopleStore& people;
    GateKeeper& keeper;
    SeatWatch& seats;
    AttendeeCache& attendees;
    const CatalogueHolder& catalogue;
    const GateClock& time;
    const BookingIds& ids;
    const base::Clock& clock;
    runtime::TaskGroup& group;
    BookingMetrics metrics;
    int offset_minutes;
  };

  explicit Book(Parts parts) : parts_(std::move(parts)) {}

  /// A wish that memory did not answer.
  class Underway;

  /// Refused: not_found (activity, attendee), overloaded, unavailable, idempotency_conflict. Unknown: the booking may
  /// exist, and the same call made again tells.
  asio::awaitable<base::Outcome<BookAnswer>> operator()(base::UserId user, base::ActivityId activity_id,
                                                        base::AttendeeId attendee_id, std::string idempotency_key,
                                                        Actor actor);

  /// The same in two steps. Most presses of a rush end with the first, which waits for nothing: it answers where memory
  /// may, says overloaded where there is no room, and else hands over what the second goes on with.
  std::variant<base::Outcome<BookAnswer>, Underway> begin(const base::UserId& user, const base::ActivityId& activity_id,
                                                          const base::AttendeeId& attendee_id,
                                                          std::string_view idempotency_key);
  asio::awaitable<base::Outcome<BookAnswer>> finish(Underway underway, Actor actor);

 private:
  void count(const base::Outcome<BookAnswer>& answer) const;

  /// What is needed of an activity after the first suspension, when the snapshot may be another one.
  struct Target {
    domain::BookingWish wish;
    std::shared_ptr<const domain::Programme> programme;
    std::shared_ptr<const ActivityEntry> entry;  ///< null where this process knows of no such activity
    Actor actor;
  };

  using Violations = std::vector<domain::Violation>;

  asio::awaitable<std::optional<base::Outcome<BookAnswer>>> read_first(Underway& underway);
  asio::awaitable<base::Outcome<AttendeeFacts>> read_facts(base::AttendeeId id, base::UserId user);
  Violations known_violations(const domain::BookingWish& wish, const ActivityEntry& entry, base::Date birth_date,
                              base::SteadyTime now) const;
  /// Nothing where the gate has to decide after all.
  asio::awaitable<std::optional<base::Outcome<BookAnswer>>> refuse_after_reading(const Target& target,
                                                                                 base::Date birth_date,
                                                                                 Violations violations);
  asio::awaitable<base::Outcome<BookAnswer>> refuse_unknown(domain::BookingWish wish);
  asio::awaitable<std::optional<base::Outcome<BookAnswer>>> told_before(domain::BookingWish wish);
  BookAnswer refusal_of_memory(const ActivityEntry& entry, Violations violations, base::SteadyTime now) const;
  asio::awaitable<base::Outcome<GateDecision>> ask_gate(const Target& target);
  asio::awaitable<base::Outcome<BookAnswer>> commit(const Target& target, Granted granted, runtime::CountGuard place,
                                                    bool may_ask_again);
  /// How long the answer to a grant has still to wait for.
  std::optional<base::Milliseconds> old_marks_left(const Granted& granted, base::SteadyTime granted_at) const;
  asio::awaitable<std::optional<LedgerBooked>> booked_before(domain::BookingWish wish);
  asio::awaitable<void> give_back(domain::BookingWish wish, domain::GrantNumber grant, Unit unit);
  domain::Refusal refusal_of_ledger(const Target& target, std::vector<domain::Violation> violations,
                                    const domain::Receipt& receipt) const;

  Parts parts_;
};

class Book::Underway {
 private:
  friend Book;
  Target target_;
  std::optional<base::Date> birth_date_;      ///< nothing where the store has to be asked
  Violations violations_;                     ///< known ones that may not be told before the stores were asked
  std::optional<runtime::CountGuard> place_;  ///< nothing where the gate may not have to be asked
};

}  // namespace zl::app
