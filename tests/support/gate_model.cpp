#include "support/gate_model.hpp"

#include <algorithm>
#include <utility>

namespace zl::test {
namespace {

base::Refused lost() {
  return {base::Code::unavailable, "the gate is lost", {}, 1};
}

template <class Holds>
auto find_hold(Holds& holds, const base::BookingId& id) {
  return std::ranges::find_if(holds, [&id](const auto& hold) { return hold.wish.id == id; });
}

/// Of a booking that the ledger told of: its receipt stands there, not here.
GateModel::Hold committed_hold(const domain::BookingWish& wish, std::uint64_t epoch) {
  domain::Receipt none;
  none.arrival = 0;
  none.remaining = 0;
  return {wish, domain::GrantNumber::of(epoch, 0), none, false, {}};
}

}  // namespace

GateModel::Programme* GateModel::programme(base::ProgrammeId id) {
  const auto found = programmes_.find(id);
  return found == programmes_.end() ? nullptr : &found->second;
}

const GateModel::Programme* GateModel::programme(base::ProgrammeId id) const {
  const auto found = programmes_.find(id);
  return found == programmes_.end() ? nullptr : &found->second;
}

GateModel::Activity* GateModel::activity(base::ProgrammeId programme_id, base::ActivityId activity_id) {
  Programme* owner = programme(programme_id);
  if (owner == nullptr) return nullptr;
  const auto found = owner->activities.find(activity_id);
  return found == owner->activities.end() ? nullptr : &found->second;
}

const GateModel::Hold* GateModel::hold(base::ProgrammeId programme_id, base::BookingId id) const {
  const Programme* owner = programme(programme_id);
  if (owner == nullptr) return nullptr;
  const auto found = find_hold(owner->holds, id);
  return found == owner->holds.end() ? nullptr : &*found;
}

app::SeatCount GateModel::count_of(const Programme& programme, const Activity& activity) {
  return {activity.setting.id, {programme.epoch, activity.change}, activity.used, activity.setting.capacity};
}

std::vector<domain::Violation> GateModel::violations(const Programme& programme, const Activity& activity,
                                                     const domain::BookingWish& wish, base::Instant now) const {
  std::vector<domain::Violation> out;
  if (now >= activity.setting.closes_at) {
    out.emplace_back(domain::Closed{activity.setting.closes_at});
  } else if (now < programme.opens_at) {
    out.emplace_back(domain::NotOpen{programme.opens_at});
  }
  struct Tally {
    int all = 0;
    int committed = 0;
  };
  Tally of_attendee;
  Tally of_user;
  bool others_pending = false;
  for (const Hold& hold : programme.holds) {
    const int committed = hold.pending ? 0 : 1;
    if (hold.wish.activity_id == wish.activity_id) others_pending = others_pending || hold.pending;
    if (hold.wish.user_id == wish.user_id) of_user = {of_user.all + 1, of_user.committed + committed};
    if (hold.wish.attendee_id != wish.attendee_id) continue;
    of_attendee = {of_attendee.all + 1, of_attendee.committed + committed};
    if (hold.wish.activity_id == wish.activity_id) {
      out.emplace_back(domain::AlreadyBooked{hold.wish.id, hold.pending});
    } else if (programme.rules.forbid_overlap &&
               std::ranges::find(activity.setting.overlapping, hold.wish.activity_id) !=
                   activity.setting.overlapping.end()) {
      out.emplace_back(domain::Overlaps{hold.wish.activity_id, hold.pending});
    }
  }
  const auto check_cap = [&out](domain::CapScope scope, std::optional<int> cap, const Tally& tally) {
    if (cap && tally.all >= *cap) {
      out.emplace_back(domain::LimitReached{scope, *cap, tally.all, tally.committed < *cap});
    }
  };
  check_cap(domain::CapScope::attendee, programme.rules.max_per_attendee, of_attendee);
  check_cap(domain::CapScope::user, programme.rules.max_per_user, of_user);
  if (activity.used >= activity.setting.capacity) {
    out.emplace_back(domain::SoldOut{activity.sold_out_at, others_pending || activity.spare > 0});
  }
  domain::sort_by_weight(out);
  return out;
}

base::Outcome<app::GateDecision> GateModel::book(const domain::BookingWish& wish, std::uint64_t min_epoch,
                                                 base::Instant now) {
  Programme* owner = programme(wish.programme_id);
  Activity* wanted = activity(wish.programme_id, wish.activity_id);
  if (wanted == nullptr || owner->epoch < min_epoch) return app::GateDecision(app::GateLost{});

  const auto held = find_hold(owner->holds, wish.id);
  if (held != owner->holds.end()) {
    const domain::BookingWish& first = held->wish;
    if (first.activity_id != wish.activity_id || first.attendee_id != wish.attendee_id ||
        first.user_id != wish.user_id) {
      return base::Code::idempotency_conflict;
    }
    held->grant = domain::GrantNumber::of(owner->epoch, ++owner->arrival);
    if (held->pending) held->deadline = std::max(held->deadline, now + hold_ttl_);
    return app::GateDecision(
        app::Granted{held->grant, held->receipt, count_of(*owner, *wanted), true, wanted->back_since});
  }

  std::vector<domain::Violation> broken = violations(*owner, *wanted, wish, now);
  domain::Receipt receipt;
  receipt.arrival = ++owner->arrival;
  receipt.decided_at = now;
  receipt.opens_at = owner->opens_at;
  if (!broken.empty()) {
    receipt.remaining = std::max(wanted->setting.capacity - wanted->used, 0);
    return app::GateDecision(app::GateRefused{{std::move(broken), receipt}, count_of(*owner, *wanted)});
  }
  ++wanted->used;
  ++wanted->change;
  receipt.remaining = wanted->setting.capacity - wanted->used;
  if (*receipt.remaining == 0) wanted->sold_out_at = now;
  const auto grant = domain::GrantNumber::of(owner->epoch, owner->arrival);
  owner->holds.push_back({wish, grant, receipt, true, now + hold_ttl_});
  return app::GateDecision(app::Granted{grant, receipt, count_of(*owner, *wanted), false, wanted->back_since});
}

void GateModel::confirm(const domain::BookingWish& wish) {
  Programme* owner = programme(wish.programme_id);
  if (owner == nullptr) return;
  const auto held = find_hold(owner->holds, wish.id);
  if (held != owner->holds.end() && held->wish.activity_id == wish.activity_id) held->pending = false;
}

base::Outcome<base::Done> GateModel::remove(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                            const std::vector<app::HoldRef>& holds, app::Unit unit) {
  Activity* of = activity(programme_id, activity_id);
  if (of == nullptr) return lost();
  int removed = 0;
  for (const app::HoldRef& ref : holds) {
    removed += static_cast<int>(std::erase_if(programme(programme_id)->holds, [&](const Hold& hold) {
      return hold.wish.id == ref.id && hold.grant == ref.grant && hold.wish.activity_id == activity_id;
    }));
  }
  if (removed == 0) return base::Done{};
  ++of->change;
  if (unit == app::Unit::stays) {
    of->spare += removed;
  } else {
    of->used -= removed;
    if (of->used < of->setting.capacity) of->sold_out_at.reset();
  }
  return base::Done{};
}

base::Outcome<base::Done> GateModel::remove_cancelled(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                                      base::BookingId id) {
  gone_.insert(id);
  const Hold* held = hold(programme_id, id);
  const domain::GrantNumber grant = held == nullptr ? domain::GrantNumber{} : held->grant;
  return remove(programme_id, activity_id, {{id, grant}}, app::Unit::returns);
}

base::Outcome<std::optional<app::GateVersion>> GateModel::version(base::ProgrammeId programme_id) const {
  using Answer = std::optional<app::GateVersion>;
  const Programme* owner = programme(programme_id);
  if (owner == nullptr) return Answer();
  app::GateVersion version{owner->epoch, 0};
  for (const auto& [id, activity] : owner->activities) version.change += activity.change;
  return Answer(version);
}

base::Outcome<std::optional<app::GateSeats>> GateModel::seats(base::ProgrammeId programme_id,
                                                              const std::vector<base::ActivityId>& activities,
                                                              base::Instant now) const {
  using Answer = std::optional<app::GateSeats>;
  const Programme* owner = programme(programme_id);
  if (owner == nullptr) return Answer();
  app::GateSeats seats{**version(programme_id), now, {}};
  for (const base::ActivityId& id : activities) {
    const auto found = owner->activities.find(id);
    if (found == owner->activities.end()) continue;
    const auto pending = std::ranges::count_if(
        owner->holds, [&id](const Hold& hold) { return hold.pending && hold.wish.activity_id == id; });
    seats.activities.push_back({count_of(*owner, found->second), pending, found->second.spare});
  }
  return Answer(std::move(seats));
}

base::Outcome<std::optional<app::GateHolders>> GateModel::holders(base::ProgrammeId programme_id,
                                                                  base::ActivityId activity_id) const {
  using Answer = std::optional<app::GateHolders>;
  const Programme* owner = programme(programme_id);
  if (owner == nullptr) return Answer();
  const auto found = owner->activities.find(activity_id);
  if (found == owner->activities.end()) return Answer();
  app::GateHolders holders{{owner->epoch, found->second.change}, found->second.sold_out_at, {}};
  for (const Hold& hold : owner->holds) {
    if (hold.wish.activity_id != activity_id) continue;
    holders.holders.push_back({hold.wish.id, hold.wish.attendee_id, hold.grant, hold.pending});
  }
  return Answer(std::move(holders));
}

base::Outcome<base::Done> GateModel::adopt(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                           const std::vector<app::GateBooking>& bookings) {
  Activity* of = activity(programme_id, activity_id);
  if (of == nullptr) return lost();
  Programme& owner = *programme(programme_id);
  bool changed = false;
  for (const app::GateBooking& booking : bookings) {
    if (hold(programme_id, booking.id) != nullptr || gone_.contains(booking.id)) continue;
    owner.holds.push_back(
        committed_hold({booking.id, activity_id, programme_id, booking.attendee_id, booking.user_id}, owner.epoch));
    (of->spare > 0 ? --of->spare : ++of->used);
    changed = true;
  }
  if (changed) ++of->change;
  return base::Done{};
}

base::Outcome<base::Done> GateModel::give_back_spare(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                                     int count) {
  Activity* of = activity(programme_id, activity_id);
  if (of == nullptr) return lost();
  if (of->spare != count) return base::Done{};
  ++of->change;
  of->used -= count;
  of->spare = 0;
  if (of->used < of->setting.capacity) of->sold_out_at.reset();
  return base::Done{};
}

base::Outcome<std::vector<app::ExpiredHold>> GateModel::expired_holds(base::ProgrammeId programme_id,
                                                                      const std::vector<base::ActivityId>& activities,
                                                                      std::size_t limit, base::Instant now) const {
  std::vector<app::ExpiredHold> expired;
  const Programme* owner = programme(programme_id);
  if (owner == nullptr) return expired;
  for (const base::ActivityId& id : activities) {
    for (const Hold& hold : owner->holds) {
      const bool over = hold.pending && hold.wish.activity_id == id && hold.deadline <= now;
      if (over && expired.size() < limit) expired.push_back({{hold.wish.id, hold.grant}, id});
    }
  }
  return expired;
}

base::Outcome<bool> GateModel::install(const app::GateImage& image) {
  const Programme* before = programme(image.programme_id);
  if (before != nullptr && before->epoch >= image.epoch) return false;
  Programme fresh{image.epoch, image.arrival, image.opens_at, image.rules, {}, {}};
  for (const app::GateActivity& setting : image.activities) {
    Activity& of = fresh.activities[setting.id];
    of.setting = setting;
    const Activity* old = before == nullptr ? nullptr : activity(image.programme_id, setting.id);
    if (old == nullptr || old->setting.version <= setting.version) continue;
    of.setting.capacity = old->setting.capacity;
    of.setting.version = old->setting.version;
  }
  for (const app::GateBooking& booking : image.bookings) {
    fresh.holds.push_back(committed_hold(
        {booking.id, booking.activity_id, image.programme_id, booking.attendee_id, booking.user_id}, image.epoch));
    ++fresh.activities[booking.activity_id].used;
  }
  programmes_[image.programme_id] = std::move(fresh);
  for (const app::GateBooking& booking : image.bookings) {
    if (gone_.contains(booking.id)) (void)remove_cancelled(image.programme_id, booking.activity_id, booking.id);
  }
  return true;
}

base::Outcome<base::Done> GateModel::set_capacity(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                                  int capacity, std::uint64_t version) {
  Activity* of = activity(programme_id, activity_id);
  if (of == nullptr) return lost();
  if (version < of->setting.version) return base::Done{};
  if (capacity < of->setting.capacity && of->used > capacity) return base::Code::invalid_state;
  of->setting.capacity = capacity;
  of->setting.version = version;
  ++of->change;
  if (of->used < capacity) of->sold_out_at.reset();
  return base::Done{};
}

std::string GateModel::fault() const {
  for (const auto& [programme_id, owner] : programmes_) {
    for (const auto& [id, activity] : owner.activities) {
      const auto held = std::ranges::count_if(
          owner.holds, [&activity_id = id](const Hold& hold) { return hold.wish.activity_id == activity_id; });
      if (activity.used != held + activity.spare) {
        return "activity " + id.hex() + ": " + std::to_string(activity.used) + " used, " + std::to_string(held) +
               " held, " + std::to_string(activity.spare) + " spare";
      }
    }
  }
  return {};
}

}  // namespace zl::test
