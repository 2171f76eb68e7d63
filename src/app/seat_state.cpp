#include "app/seat_state.hpp"

#include <algorithm>
#include <utility>

namespace zl::app {

void SeatState::learn(const SeatCount& seats, base::SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (take(seats)) refreshed_at_ = now;
}

void SeatState::hear(const SeatCount& seats) {
  const std::lock_guard lock(mutex_);
  take(seats);
}

bool SeatState::take(const SeatCount& seats) {
  if (count_ && seats.version < count_->version) return false;
  count_ = seats;
  remaining_.store(std::max(seats.capacity - seats.used, 0), std::memory_order_relaxed);
  return true;
}

void SeatState::learn_holders(std::shared_ptr<const HolderSet> holders, base::SteadyTime now) {
  const std::lock_guard lock(mutex_);
  fetching_.reset();
  if (!count_ || holders->version < count_->version) return;
  if (holders->version == count_->version) refreshed_at_ = now;
  holders_ = std::move(holders);
  fetched_at_ = now;
}

bool SeatState::claim_fetch() {
  const std::lock_guard lock(mutex_);
  const bool sold_out = count_ && count_->used >= count_->capacity;
  if (!sold_out) return false;
  const bool known = holders_ && holders_->version >= count_->version;
  if (known && (!holders_->provisional || refreshed_at_ - fetched_at_ < provisional_pause)) return false;
  if (fetching_ && *fetching_ >= count_->version) return false;
  fetching_ = count_->version;
  return true;
}

void SeatState::abandon_fetch() {
  const std::lock_guard lock(mutex_);
  fetching_.reset();
}

std::optional<KnownSoldOut> SeatState::known_sold_out(const base::BookingId& booking, const base::AttendeeId& attendee,
                                                      base::SteadyTime now) const {
  const std::lock_guard lock(mutex_);
  if (!count_ || count_->used < count_->capacity || now - refreshed_at_ > sold_out_lapse) return std::nullopt;
  if (!holders_ || holders_->version != count_->version || holders_->provisional) return std::nullopt;
  // A seat that nobody holds is kept back, and may come back.
  if (std::cmp_less(holders_->bookings.size(), count_->capacity)) return std::nullopt;
  if (holders_->bookings.contains(booking) || holders_->attendees.contains(attendee)) return std::nullopt;
  return KnownSoldOut{holders_->sold_out_at};
}

std::uint64_t SeatState::epoch() const {
  const std::lock_guard lock(mutex_);
  return count_ ? count_->version.epoch : 0;
}

}  // namespace zl::app
