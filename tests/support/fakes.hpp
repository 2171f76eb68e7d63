// In-memory stores behind the ports of app: models that behave as the real ones promise, and calls that fare as the
// test says. Everything runs on the caller's loop; nothing waits for real time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/booking_ledger.hpp"
#include "app/catalogue_store.hpp"
#include "app/gate.hpp"
#include "app/people_store.hpp"
#include "app/reconcile.hpp"
#include "base/clock.hpp"
#include "runtime/guard.hpp"
#include "support/fate.hpp"
#include "support/gate_model.hpp"
#include "support/ledger_model.hpp"

namespace zl::test {

template <class T>
using Answer = boost::asio::awaitable<base::Outcome<T>>;

/// Its time is the clock's wall time.
class FakeGate final : public app::Gate, public app::GateUpkeep {
 public:
  FakeGate(const base::Clock& clock, Trace& trace, base::Milliseconds hold_ttl);

  Answer<app::GateDecision> book(const domain::BookingWish& wish, std::uint64_t min_epoch) override;
  bool is_late(base::SteadyTime) const override { return late; }
  void confirm(const domain::BookingWish& wish) override;
  Answer<base::Done> remove(base::ProgrammeId programme_id, base::ActivityId activity_id,
                            std::vector<app::HoldRef> holds, app::Unit unit) override;
  Answer<base::Done> remove_cancelled(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                      base::BookingId id) override;
  Answer<std::optional<app::GateVersion>> version(base::ProgrammeId programme_id) override;
  Answer<std::optional<app::GateSeats>> seats(base::ProgrammeId programme_id,
                                              std::vector<base::ActivityId> activities) override;
  Answer<std::optional<app::GateHolders>> holders(base::ProgrammeId programme_id,
                                                  base::ActivityId activity_id) override;
  Answer<base::Instant> time() override;
  void announce_change() override;

  Answer<base::Done> adopt(base::ProgrammeId programme_id, base::ActivityId activity_id,
                           std::vector<app::GateBooking> bookings) override;
  Answer<base::Done> give_back_spare(base::ProgrammeId programme_id, base::ActivityId activity_id, int count) override;
  Answer<std::vector<app::ExpiredHold>> expired_holds(base::ProgrammeId programme_id,
                                                      std::vector<base::ActivityId> activities,
                                                      std::size_t limit) override;
  Answer<bool> install(app::GateImage image) override;
  Answer<base::Done> set_capacity(base::ProgrammeId programme_id, base::ActivityId activity_id, int capacity,
                                  std::uint64_t version) override;

  const base::Clock& clock;
  bool late = false;
  GateModel model;
  Calls book_calls;
  Calls confirm_calls;
  Calls remove_calls;
  Calls remove_cancelled_calls;
  Calls version_calls;
  Calls seats_calls;
  Calls holders_calls;
  Calls time_calls;
  Calls announce_calls;
  Calls adopt_calls;
  Calls give_back_spare_calls;
  Calls expired_calls;
  Calls install_calls;
  Calls set_capacity_calls;
  std::vector<app::Unit> removed_units;                 ///< of each call of remove
  std::vector<std::vector<app::HoldRef>> removed_refs;  ///< of each call of remove
  std::vector<std::uint64_t> min_epochs;                ///< of each call of book
};

class FakeLedger final : public app::BookingLedger {
 public:
  FakeLedger(Trace& trace, std::size_t place_limit);

  std::optional<runtime::CountGuard> take_place(const base::ProgrammeId& programme_id, app::Turn turn) override;
  Answer<app::LedgerAnswer> book(runtime::CountGuard place, app::LedgerItem item) override;
  Answer<app::Cancelled> cancel(const base::BookingId& id, const base::ProgrammeId& programme_id,
                                const app::Actor& actor, base::Instant now) override;
  Answer<std::optional<domain::Booking>> find(const base::BookingId& id) override;
  Answer<app::BookingPage> of_user(const base::UserId& user_id, std::optional<base::BookingId> after,
                                   std::size_t limit) override;
  Answer<std::vector<app::FencedHold>> fence(const base::ProgrammeId& programme_id,
                                             const std::vector<app::ExpiredHold>& holds) override;
  Answer<app::GateImage> rebuild_image(const base::ProgrammeId& programme_id) override;
  Answer<std::vector<app::SeatsTaken>> seats_taken(const base::ProgrammeId& programme_id) override;
  Answer<std::vector<app::GateBooking>> active_bookings(const base::ActivityId& activity_id) override;

  LedgerModel model;
  runtime::BoundedCount places;
  std::vector<app::Turn> turns;  ///< of each call of take_place
  Calls place_calls;
  Calls book_calls;
  Calls cancel_calls;
  Calls find_calls;
  Calls of_user_calls;
  Calls fence_calls;
  Calls image_calls;
  Calls taken_calls;
  Calls active_calls;
};

/// Knows facts of attendees; nothing else of people is asked for by the engine.
class FakePeople final : public app::PeopleStore {
 public:
  explicit FakePeople(Trace& trace) : facts_calls(trace, "people.facts") {}

  Answer<std::optional<app::AttendeeFacts>> facts(const base::AttendeeId& id) override;

  Answer<domain::User> sign_in(const std::string& openid, const std::string& nickname) override;
  Answer<std::optional<domain::User>> find_user(const base::UserId& id) override;
  Answer<std::vector<domain::Attendee>> attendees_of(const base::UserId& user_id) override;
  Answer<app::Created<domain::Attendee>> create_attendee(const base::UserId& user_id, const domain::Attendee& attendee,
                                                         const app::Actor& actor,
                                                         std::optional<app::CreationMark> mark) override;
  Answer<domain::Attendee> update_attendee(const base::UserId& user_id, const domain::Attendee& attendee,
                                           std::uint64_t expected_version, const app::Actor& actor) override;
  Answer<base::Done> delete_attendee(const base::UserId& user_id, const base::AttendeeId& id,
                                     const app::Actor& actor) override;

  std::map<base::AttendeeId, app::AttendeeFacts> known;
  Calls facts_calls;
};

/// The reconciler's turn, as the test says.
class FakeLease final : public app::ReconcilerLease {
 public:
  explicit FakeLease(Trace& trace) : hold_calls(trace, "lease.hold") {}

  Answer<bool> hold() override {
    return serve<bool>(hold_calls, [this] { return base::Outcome<bool>(mine); });
  }

  bool mine = true;
  Calls hold_calls;
};

}  // namespace zl::test
