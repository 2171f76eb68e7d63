#include "sim/audit_story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace zl::sim {
namespace {

using domain::Publication;
using What = std::pair<std::string_view, base::Bytes16>;  ///< an action, and about what

/// What a request was about, whoever made it.
struct Asked {
  What what;
  const app::Actor* by;
  bool may_have_done_it;
  bool told_done;
  const Attempt* attempt;  ///< of a booking; else null
};

class AuditStory {
 public:
  AuditStory(const History& history, const MysqlSim& mysql) : mysql_(mysql) {
    const auto note = [this](const What& what, const app::Actor& by, Ending ending, bool by_another,
                             const Attempt* attempt) {
      if (by.request_id.empty()) return;  // it never arrived
      const bool told_done = ending == Ending::booked;
      asked_.emplace(by.request_id, Asked{what, &by, may_have_done_it(ending) && !by_another, told_done, attempt});
    };
    for (const Wish& wish : history.wishes) {
      for (const Attempt& attempt : wish.attempts) {
        note({"booking.create", wish.booking_id.bytes}, attempt.by, attempt.ending, false, &attempt);
      }
      for (const Attempt& attempt : wish.cancels) {
        note({"booking.cancel", wish.booking_id.bytes}, attempt.by, attempt.ending, false, nullptr);
      }
    }
    for (const Order& order : history.orders) {
      note({order.errand.action, order.errand.subject}, order.by, order.ending, order.by_another, nullptr);
    }
    for (std::size_t i = 0; i < mysql.audit().size(); ++i) {
      const AuditRow& row = mysql.audit()[i];
      rows_[{row.action, row.subject}].push_back(i);
    }
  }

  std::string fault() {
    for (auto check : {&AuditStory::of_askers, &AuditStory::of_bookings, &AuditStory::of_check_ins,
                       &AuditStory::of_catalogue, &AuditStory::of_the_rest}) {
      std::string fault = (this->*check)();
      if (!fault.empty()) return fault;
    }
    return {};
  }

 private:
  /// Each row names a request for just that, and each request made one row at most.
  std::string of_askers() {
    std::map<std::string_view, int> rows_of;
    for (const AuditRow& row : mysql_.audit()) {
      const auto found = asked_.find(row.actor.request_id);
      if (found == asked_.end()) return said(row.action, "which nobody asked for");
      const Asked& asked = found->second;
      if (++rows_of[found->first] > 1) return said(row.action, "the second change of one request");
      if (asked.what != What{row.action, subject_of(row)}) return said(row.action, "which its request was not about");
      const app::Actor& by = *asked.by;
      if (by.id != row.actor.id || by.role != row.actor.role || by.address != row.actor.address) {
        return said(row.action, "by somebody who did not ask");
      }
      if (!asked.may_have_done_it) return said(row.action, "which the answer denied");
    }
    return {};
  }

  std::string of_bookings() {
    for (const domain::Booking& booking : mysql_.ledger().bookings()) {
      std::string fault = times("booking.create", booking.id.bytes, 1, 1);
      if (!fault.empty()) return fault;
      const std::size_t made = rows_[{"booking.create", booking.id.bytes}].front();
      const Attempt& by = *asked_.at(mysql_.audit()[made].actor.request_id).attempt;
      if (by.activity_id != booking.activity_id || by.attendee_id != booking.attendee_id) {
        return said("booking.create", "by a request for something else");
      }
      // Its activity's row tells of those that ended with it.
      const bool by_itself = !domain::is_active(booking.state) && !mysql_.ended_with_its_activity(booking.id);
      fault = times("booking.cancel", booking.id.bytes, by_itself ? 1 : 0, by_itself ? 1 : 0);
      if (fault.empty()) fault = in_order("booking.create", "booking.cancel", booking.id.bytes);
      if (!fault.empty()) return fault;
    }
    return {};
  }

  std::string of_check_ins() {
    for (const MysqlSim::CheckInRow& row : mysql_.check_ins()) {
      std::string fault = times("check_in.create", row.check_in.id.bytes, 1, 1);
      if (fault.empty()) fault = times("check_in.undo", row.check_in.id.bytes, row.active ? 0 : 1, row.active ? 0 : 1);
      if (fault.empty()) fault = in_order("check_in.create", "check_in.undo", row.check_in.id.bytes);
      if (!fault.empty()) return fault;
    }
    return {};
  }

  /// Each change of the catalogue counts its object's version up.
  std::string of_catalogue() {
    for (const base::ActivityId& id : mysql_.activity_ids()) {
      const domain::Activity activity = mysql_.activity(id);
      const int cancelled = activity.publication == Publication::cancelled ? 1 : 0;
      const int changes = static_cast<int>(activity.version - test::sample_activity(1, 1).version);
      std::string fault = times("activity.cancel", id.bytes, cancelled, cancelled);
      if (fault.empty())
        fault = times("activity.publish", id.bytes, 0, activity.publication == Publication::draft ? 0 : 1);
      const int others = changes - cancelled - count("activity.publish", id.bytes);
      if (fault.empty()) fault = times("activity.update", id.bytes, others, others);
      if (fault.empty()) fault = in_order("activity.publish", "activity.cancel", id.bytes);
      if (fault.empty()) fault = in_order("activity.update", "activity.cancel", id.bytes);
      if (!fault.empty()) return fault;
    }
    const domain::Programme& programme = mysql_.programme();
    const int changes = static_cast<int>(programme.version - test::sample_programme().version);
    return times("programme.update", programme.id.bytes, changes, changes);
  }

  /// No row about what is not there, and one for all that was told as done: of a change to given values the request's
  /// own, of what can be done but once anybody's. What was told of bookings and check-ins the judge looks for itself.
  std::string of_the_rest() {
    if (told_ != mysql_.audit().size()) return "the audit tells of what is not there";
    for (const auto& [request, asked] : asked_) {
      const auto& [action, subject] = asked.what;
      const bool looked_for = action.starts_with("booking.") || action == "check_in.create";
      if (!asked.told_done || looked_for) continue;
      const std::vector<std::size_t>& rows = rows_[asked.what];
      const auto its_own = [&](std::size_t row) { return mysql_.audit()[row].actor.request_id == request; };
      const bool told = action.ends_with(".update") ? std::ranges::any_of(rows, its_own) : !rows.empty();
      if (!told) return said(action, "but not of one that was told as done");
    }
    return {};
  }

  std::string in_order(std::string_view first, std::string_view last, const base::Bytes16& subject) {
    const std::vector<std::size_t>& before = rows_[{first, subject}];
    const std::vector<std::size_t>& after = rows_[{last, subject}];
    if (before.empty() || after.empty() || before.back() < after.front()) return {};
    return said(last, "and something of the same behind it");
  }

  int count(std::string_view action, const base::Bytes16& subject) {
    return static_cast<int>(rows_[{action, subject}].size());
  }

  std::string times(std::string_view action, const base::Bytes16& subject, int least, int most) {
    const int found = count(action, subject);
    told_ += static_cast<std::size_t>(found);
    if (least <= found && found <= most) return {};
    return fmt::format("the audit tells one {} {} times", action, found);
  }

  static std::string said(std::string_view action, std::string_view what) {
    return fmt::format("the audit tells {}, {}", action, what);
  }

  /// A check-in's request names its booking: the check-in has no id yet.
  base::Bytes16 subject_of(const AuditRow& row) const {
    if (row.action != "check_in.create") return row.subject;
    const auto made = std::ranges::find(mysql_.check_ins(), row.subject,
                                        [](const MysqlSim::CheckInRow& known) { return known.check_in.id.bytes; });
    return made == mysql_.check_ins().end() ? row.subject : made->check_in.booking_id.bytes;
  }

  const MysqlSim& mysql_;
  std::map<std::string_view, Asked> asked_;        ///< by request id
  std::map<What, std::vector<std::size_t>> rows_;  ///< their places in the table
  std::size_t told_ = 0;                           ///< rows that something in the stores accounts for
};

}  // namespace

std::string untrue_audit(const History& history, const MysqlSim& mysql) {
  return AuditStory(history, mysql).fault();
}

}  // namespace zl::sim
