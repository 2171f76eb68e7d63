#include "app/seat_watch.hpp"

#include <algorithm>
#include <chrono>

namespace zl::app {
namespace {

// A page that shows seats asks again within this time as long as somebody looks at it.
constexpr base::Milliseconds attention{10'000};

// Every programme has its own moment in the interval: hundreds polled at once would hold up all else in Redis and on
// this loop. Moments closer together than this are one.
constexpr base::Milliseconds step{5};

bool looked_at(const ProgrammeEntry& programme, base::SteadyTime now) {
  return std::ranges::any_of(programme.activities,
                             [now](const auto& entry) { return now - entry->seats->touched_at() < attention; });
}

}  // namespace

void SeatWatch::learn(const base::ProgrammeId& programme_id, const SeatCount& seats, base::SteadyTime at) {
  const ActivityEntry* entry = catalogue_.current().activity(seats.activity_id);
  if (entry == nullptr) return;
  entry->seats->learn(seats, at);
  fetch_when_sold_out(programme_id, seats, *entry);
}

void SeatWatch::hear(const base::ProgrammeId& programme_id, const SeatCount& seats) {
  const ActivityEntry* entry = catalogue_.current().activity(seats.activity_id);
  if (entry == nullptr) return;
  entry->seats->hear(seats);
  fetch_when_sold_out(programme_id, seats, *entry);
}

void SeatWatch::fetch_when_sold_out(const base::ProgrammeId& programme_id, const SeatCount& seats,
                                    const ActivityEntry& entry) {
  if (!marks(seats.capacity) || !entry.seats->claim_fetch()) return;
  const bool started = group_.spawn(fetch_holders(programme_id, seats.activity_id, entry.seats), "fetch_holders");
  if (!started) entry.seats->abandon_fetch();
}

asio::awaitable<void> SeatWatch::fetch_holders(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                               std::shared_ptr<SeatState> seats) {
  // What an answer says is no younger than its question: a process that stood still may read it much later.
  const base::SteadyTime asked_at = clock_.steady_now();
  const base::Outcome<std::optional<GateHolders>> answer = co_await gate_.holders(programme_id, activity_id);
  if (!answer || !*answer) {
    seats->abandon_fetch();
    co_return;
  }
  const GateHolders& found = **answer;
  auto set = std::make_shared<HolderSet>();
  set->version = found.version;
  set->sold_out_at = found.sold_out_at;
  for (const Holder& holder : found.holders) {
    set->bookings.insert(holder.id);
    set->attendees.insert(holder.attendee_id);
    set->provisional = set->provisional || holder.pending;
  }
  seats->learn_holders(std::move(set), asked_at);
}

asio::awaitable<void> SeatWatch::poll(base::ProgrammeId programme_id) {
  const ProgrammeEntry* programme = catalogue_.current().programme(programme_id);
  if (programme == nullptr) co_return;
  const std::vector<base::ActivityId> published = programme->published();
  if (published.empty()) co_return;
  const base::SteadyTime asked_at = clock_.steady_now();
  if (co_await is_unchanged(programme_id, published)) co_return refresh(programme_id, asked_at);
  const base::Outcome<std::optional<GateSeats>> answer = co_await gate_.seats(programme_id, published);
  if (!answer) co_return;
  if (!*answer || (*answer)->activities.size() < published.size()) {
    polled_.erase(programme_id);
    (void)co_await keeper_.mend(programme_id, poll_interval_);
    co_return;
  }
  Polled& polled = polled_[programme_id];
  polled = {(*answer)->version, published, {}};
  for (const GateCount& count : (*answer)->activities) {
    if (count.seats.used >= count.seats.capacity) polled.sold_out.push_back(count.seats);
    learn(programme_id, count.seats, asked_at);
  }
}

/// Most programmes stand still most of the time: their version says so for a fraction of what their counts cost.
asio::awaitable<bool> SeatWatch::is_unchanged(base::ProgrammeId programme_id,
                                              const std::vector<base::ActivityId>& published) {
  const auto known = polled_.find(programme_id);
  if (known == polled_.end() || known->second.published != published) co_return false;
  const GateVersion version = known->second.version;
  const base::Outcome<std::optional<GateVersion>> answer = co_await gate_.version(programme_id);
  co_return answer && *answer && **answer == version;
}

/// What is sold out stays known only while it is learned anew, and holds become bookings without a change of seats.
void SeatWatch::refresh(const base::ProgrammeId& programme_id, base::SteadyTime at) {
  for (const SeatCount& seats : polled_[programme_id].sold_out) learn(programme_id, seats, at);
}

asio::awaitable<void> SeatWatch::keep() {
  while (!group_.stopping()) {
    const std::shared_ptr<const Catalogue> snapshot = catalogue_.share();
    const base::SteadyTime start = clock_.steady_now();
    const std::size_t count = snapshot->programmes().size();
    for (std::size_t i = 0; i < count && !group_.stopping(); ++i) {
      co_await sleep_until(start + poll_interval_ * i / count);
      const ProgrammeEntry& programme = *snapshot->programmes()[i];
      if (looked_at(programme, clock_.steady_now())) group_.spawn(poll(programme.programme->id), "poll_seats");
    }
    const base::SteadyTime::duration left = start + poll_interval_ - clock_.steady_now();
    co_await group_.sleeper().sleep_for(std::max(step, std::chrono::ceil<base::Milliseconds>(left)));
  }
}

asio::awaitable<void> SeatWatch::sleep_until(base::SteadyTime moment) {
  const auto left = std::chrono::floor<base::Milliseconds>(moment - clock_.steady_now());
  if (left >= step) co_await group_.sleeper().sleep_for(left);
}

}  // namespace zl::app
