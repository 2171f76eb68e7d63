#include "store/mysql/batch_plan.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace zl::mysql {
namespace {

bool same_content(const domain::Booking& booking, const domain::BookingWish& wish) {
  return booking.activity_id == wish.activity_id && booking.attendee_id == wish.attendee_id &&
         booking.user_id == wish.user_id;
}

/// Walks through a batch and keeps what its earlier items have taken.
class Decider {
 public:
  explicit Decider(const BatchFacts& facts) : facts_(facts), seats_(facts.seats), held_(facts.held) {
    for (std::size_t i = 0; i < held_.size(); ++i) index(i);
  }

  /// Nothing: the item is accepted.
  std::optional<BookAnswer> refuse(const app::LedgerItem& item) {
    const domain::BookingWish& wish = item.wish;
    if (auto earlier = earlier_answer(item)) return earlier;
    if (std::ranges::find(facts_.gone, wish.attendee_id) != facts_.gone.end()) return base::Code::not_found;
    SeatsRow* const seats = seats_of(wish.activity_id);
    if (seats == nullptr || !seats->open) return app::LedgerAnswer(app::LedgerClosed{});
    if (item.grant <= seats->fence) return app::LedgerAnswer(app::LedgerFenced{});

    app::LedgerRefused refused;
    domain::check_held(item.policy->rules, item.policy->overlapping, wish.activity_id, wish.attendee_id, wish.user_id,
                       held_by(wish), refused.violations);
    if (!refused.violations.empty()) {
      domain::sort_by_weight(refused.violations);
      return app::LedgerAnswer(std::move(refused));
    }
    if (seats->seats_taken >= seats->capacity) return app::LedgerAnswer(app::LedgerFull{});
    return std::nullopt;
  }

  void accept(const app::LedgerItem& item) {
    const domain::BookingWish& wish = item.wish;
    seats_.at(wish.activity_id).seats_taken += 1;
    accepted_.emplace(wish.id, booking_of(item));
    held_.push_back({wish.programme_id, {wish.id, wish.activity_id, wish.attendee_id, wish.user_id}});
    index(held_.size() - 1);
  }

 private:
  /// The answer where the id is taken: by a row that is committed, or by an earlier item of the batch.
  std::optional<BookAnswer> earlier_answer(const app::LedgerItem& item) const {
    if (const auto row = facts_.existing.find(item.wish.id); row != facts_.existing.end()) {
      if (!same_content(row->second, item.wish)) return base::Code::idempotency_conflict;
      // A row with the item's own grant was made by an earlier run of this very item.
      const auto grant = facts_.existing_grants.find(item.wish.id);
      const bool own = grant != facts_.existing_grants.end() && grant->second == item.grant;
      return app::LedgerAnswer(app::LedgerBooked{row->second, !own});
    }
    if (const auto row = accepted_.find(item.wish.id); row != accepted_.end()) {
      if (!same_content(row->second, item.wish)) return base::Code::idempotency_conflict;
      return app::LedgerAnswer(app::LedgerBooked{row->second, true});
    }
    return std::nullopt;
  }

  SeatsRow* seats_of(const base::ActivityId& activity_id) {
    const auto found = seats_.find(activity_id);
    return found == seats_.end() ? nullptr : &found->second;
  }

  void index(std::size_t position) {
    const domain::HeldBooking& held = held_[position].held;
    by_attendee_[held.attendee_id].push_back(position);
    by_user_[held.user_id].push_back(position);
  }

  /// What the attendee or the user holds in the programme, each booking once.
  std::vector<domain::HeldBooking> held_by(const domain::BookingWish& wish) const {
    std::set<std::size_t> positions;
    if (const auto found = by_attendee_.find(wish.attendee_id); found != by_attendee_.end()) {
      positions.insert(found->second.begin(), found->second.end());
    }
    if (const auto found = by_user_.find(wish.user_id); found != by_user_.end()) {
      positions.insert(found->second.begin(), found->second.end());
    }
    std::vector<domain::HeldBooking> held;
    for (const std::size_t position : positions) {
      if (held_[position].programme_id == wish.programme_id) held.push_back(held_[position].held);
    }
    return held;
  }

  const BatchFacts& facts_;
  std::unordered_map<base::ActivityId, SeatsRow> seats_;
  std::vector<HeldRow> held_;
  std::unordered_map<base::AttendeeId, std::vector<std::size_t>> by_attendee_;  // positions in held_
  std::unordered_map<base::UserId, std::vector<std::size_t>> by_user_;          // positions in held_
  std::unordered_map<base::BookingId, domain::Booking> accepted_;
};

}  // namespace

bool has_rivals(const std::vector<app::LedgerItem>& items) {
  std::set<base::BookingId> ids;
  std::set<std::pair<base::ActivityId, base::AttendeeId>> pairs;
  for (const app::LedgerItem& item : items) {
    if (!ids.insert(item.wish.id).second) return true;
    if (!pairs.insert({item.wish.activity_id, item.wish.attendee_id}).second) return true;
  }
  return false;
}

BatchDecision decide(const std::vector<app::LedgerItem>& items, const BatchFacts& facts) {
  Decider decider(facts);
  BatchDecision decision;
  decision.answers.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (auto refused = decider.refuse(items[i])) {
      decision.answers.push_back(*std::move(refused));
      continue;
    }
    decider.accept(items[i]);
    decision.accepted.push_back(i);
    decision.answers.emplace_back(app::LedgerAnswer(app::LedgerBooked{booking_of(items[i]), false}));
  }
  return decision;
}

std::vector<SeatDemand> seat_demands(const std::vector<app::LedgerItem>& items,
                                     const std::vector<std::size_t>& accepted) {
  std::map<base::ActivityId, SeatDemand> by_activity;
  for (const std::size_t i : accepted) {
    const app::LedgerItem& item = items[i];
    SeatDemand& demand = by_activity[item.wish.activity_id];
    demand.oldest = demand.seats == 0 ? item.grant : std::min(demand.oldest, item.grant);
    demand.activity_id = item.wish.activity_id;
    demand.seats += 1;
  }
  std::vector<SeatDemand> demands;
  demands.reserve(by_activity.size());
  for (const auto& [id, demand] : by_activity) demands.push_back(demand);
  return demands;
}

domain::Booking booking_of(const app::LedgerItem& item) {
  domain::Booking booking;
  booking.id = item.wish.id;
  booking.state = domain::BookingState::confirmed;
  booking.activity_id = item.wish.activity_id;
  booking.programme_id = item.wish.programme_id;
  booking.attendee_id = item.wish.attendee_id;
  booking.user_id = item.wish.user_id;
  booking.created_at = item.receipt.decided_at;
  booking.receipt = item.receipt;
  return booking;
}

}  // namespace zl::mysql
