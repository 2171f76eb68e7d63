#include "store/mysql/check_in_plan.hpp"

#include <map>
#include <utility>

namespace zl::mysql {
namespace {

using Meeting = std::pair<base::BookingId, base::SessionId>;

/// Decides one item after the other.
class Planner {
 public:
  explicit Planner(const CheckInFacts& facts) : facts_(facts) {
    for (const CheckInRow& row : facts.check_ins) {
      by_id_.emplace(row.id, row);
      if (row.active) first_.emplace(Meeting{row.booking_id, row.session_id}, row);
    }
  }

  /// `makes` is set where the item becomes a row.
  CheckInAnswer decide(const app::CheckInItem& item, bool& makes) {
    const auto booking = facts_.bookings.find(item.booking_id);
    if (booking == facts_.bookings.end()) return base::Code::not_found;
    if (booking->second.activity_id != item.activity_id) return base::Code::wrong_session;
    if (booking->second.state != domain::BookingState::confirmed) return base::Code::invalid_state;

    const auto same_id = by_id_.find(item.id);
    if (same_id != by_id_.end()) return repeated(item, booking->second, same_id->second);
    const Meeting meeting{item.booking_id, item.session_id};
    const auto first = first_.find(meeting);
    if (first != first_.end()) return result(first->second, booking->second, true);
    if (facts_.sessions && !facts_.sessions->contains(item.session_id)) return base::Code::wrong_session;

    const CheckInRow made{item.id, item.booking_id, item.session_id, true, item.at};
    by_id_.emplace(made.id, made);
    first_.emplace(meeting, made);
    makes = true;
    return result(made, booking->second, false);
  }

 private:
  /// The same id is this very call, made again; even where it was undone since.
  CheckInAnswer repeated(const app::CheckInItem& item, const BookedRow& booking, const CheckInRow& row) {
    if (row.booking_id != item.booking_id || row.session_id != item.session_id) {
      return base::Code::idempotency_conflict;
    }
    const bool own = facts_.in_doubt && row.at == item.at && own_.insert(item.id).second;
    return result(row, booking, !own);
  }

  CheckInAnswer result(const CheckInRow& row, const BookedRow& booking, bool earlier) const {
    const auto found = facts_.attendees.find(booking.attendee_id);
    const AttendeeRow attendee = found == facts_.attendees.end() ? AttendeeRow{} : found->second;
    return app::CheckInResult{
        {row.id, row.booking_id, row.session_id, booking.attendee_id, attendee.name, row.at, attendee.birth_date},
        earlier};
  }

  const CheckInFacts& facts_;
  std::unordered_map<base::CheckInId, CheckInRow> by_id_;
  std::map<Meeting, CheckInRow> first_;
  std::unordered_set<base::CheckInId> own_;  ///< ids of rows that were given to the item that made them
};

}  // namespace

CheckInPlan plan_check_ins(const std::vector<app::CheckInItem>& items, const CheckInFacts& facts) {
  CheckInPlan plan;
  plan.answers.reserve(items.size());
  Planner planner(facts);
  for (std::size_t i = 0; i < items.size(); ++i) {
    bool makes = false;
    plan.answers.push_back(planner.decide(items[i], makes));
    if (makes) plan.made.push_back(i);
  }
  return plan;
}

}  // namespace zl::mysql
