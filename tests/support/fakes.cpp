#include "support/fakes.hpp"

#include <algorithm>

namespace zl::test {
namespace {

template <class T>
Answer<T> not_served() {
  co_return base::Refused{base::Code::internal, "the fake does not know this call", {}, 0};
}

}  // namespace

FakeGate::FakeGate(const base::Clock& with_clock, Trace& trace, base::Milliseconds hold_ttl)
    : clock(with_clock),
      model(hold_ttl),
      book_calls(trace, "gate.book"),
      confirm_calls(trace, "gate.confirm"),
      remove_calls(trace, "gate.remove"),
      remove_cancelled_calls(trace, "gate.remove_cancelled"),
      version_calls(trace, "gate.version"),
      seats_calls(trace, "gate.seats"),
      holders_calls(trace, "gate.holders"),
      time_calls(trace, "gate.time"),
      announce_calls(trace, "gate.announce_change"),
      adopt_calls(trace, "gate.adopt"),
      give_back_spare_calls(trace, "gate.give_back_spare"),
      expired_calls(trace, "gate.expired_holds"),
      install_calls(trace, "gate.install"),
      set_capacity_calls(trace, "gate.set_capacity") {}

Answer<app::GateDecision> FakeGate::book(const domain::BookingWish& wish, std::uint64_t min_epoch) {
  min_epochs.push_back(min_epoch);
  return serve<app::GateDecision>(book_calls,
                                  [this, wish, min_epoch] { return model.book(wish, min_epoch, clock.wall_now()); });
}

void FakeGate::confirm(const domain::BookingWish& wish) {
  if (confirm_calls.arrive() == Fate::served) model.confirm(wish);
}

Answer<base::Done> FakeGate::remove(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                    std::vector<app::HoldRef> holds, app::Unit unit) {
  removed_units.push_back(unit);
  removed_refs.push_back(holds);
  return serve<base::Done>(remove_calls, [this, programme_id, activity_id, refs = std::move(holds), unit] {
    return model.remove(programme_id, activity_id, refs, unit);
  });
}

Answer<base::Done> FakeGate::remove_cancelled(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                              base::BookingId id) {
  return serve<base::Done>(remove_cancelled_calls, [this, programme_id, activity_id, id] {
    return model.remove_cancelled(programme_id, activity_id, id);
  });
}

Answer<std::optional<app::GateVersion>> FakeGate::version(base::ProgrammeId programme_id) {
  return serve<std::optional<app::GateVersion>>(version_calls,
                                                [this, programme_id] { return model.version(programme_id); });
}

Answer<std::optional<app::GateSeats>> FakeGate::seats(base::ProgrammeId programme_id,
                                                      std::vector<base::ActivityId> activities) {
  return serve<std::optional<app::GateSeats>>(seats_calls, [this, programme_id, ids = std::move(activities)] {
    return model.seats(programme_id, ids, clock.wall_now());
  });
}

Answer<std::optional<app::GateHolders>> FakeGate::holders(base::ProgrammeId programme_id,
                                                          base::ActivityId activity_id) {
  return serve<std::optional<app::GateHolders>>(
      holders_calls, [this, programme_id, activity_id] { return model.holders(programme_id, activity_id); });
}

Answer<base::Instant> FakeGate::time() {
  return serve<base::Instant>(time_calls, [this] { return base::Outcome<base::Instant>(clock.wall_now()); });
}

void FakeGate::announce_change() {
  announce_calls.arrive();
}

Answer<base::Done> FakeGate::adopt(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                   std::vector<app::GateBooking> bookings) {
  return serve<base::Done>(adopt_calls, [this, programme_id, activity_id, adopted = std::move(bookings)] {
    return model.adopt(programme_id, activity_id, adopted);
  });
}

Answer<base::Done> FakeGate::give_back_spare(base::ProgrammeId programme_id, base::ActivityId activity_id, int count) {
  return serve<base::Done>(give_back_spare_calls, [this, programme_id, activity_id, count] {
    return model.give_back_spare(programme_id, activity_id, count);
  });
}

Answer<std::vector<app::ExpiredHold>> FakeGate::expired_holds(base::ProgrammeId programme_id,
                                                              std::vector<base::ActivityId> activities,
                                                              std::size_t limit) {
  return serve<std::vector<app::ExpiredHold>>(expired_calls, [this, programme_id, ids = std::move(activities), limit] {
    return model.expired_holds(programme_id, ids, limit, clock.wall_now());
  });
}

Answer<bool> FakeGate::install(app::GateImage image) {
  return serve<bool>(install_calls, [this, installed = std::move(image)] { return model.install(installed); });
}

Answer<base::Done> FakeGate::set_capacity(base::ProgrammeId programme_id, base::ActivityId activity_id, int capacity,
                                          std::uint64_t version) {
  return serve<base::Done>(set_capacity_calls, [this, programme_id, activity_id, capacity, version] {
    return model.set_capacity(programme_id, activity_id, capacity, version);
  });
}

FakeLedger::FakeLedger(Trace& trace, std::size_t place_limit)
    : places(place_limit),
      place_calls(trace, "ledger.place"),
      book_calls(trace, "ledger.book"),
      cancel_calls(trace, "ledger.cancel"),
      find_calls(trace, "ledger.find"),
      of_user_calls(trace, "ledger.of_user"),
      fence_calls(trace, "ledger.fence"),
      image_calls(trace, "ledger.rebuild_image"),
      taken_calls(trace, "ledger.seats_taken"),
      active_calls(trace, "ledger.active_bookings") {}

std::optional<runtime::CountGuard> FakeLedger::take_place(const base::ProgrammeId&, app::Turn turn) {
  turns.push_back(turn);
  if (place_calls.arrive() != Fate::served) return std::nullopt;
  return places.try_take();
}

Answer<app::LedgerAnswer> FakeLedger::book(runtime::CountGuard place, app::LedgerItem item) {
  // The place is kept until the answer: it is a place in the queue that the real writers work off.
  const runtime::CountGuard kept = std::move(place);
  co_return co_await serve<app::LedgerAnswer>(book_calls,
                                              [this, booked = std::move(item)] { return model.book(booked); });
}

Answer<app::Cancelled> FakeLedger::cancel(const base::BookingId& id, const base::ProgrammeId&, const app::Actor&,
                                          base::Instant now) {
  return serve<app::Cancelled>(cancel_calls, [this, id, now] { return model.cancel(id, now); });
}

Answer<std::optional<domain::Booking>> FakeLedger::find(const base::BookingId& id) {
  using Found = std::optional<domain::Booking>;
  return serve<Found>(find_calls, [this, id] {
    const domain::Booking* booking = model.find(id);
    return base::Outcome<Found>(booking == nullptr ? Found() : Found(*booking));
  });
}

Answer<app::BookingPage> FakeLedger::of_user(const base::UserId& user_id, std::optional<base::BookingId> after,
                                             std::size_t limit) {
  return serve<app::BookingPage>(of_user_calls, [this, user_id, after, limit] {
    std::vector<domain::Booking> items = model.of_user(user_id);
    if (after) {
      const auto last = std::ranges::find(items, *after, &domain::Booking::id);
      items.erase(items.begin(), last == items.end() ? last : last + 1);
    }
    const bool more = items.size() > limit;
    if (more) items.resize(limit);
    return base::Outcome<app::BookingPage>(app::BookingPage{std::move(items), more});
  });
}

Answer<std::vector<app::FencedHold>> FakeLedger::fence(const base::ProgrammeId&,
                                                       const std::vector<app::ExpiredHold>& holds) {
  using Fenced = std::vector<app::FencedHold>;
  return serve<Fenced>(fence_calls, [this, holds] { return base::Outcome<Fenced>(model.fence(holds)); });
}

Answer<app::GateImage> FakeLedger::rebuild_image(const base::ProgrammeId& programme_id) {
  return serve<app::GateImage>(image_calls, [this, programme_id] { return model.rebuild_image(programme_id); });
}

Answer<std::vector<app::SeatsTaken>> FakeLedger::seats_taken(const base::ProgrammeId& programme_id) {
  using Taken = std::vector<app::SeatsTaken>;
  return serve<Taken>(taken_calls,
                      [this, programme_id] { return base::Outcome<Taken>(model.seats_taken(programme_id)); });
}

Answer<std::vector<app::GateBooking>> FakeLedger::active_bookings(const base::ActivityId& activity_id) {
  using Active = std::vector<app::GateBooking>;
  return serve<Active>(active_calls,
                       [this, activity_id] { return base::Outcome<Active>(model.active_bookings(activity_id)); });
}

Answer<std::optional<app::AttendeeFacts>> FakePeople::facts(const base::AttendeeId& id) {
  using Found = std::optional<app::AttendeeFacts>;
  return serve<Found>(facts_calls, [this, id] {
    const auto found = known.find(id);
    return base::Outcome<Found>(found == known.end() ? Found() : Found(found->second));
  });
}

Answer<domain::User> FakePeople::sign_in(const std::string&, const std::string&) {
  return not_served<domain::User>();
}

Answer<std::optional<domain::User>> FakePeople::find_user(const base::UserId&) {
  return not_served<std::optional<domain::User>>();
}

Answer<std::vector<domain::Attendee>> FakePeople::attendees_of(const base::UserId&) {
  return not_served<std::vector<domain::Attendee>>();
}

Answer<app::Created<domain::Attendee>> FakePeople::create_attendee(const base::UserId&, const domain::Attendee&,
                                                                   const app::Actor&,
                                                                   std::optional<app::CreationMark>) {
  return not_served<app::Created<domain::Attendee>>();
}

Answer<domain::Attendee> FakePeople::update_attendee(const base::UserId&, const domain::Attendee&, std::uint64_t,
                                                     const app::Actor&) {
  return not_served<domain::Attendee>();
}

Answer<base::Done> FakePeople::delete_attendee(const base::UserId&, const base::AttendeeId&, const app::Actor&) {
  return not_served<base::Done>();
}

}  // namespace zl::test
