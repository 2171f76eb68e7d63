#include "support/ledger_model.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace zl::test {

void LedgerModel::put(const domain::Programme& programme) {
  programmes_[programme.id].content = programme;
}

void LedgerModel::put(const domain::Activity& activity) {
  activities_[activity.id].content = activity;
}

const domain::Booking* LedgerModel::find(const base::BookingId& id) const {
  const auto found = std::ranges::find(bookings_, id, &domain::Booking::id);
  return found == bookings_.end() ? nullptr : &*found;
}

int LedgerModel::taken(const base::ActivityId& id) const {
  return static_cast<int>(std::ranges::count_if(
      bookings_, [&id](const auto& b) { return b.activity_id == id && domain::is_active(b.state); }));
}

std::vector<domain::Violation> LedgerModel::violations(const app::LedgerItem& item) const {
  std::vector<domain::HeldBooking> held;
  for (const domain::Booking& b : bookings_) {
    if (!domain::is_active(b.state) || b.programme_id != item.wish.programme_id) continue;
    if (b.attendee_id != item.wish.attendee_id && b.user_id != item.wish.user_id) continue;
    held.push_back({b.id, b.activity_id, b.attendee_id, b.user_id});
  }
  std::vector<domain::Violation> out;
  domain::check_held(item.policy->rules, item.policy->overlapping, item.wish.activity_id, item.wish.attendee_id,
                     item.wish.user_id, held, out);
  return out;
}

base::Outcome<app::LedgerAnswer> LedgerModel::book(const app::LedgerItem& item) {
  const domain::BookingWish& wish = item.wish;
  if (const domain::Booking* known = find(wish.id)) {
    const bool same = known->activity_id == wish.activity_id && known->attendee_id == wish.attendee_id;
    if (!same) return base::Code::idempotency_conflict;
    return app::LedgerAnswer(app::LedgerBooked{*known, true});
  }
  const Activity& wanted = activities_.at(wish.activity_id);
  if (!wanted.open) return app::LedgerAnswer(app::LedgerClosed{});
  if (wanted.fence >= item.grant) return app::LedgerAnswer(app::LedgerFenced{});
  std::vector<domain::Violation> broken = violations(item);
  if (!broken.empty()) return app::LedgerAnswer(app::LedgerRefused{std::move(broken)});
  if (taken(wish.activity_id) >= wanted.content.capacity) return app::LedgerAnswer(app::LedgerFull{});

  domain::Booking booking{wish.id,
                          domain::BookingState::confirmed,
                          wish.activity_id,
                          wish.programme_id,
                          wish.attendee_id,
                          wish.user_id,
                          item.receipt.decided_at,
                          {},
                          item.receipt};
  bookings_.push_back(booking);
  std::uint64_t& arrival = programmes_.at(wish.programme_id).arrival;
  arrival = std::max(arrival, item.receipt.arrival.value_or(0));
  return app::LedgerAnswer(app::LedgerBooked{std::move(booking), false});
}

base::Outcome<app::Cancelled> LedgerModel::cancel(const base::BookingId& id, base::Instant now) {
  const auto found = std::ranges::find(bookings_, id, &domain::Booking::id);
  if (found == bookings_.end()) return base::Code::not_found;
  if (!domain::is_active(found->state)) return app::Cancelled{*found, true};
  found->state = domain::BookingState::cancelled;
  found->cancelled_at = now;
  return app::Cancelled{*found, false};
}

std::vector<app::FencedHold> LedgerModel::fence(const std::vector<app::ExpiredHold>& holds) {
  std::vector<app::FencedHold> fenced;
  for (const app::ExpiredHold& expired : holds) {
    Activity& of = activities_.at(expired.activity_id);
    of.fence = std::max(of.fence, expired.hold.grant);
    const domain::Booking* booking = find(expired.hold.id);
    fenced.push_back({expired.hold, booking != nullptr && domain::is_active(booking->state)});
  }
  return fenced;
}

void LedgerModel::fence_programme(const base::ProgrammeId& programme_id) {
  Programme& owner = programmes_.at(programme_id);
  ++owner.epoch;
  for (auto& [id, activity] : activities_) {
    if (activity.content.programme_id != programme_id) continue;
    activity.fence = std::max(activity.fence, domain::GrantNumber::of(owner.epoch, 0));
  }
}

base::Outcome<app::GateImage> LedgerModel::rebuild_image(const base::ProgrammeId& programme_id) {
  const auto found = programmes_.find(programme_id);
  if (found == programmes_.end()) return base::Code::not_found;
  Programme& owner = found->second;
  app::GateImage image;
  image.programme_id = programme_id;
  image.opens_at = owner.content.opens_at;
  image.rules = owner.content.rules;
  std::vector<const domain::Activity*> published;
  for (const auto& [id, activity] : activities_) {
    const bool counts = activity.open && activity.content.programme_id == programme_id &&
                        activity.content.publication == domain::Publication::published;
    if (counts) published.push_back(&activity.content);
  }
  if (published.empty()) return base::Code::not_found;
  fence_programme(programme_id);
  image.epoch = owner.epoch;
  image.arrival = owner.arrival;
  for (const domain::Activity* content : published) {
    image.activities.push_back({content->id, content->capacity, domain::booking_ends_at(owner.content, *content),
                                domain::overlapping_activities(*content, published), content->version});
    std::ranges::copy(active_bookings(content->id), std::back_inserter(image.bookings));
  }
  return image;
}

std::vector<app::SeatsTaken> LedgerModel::seats_taken(const base::ProgrammeId& programme_id) const {
  std::vector<app::SeatsTaken> rows;
  for (const auto& [id, activity] : activities_) {
    if (activity.content.programme_id != programme_id) continue;
    rows.push_back({id, taken(id), activity.content.capacity, activity.content.version, epoch(programme_id)});
  }
  return rows;
}

std::vector<app::GateBooking> LedgerModel::active_bookings(const base::ActivityId& activity_id) const {
  std::vector<app::GateBooking> active;
  for (const domain::Booking& b : bookings_) {
    if (b.activity_id != activity_id || !domain::is_active(b.state)) continue;
    active.push_back({b.id, b.activity_id, b.attendee_id, b.user_id});
  }
  return active;
}

std::vector<domain::Booking> LedgerModel::of_user(const base::UserId& user_id) const {
  std::vector<domain::Booking> items;
  std::ranges::copy_if(bookings_, std::back_inserter(items), [&](const auto& b) { return b.user_id == user_id; });
  std::ranges::reverse(items);
  return items;
}

std::string LedgerModel::fault() const {
  for (const auto& [id, activity] : activities_) {
    if (taken(id) > activity.content.capacity) return "activity " + id.hex() + " is oversold";
    std::set<base::AttendeeId> attendees;
    for (const app::GateBooking& booking : active_bookings(id)) {
      if (!attendees.insert(booking.attendee_id).second) return "an attendee holds " + id.hex() + " twice";
    }
  }
  return {};
}

}  // namespace zl::test
