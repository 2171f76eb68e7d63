#include "store/mysql/held_memory.hpp"

#include <algorithm>

namespace zl::mysql {
namespace {

constexpr std::size_t most_programmes = 1000;
constexpr std::size_t most_sessions = 16;

/// Both in order.
template <class IdType>
bool share(const std::vector<IdType>& left, const std::vector<IdType>& right) {
  auto a = left.begin();
  auto b = right.begin();
  while (a != left.end() && b != right.end()) {
    if (*a == *b) return true;
    *a < *b ? ++a : ++b;
  }
  return false;
}

}  // namespace

void HeldMemory::on_session(std::uint64_t session) {
  if (std::ranges::find(sessions_, session) != sessions_.end()) return;
  if (sessions_.size() == most_sessions) sessions_.erase(sessions_.begin());
  sessions_.push_back(session);
  programmes_.clear();
  bookings_ = 0;
}

HeldMemory::Way HeldMemory::way(const base::ProgrammeId& id) const {
  const auto found = programmes_.find(id);
  if (found == programmes_.end()) return Way::read;
  if (found->second.complete) return Way::remembered;
  // Not while another process books as well: then what is loaded is of no use to the next commit.
  return found->second.quiet && !found->second.large ? Way::load : Way::read;
}

bool HeldMemory::is_ours(const base::ProgrammeId& id, std::uint64_t commits) const {
  const auto found = programmes_.find(id);
  return found != programmes_.end() && found->second.commits + 1 == commits;
}

void HeldMemory::load(const base::ProgrammeId& id, const std::vector<HeldRow>& rows) {
  Programme& programme = programmes_[id];
  give_up(programme);
  programme.large = rows.size() > load_limit;
  if (programme.large) return;
  programme.complete = true;
  for (const HeldRow& row : rows) put(programme, row.held);
}

bool HeldMemory::remembers(const base::ProgrammeId& id) const {
  const auto found = programmes_.find(id);
  return found != programmes_.end() && found->second.complete;
}

void HeldMemory::held_by(const domain::BookingWish& wish, std::vector<HeldRow>& held) const {
  const Programme& programme = programmes_.at(wish.programme_id);
  const auto add_all = [&](const auto& map, const auto& key) {
    const auto found = map.find(key);
    if (found == map.end()) return;
    for (const domain::HeldBooking& each : found->second) held.push_back({wish.programme_id, each});
  };
  add_all(programme.by_attendee, wish.attendee_id);
  add_all(programme.by_user, wish.user_id);
}

bool HeldMemory::committed(const base::ProgrammeId& id, std::uint64_t commits) {
  Programme& programme = programmes_[id];
  if (commits <= programme.commits) return false;
  programme.quiet = programme.commits + 1 == commits;
  programme.commits = commits;
  programme.used = ++uses_;
  make_room();
  return true;
}

void HeldMemory::add(const domain::BookingWish& wish) {
  const auto found = programmes_.find(wish.programme_id);
  if (found == programmes_.end() || !found->second.complete) return;
  put(found->second, {wish.id, wish.activity_id, wish.attendee_id, wish.user_id});
}

void HeldMemory::mark(const base::ProgrammeId& id, const MemoryMark& mark) {
  const auto found = programmes_.find(id);
  if (found != programmes_.end() && found->second.complete) found->second.mark = mark;
}

std::optional<MemoryMark> HeldMemory::mark_of(const base::ProgrammeId& id) const {
  const auto found = programmes_.find(id);
  return found == programmes_.end() ? std::nullopt : found->second.mark;
}

bool HeldMemory::committed_under(const base::ProgrammeId& id, const MemoryMark& mark) {
  const auto found = programmes_.find(id);
  if (found == programmes_.end() || found->second.mark != mark) return false;
  Programme& programme = found->second;
  ++programme.commits;
  programme.used = ++uses_;
  make_room();
  return true;
}

void HeldMemory::note_seats(const base::ProgrammeId& id, const base::ActivityId& activity) {
  const auto found = programmes_.find(id);
  if (found != programmes_.end()) found->second.seats.insert(activity);
}

bool HeldMemory::knows_seats(const base::ProgrammeId& id, const base::ActivityId& activity) const {
  const auto found = programmes_.find(id);
  return found != programmes_.end() && found->second.seats.contains(activity);
}

void HeldMemory::drop(const base::ProgrammeId& id) {
  if (const auto found = programmes_.find(id); found != programmes_.end()) give_up(found->second);
}

void HeldMemory::forget(const base::ProgrammeId& id) {
  const auto found = programmes_.find(id);
  if (found == programmes_.end()) return;
  bookings_ -= found->second.bookings;
  programmes_.erase(found);
}

void HeldMemory::put(Programme& programme, const domain::HeldBooking& held) {
  programme.by_attendee[held.attendee_id].push_back(held);
  programme.by_user[held.user_id].push_back(held);
  ++programme.bookings;
  ++bookings_;
}

void HeldMemory::give_up(Programme& programme) {
  bookings_ -= programme.bookings;
  programme.bookings = 0;
  programme.complete = false;
  programme.mark.reset();
  programme.by_attendee.clear();
  programme.by_user.clear();
}

/// Forgets programmes, those that were used longest ago first, and gives the last one up where it alone is too large.
void HeldMemory::make_room() {
  while (bookings_ >= limit_ || programmes_.size() > most_programmes) {
    const auto oldest =
        std::ranges::min_element(programmes_, {}, [](const auto& programme) { return programme.second.used; });
    if (programmes_.size() > 1) {
      forget(base::ProgrammeId(oldest->first));
    } else {
      give_up(oldest->second);
      oldest->second.large = true;
    }
  }
}

void SharedHeldMemory::begin(const std::vector<base::ProgrammeId>& ids) {
  for (const base::ProgrammeId& id : ids) ++under_way_[id];
}

void SharedHeldMemory::end(const std::vector<base::ProgrammeId>& ids) {
  for (const base::ProgrammeId& id : ids) {
    const auto found = under_way_.find(id);
    if (--found->second == 0) under_way_.erase(found);
  }
  ended_.notify_all();
}

bool SharedHeldMemory::enter(const BatchPeople& people) {
  const auto meets = [&](const BatchPeople* other) {
    return share(people.attendees, other->attendees) || share(people.users, other->users);
  };
  if (std::ranges::any_of(entered_, meets)) return false;
  entered_.push_back(&people);
  return true;
}

void SharedHeldMemory::leave(const BatchPeople& people) {
  std::erase(entered_, &people);
}

void SharedHeldMemory::wait_for(std::unique_lock<std::mutex>& lock, const base::ProgrammeId& id,
                                std::uint64_t commits) {
  ended_.wait_for(lock, patience, [&] { return held.is_ours(id, commits) || !under_way_.contains(id); });
}

}  // namespace zl::mysql
