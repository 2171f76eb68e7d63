#include "sim/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sim/audit_story.hpp"
#include "sim/refusals.hpp"

namespace zl::sim {
namespace {

using domain::Publication;

/// "…01", the end of a simulated id.
std::string short_name(const auto& id) {
  return id.hex().substr(26);
}

bool all_of(const std::deque<Attempt>& attempts, auto condition) {
  return std::ranges::all_of(attempts, condition);
}

}  // namespace

std::string Judge::at_any_time() {
  timeline_.observe();
  for (auto check : {&Judge::of_ledger, &Judge::of_rules, &Judge::of_gate}) {
    std::string fault = (this->*check)();
    if (!fault.empty()) return fault;
  }
  return {};
}

std::string Judge::of_ledger() const {
  std::map<base::ActivityId, int> taken;
  std::set<std::pair<base::ActivityId, base::AttendeeId>> seen;
  std::set<base::BookingId> ids;
  for (const domain::Booking& booking : mysql_.ledger().bookings()) {
    if (!ids.insert(booking.id).second) return "one booking id twice";
    if (!domain::is_active(booking.state)) continue;
    ++taken[booking.activity_id];
    if (!seen.emplace(booking.activity_id, booking.attendee_id).second) return "an attendee holds an activity twice";
  }
  for (const auto& [id, count] : taken) {
    const domain::Activity& activity = mysql_.ledger().activity(id).content;
    if (count > activity.capacity) return "oversold: activity " + short_name(id);
    if (activity.publication != Publication::published) return "booked though not open: activity " + short_name(id);
  }
  return {};
}

std::string Judge::of_rules() const {
  const domain::Rules& rules = mysql_.programme().rules;
  std::map<base::UserId, int> of_user;
  std::map<base::AttendeeId, int> of_attendee;
  for (const domain::Booking& booking : mysql_.ledger().bookings()) {
    if (!domain::is_active(booking.state)) continue;
    if (++of_user[booking.user_id] > rules.max_per_user.value_or(1000)) return "a family's cap is broken";
    if (++of_attendee[booking.attendee_id] > rules.max_per_attendee.value_or(1000)) return "a child's cap is broken";
    const bool all_meet = rules.forbid_overlap && setting_.plan.overlapping;
    if (all_meet && of_attendee[booking.attendee_id] > 1) return "a child holds two activities at the same time";
  }
  return {};
}

std::string Judge::of_gate() const {
  std::string fault = redis_.gates().fault();
  if (!fault.empty()) return "the gate's own count is wrong: " + fault;
  const base::ProgrammeId programme = mysql_.programme().id;
  const test::GateModel::Programme* gate = redis_.standing(programme);
  // Grants of an older epoch can not commit: such a gate sells nothing.
  if (gate == nullptr || gate->epoch != mysql_.ledger().epoch(programme)) return {};
  for (const auto& [id, activity] : gate->activities) {
    const int taken = mysql_.ledger().taken(id);
    const int capacity = mysql_.ledger().activity(id).content.capacity;
    if (activity.setting.capacity > capacity) {
      return fmt::format("the gate is too generous: {} seats, {} in the ledger of activity {}",
                         activity.setting.capacity, capacity, short_name(id));
    }
    if (activity.used < taken) {
      return fmt::format("the gate is too generous: {} used, {} taken in activity {}", activity.used, taken,
                         short_name(id));
    }
  }
  return {};
}

std::string Judge::when_settled() const {
  const bool any_published = std::ranges::any_of(mysql_.activity_ids(), [this](const base::ActivityId& id) {
    return mysql_.activity(id).publication == Publication::published;
  });
  const base::ProgrammeId programme = mysql_.programme().id;
  const test::GateModel::Programme* gate = redis_.standing(programme);
  if (!any_published) return {};
  if (gate == nullptr) return "there is no gate";
  if (gate->epoch != mysql_.ledger().epoch(programme)) return "what the gate grants can not commit";
  if (gate->opens_at != mysql_.programme().opens_at) return "the gate opens at another time";
  for (const base::ActivityId& id : mysql_.activity_ids()) {
    std::string fault = settled_activity(id);
    if (!fault.empty()) return fault;
  }
  return {};
}

std::string Judge::settled_activity(const base::ActivityId& id) const {
  const domain::Activity activity = mysql_.activity(id);
  std::set<base::BookingId> booked;
  for (const app::GateBooking& booking : mysql_.ledger().active_bookings(id)) booked.insert(booking.id);
  std::set<base::BookingId> held;
  const test::GateModel::Programme& gate = *redis_.standing(mysql_.programme().id);
  for (const test::GateModel::Hold& hold : gate.holds) {
    if (hold.wish.activity_id != id) continue;
    if (hold.pending) return "a hold is still pending in activity " + short_name(id);
    held.insert(hold.wish.id);
  }
  if (held != booked) {
    return fmt::format("the gate holds {} and the ledger {} bookings, or others, of activity {}", held.size(),
                       booked.size(), short_name(id));
  }
  const auto at_gate = gate.activities.find(id);
  if (activity.publication != Publication::published) return {};
  if (at_gate == gate.activities.end()) return "the gate does not know activity " + short_name(id);
  const bool same = at_gate->second.used == static_cast<int>(booked.size()) && at_gate->second.spare == 0 &&
                    at_gate->second.setting.capacity == activity.capacity;
  if (same) return {};
  return fmt::format("a seat is lost: {} of {} used and {} spare at the gate, {} of {} taken, in activity {}",
                     at_gate->second.used, at_gate->second.setting.capacity, at_gate->second.spare, booked.size(),
                     activity.capacity, short_name(id));
}

std::string Judge::of_history(const History& history) const {
  for (const domain::Booking& booking : mysql_.ledger().bookings()) {
    std::string fault = of_booking(booking, history);
    if (!fault.empty()) return fault;
  }
  for (const Wish& wish : history.wishes) {
    if (wish.told && mysql_.ledger().find(wish.booking_id) == nullptr) return "a booking that was told does not exist";
    const auto open = [](const Attempt& attempt) { return attempt.ending == Ending::open; };
    if (std::ranges::any_of(wish.attempts, open)) return "a request was never answered";
    if (std::ranges::any_of(wish.cancels, open)) return "a cancellation was never answered";
  }
  for (const base::CheckInId& id : history.check_ins_told) {
    const bool exists =
        std::ranges::any_of(mysql_.check_ins(), [&id](const auto& row) { return row.check_in.id == id; });
    if (!exists) return "a check-in that was told does not exist";
  }
  for (const base::CheckInId& id : history.undone_told) {
    const auto active = [&id](const auto& row) { return row.check_in.id == id && row.active; };
    if (std::ranges::any_of(mysql_.check_ins(), active)) return "a check-in that was undone stands";
  }
  std::string fault = untrue_refusal(history, timeline_, setting_, mysql_);
  if (fault.empty()) fault = untrue_audit(history, mysql_);
  return fault.empty() ? of_receipts() : fault;
}

std::string Judge::of_booking(const domain::Booking& booking, const History& history) const {
  const auto wish = std::ranges::find(history.wishes, booking.id, &Wish::booking_id);
  if (wish == history.wishes.end()) return "a booking that nobody asked for";
  const auto same = [&booking](const Attempt& attempt) {
    return attempt.activity_id == booking.activity_id && attempt.attendee_id == booking.attendee_id;
  };
  if (!std::ranges::any_of(wish->attempts, same)) return "a booking of what nobody asked for";
  if (all_of(wish->attempts, [&](const Attempt& a) { return !same(a) || !may_have_done_it(a.ending); })) {
    return "a booking that every answer denied";
  }
  if (domain::is_active(booking.state)) {
    if (std::ranges::any_of(wish->cancels, [](const Attempt& a) { return a.ending == Ending::booked; })) {
      return "a cancellation that was told did not happen";
    }
  } else if (mysql_.activity(booking.activity_id).publication != Publication::cancelled &&
             all_of(wish->cancels, [](const Attempt& a) { return !may_have_done_it(a.ending); })) {
    return "a cancellation that nobody asked for, or that every answer denied";
  }
  return {};
}

std::string Judge::of_receipts() const {
  std::set<std::uint64_t> arrivals;
  const domain::Programme& programme = mysql_.programme();
  for (const domain::Booking& booking : mysql_.ledger().bookings()) {
    const domain::Receipt& receipt = booking.receipt;
    if (!receipt.arrival || !arrivals.insert(*receipt.arrival).second) return "two bookings of one arrival";
    if (receipt.decided_at < receipt.opens_at) return "booked before the opening";
    if (receipt.decided_at >= programme.closes_at) return "booked after the closing";
  }
  return {};
}

}  // namespace zl::sim
