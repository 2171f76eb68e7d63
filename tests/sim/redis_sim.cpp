#include "sim/redis_sim.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace zl::sim {
namespace {

base::Refused lost() {
  return {base::Code::unavailable, "the gate is lost", {}, 1};
}

void forget_provisional(Bug bug, app::GateDecision& decision) {
  auto* refused = std::get_if<app::GateRefused>(&decision);
  if (refused == nullptr) return;
  for (domain::Violation& violation : refused->refusal.violations) {
    if (auto* sold_out = std::get_if<domain::SoldOut>(&violation)) {
      if (bug == Bug::sold_out_told_of_held_seats) sold_out->provisional = false;
    } else if (bug == Bug::held_told_as_booked) {
      if (auto* booked = std::get_if<domain::AlreadyBooked>(&violation)) booked->provisional = false;
      if (auto* limit = std::get_if<domain::LimitReached>(&violation)) limit->provisional = false;
      if (auto* overlap = std::get_if<domain::Overlaps>(&violation)) overlap->provisional = false;
    }
  }
}

}  // namespace

void RedisSim::crash() {
  up_ = false;
  setting_.trace.note(nobody, "redis", "crash");
}

void RedisSim::start(Survives what) {
  up_ = true;
  ++run_;
  setting_.trace.note(nobody, "redis", "start", static_cast<std::uint64_t>(what));
  if (what == Survives::everything) return;
  if (what == Survives::nothing) disk_ = {};
  gates_ = disk_.gates;
  built_on_ = disk_.built_on;
}

bool RedisSim::ours(std::uint64_t run, base::ProgrammeId programme) const {
  const auto built = built_on_.find(programme);
  return built != built_on_.end() && (built->second == run || setting_.bug == Bug::run_id_ignored);
}

const test::GateModel::Programme* RedisSim::standing(base::ProgrammeId programme) const {
  return up_ && ours(run_, programme) ? gates_.programme(programme) : nullptr;
}

void RedisSim::tell(base::ProgrammeId programme, base::ActivityId activity) {
  const auto seats = gates_.seats(programme, {activity}, now());
  if (seats && *seats && !(*seats)->activities.empty()) news_(programme, (*seats)->activities.front().seats);
}

base::Outcome<app::GateDecision> RedisSim::book(std::uint64_t run, const domain::BookingWish& wish,
                                                std::uint64_t min_epoch) {
  if (!ours(run, wish.programme_id)) return app::GateDecision(app::GateLost{});
  const base::Milliseconds behind(setting_.bug == Bug::opens_late ? 700 : 0);
  base::Outcome<app::GateDecision> decision = gates_.book(wish, min_epoch, now() - behind);
  if (decision) forget_provisional(setting_.bug, *decision);
  auto* granted = decision ? std::get_if<app::Granted>(&*decision) : nullptr;
  if (const auto back = came_back_.find(wish.activity_id); granted != nullptr && back != came_back_.end()) {
    granted->back_since = std::max(now() - back->second, base::Milliseconds(0));
  }
  if (granted != nullptr && !granted->again && granted->seats.used == granted->seats.capacity) {
    tell(wish.programme_id, wish.activity_id);
  }
  return decision;
}

/// Publishes where seats changed.
base::Outcome<base::Done> RedisSim::change(std::uint64_t run, base::ProgrammeId programme, base::ActivityId activity,
                                           const std::function<base::Outcome<base::Done>()>& how) {
  const test::GateModel::Activity* of = gates_.activity(programme, activity);
  if (!ours(run, programme) || of == nullptr) return lost();
  const std::uint64_t before = of->change;
  const bool was_full = of->used >= of->setting.capacity;
  base::Outcome<base::Done> done = how();
  if (of->change != before) tell(programme, activity);
  if (was_full && of->used < of->setting.capacity) came_back_[activity] = now();
  return done;
}

base::Outcome<base::Done> RedisSim::remove(std::uint64_t run, base::ProgrammeId programme, base::ActivityId activity,
                                           const std::vector<app::HoldRef>& holds, app::Unit unit) {
  return change(run, programme, activity, [&] { return gates_.remove(programme, activity, holds, unit); });
}

base::Outcome<base::Done> RedisSim::remove_cancelled(std::uint64_t run, base::ProgrammeId programme,
                                                     base::ActivityId activity, base::BookingId id) {
  const bool held = gates_.hold(programme, id) != nullptr;
  return change(run, programme, activity, [&] {
    if (!held && setting_.bug == Bug::seat_returned_by_count) {
      test::GateModel::Activity& of = *gates_.activity(programme, activity);
      ++of.change;
      if (of.used > 0) --of.used;
    }
    return gates_.remove_cancelled(programme, activity, id);
  });
}

base::Outcome<std::optional<app::GateVersion>> RedisSim::version(std::uint64_t run, base::ProgrammeId programme) const {
  if (!ours(run, programme)) return std::optional<app::GateVersion>();
  base::Outcome<std::optional<app::GateVersion>> version = gates_.version(programme);
  if (setting_.bug == Bug::seats_remembered && *version) (*version)->change = 0;
  return version;
}

base::Outcome<std::optional<app::GateSeats>> RedisSim::seats(std::uint64_t run, base::ProgrammeId programme,
                                                             const std::vector<base::ActivityId>& activities) const {
  if (!ours(run, programme)) return std::optional<app::GateSeats>();
  base::Outcome<std::optional<app::GateSeats>> seats = gates_.seats(programme, activities, now());
  if (setting_.bug == Bug::seats_remembered && *seats) (*seats)->version.change = 0;
  return seats;
}

base::Outcome<std::optional<app::GateHolders>> RedisSim::holders(std::uint64_t run, base::ProgrammeId programme,
                                                                 base::ActivityId activity) const {
  if (!ours(run, programme)) return std::optional<app::GateHolders>();
  return gates_.holders(programme, activity);
}

base::Outcome<base::Done> RedisSim::adopt(std::uint64_t run, base::ProgrammeId programme, base::ActivityId activity,
                                          const std::vector<app::GateBooking>& bookings) {
  if (!ours(run, programme)) return lost();
  return gates_.adopt(programme, activity, bookings);
}

base::Outcome<base::Done> RedisSim::give_back_spare(std::uint64_t run, base::ProgrammeId programme,
                                                    base::ActivityId activity, int count) {
  return change(run, programme, activity, [&] { return gates_.give_back_spare(programme, activity, count); });
}

base::Outcome<std::vector<app::ExpiredHold>> RedisSim::expired_holds(std::uint64_t run, base::ProgrammeId programme,
                                                                     const std::vector<base::ActivityId>& activities,
                                                                     std::size_t limit) const {
  if (!ours(run, programme)) return std::vector<app::ExpiredHold>();
  return gates_.expired_holds(programme, activities, limit, now());
}

base::Outcome<bool> RedisSim::install(std::uint64_t run, const app::GateImage& image) {
  std::set<base::ActivityId> may_be_back;  // those that were full, or all where nobody knows any more
  const bool knows = ours(run, image.programme_id);
  for (const app::GateActivity& of : image.activities) {
    const test::GateModel::Activity* const before = gates_.activity(image.programme_id, of.id);
    const bool was_full = before != nullptr && before->used >= before->setting.capacity;
    if (knows ? was_full : image.epoch > 1) may_be_back.insert(of.id);
  }
  const auto built = built_on_.find(image.programme_id);
  if (built != built_on_.end() && built->second != run) gates_.lose(image.programme_id);
  const base::Outcome<bool> installed = gates_.install(image);
  if (*installed) {
    built_on_[image.programme_id] = run;
    for (const base::ActivityId& id : may_be_back) {
      const test::GateModel::Activity& of = *gates_.activity(image.programme_id, id);
      if (of.used < of.setting.capacity) came_back_[id] = now();
    }
  }
  return installed;
}

base::Outcome<base::Done> RedisSim::set_capacity(std::uint64_t run, base::ProgrammeId programme,
                                                 base::ActivityId activity, int capacity, std::uint64_t version) {
  return change(run, programme, activity, [&] { return gates_.set_capacity(programme, activity, capacity, version); });
}

}  // namespace zl::sim
