#include "sim/schedule.hpp"

#include <algorithm>

#include "base/invariant.hpp"

namespace zl::sim {
namespace {

thread_local Schedule* current_schedule = nullptr;

}  // namespace

Schedule::Schedule() {
  base::invariant(current_schedule == nullptr, "one simulation at a time on a thread");
  current_schedule = this;
}

Schedule::~Schedule() {
  while (!owners_.empty()) drop(owners_.begin()->first);
  current_schedule = nullptr;
}

Schedule& Schedule::current() {
  base::invariant(current_schedule != nullptr, "there is a simulation on this thread");
  return *current_schedule;
}

void Schedule::at(std::int64_t when_us, Owner owner, Action action) {
  if (owner != nobody && !alive(owner)) return;
  events_.push_back({std::max(when_us, now_us_), ++last_number_, owner, std::move(action)});
  std::ranges::push_heap(events_, later);
}

bool Schedule::step(std::int64_t until_us) {
  if (events_.empty() || events_.front().when_us > until_us) {
    now_us_ = until_us;
    return false;
  }
  std::ranges::pop_heap(events_, later);
  Event event = std::move(events_.back());
  events_.pop_back();
  now_us_ = event.when_us;
  const auto waits = frozen_.find(event.owner);
  if (waits != frozen_.end()) {
    waits->second.push_back(std::move(event));
  } else {
    event.action();
  }
  return true;
}

Owner Schedule::add_owner() {
  owners_.try_emplace(++last_owner_);
  return last_owner_;
}

void Schedule::drop(Owner owner) {
  const auto found = owners_.find(owner);
  if (found == owners_.end()) return;
  const auto waiting = std::move(found->second);
  owners_.erase(found);
  frozen_.erase(owner);
  std::erase_if(events_, [owner](const Event& event) { return event.owner == owner; });
  std::ranges::make_heap(events_, later);
  for (const auto& [ticket, who] : waiting) who->drop();
}

void Schedule::freeze(Owner owner) {
  if (alive(owner)) frozen_.try_emplace(owner);
}

void Schedule::thaw(Owner owner) {
  const auto found = frozen_.find(owner);
  if (found == frozen_.end()) return;
  std::vector<Event> events = std::move(found->second);
  frozen_.erase(found);
  for (Event& event : events) at(now_us_, owner, std::move(event.action));
}

std::uint64_t Schedule::park(Owner owner, std::shared_ptr<Waiting> waiting) {
  const auto found = owners_.find(owner);
  base::invariant(found != owners_.end(), "only a living server waits");
  found->second.emplace(++last_ticket_, std::move(waiting));
  return last_ticket_;
}

void Schedule::unpark(Owner owner, std::uint64_t ticket) {
  const auto found = owners_.find(owner);
  if (found != owners_.end()) found->second.erase(ticket);
}

}  // namespace zl::sim
