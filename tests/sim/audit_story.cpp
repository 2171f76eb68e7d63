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
  base::Bytes16 who;
  std::string_view role;
  Ending ending;
  const Attempt* attempt;  ///< of a booking; else null
};

class AuditStory {
 public:
  AuditStory(const History& history, const MysqlSim& mysql) : mysql_(mysql) {
    for (const Wish& wish : history.wishes) {
      const auto by_parent = [&](std::string_view action, const Attempt& attempt) {
        return Asked{{action, wish.booking_id.bytes}, wish.user_id.bytes, "user", attempt.ending, &attempt};
      };
      for (const Attempt& attempt : wish.attempts) {
        asked_.emplace(attempt.request_id, by_parent("booking.create", attempt));
      }
      for (const Attempt& attempt : wish.cancels) {
        asked_.emplace(attempt.request_id, by_parent("booking.cancel", attempt));
      }
    }
    const base::Bytes16 staff = test::id_of<base::AccountId>(9).bytes;
    for (const Order& order : history.orders) {
      asked_.emplace(order.request_id, Asked{{order.errand.action, order.errand.subject},
                                             staff,
                                             domain::role_name(order.errand.role),
                                             order.ending,
                                             nullptr});
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
      if (asked.who != row.actor.id.bytes || asked.role != row.actor.role) {
        return said(row.action, "by somebody who did not ask");
      }
      if (!may_have_done_it(asked.ending)) return said(row.action, "which the answer denied");
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
      const bool gone = !domain::is_active(booking.state);
      const bool with_activity = mysql_.activity(booking.activity_id).publication == Publication::cancelled;
      fault = times("booking.cancel", booking.id.bytes, gone && !with_activity ? 1 : 0, gone ? 1 : 0);
      if (!fault.empty()) return fault;
      const std::vector<std::size_t>& cancelled = rows_[{"booking.cancel", booking.id.bytes}];
      if (!cancelled.empty() && cancelled.front() < made) return said("booking.cancel", "before the booking");
    }
    return {};
  }

  std::string of_check_ins() {
    for (const MysqlSim::CheckInRow& row : mysql_.check_ins()) {
      std::string fault = times("check_in.create", row.check_in.id.bytes, 1, 1);
      if (fault.empty()) fault = times("check_in.undo", row.check_in.id.bytes, row.active ? 0 : 1, row.active ? 0 : 1);
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
      if (!fault.empty()) return fault;
    }
    const domain::Programme& programme = mysql_.programme();
    const int changes = static_cast<int>(programme.version - test::sample_programme().version);
    return times("programme.update", programme.id.bytes, changes, changes);
  }

  /// No row about what is not there, and none missing of what was told as done.
  std::string of_the_rest() {
    if (told_ != mysql_.audit().size()) return "the audit tells of what is not there";
    for (const auto& [request, asked] : asked_) {
      const bool told_done = asked.ending == Ending::booked;
      if (!told_done || asked.what.first != "activity.update") continue;
      const std::vector<std::size_t>& rows = rows_[asked.what];
      const auto its = [&](std::size_t row) { return mysql_.audit()[row].actor.request_id == request; };
      if (std::ranges::none_of(rows, its)) return said("activity.update", "but not of a change that was told");
    }
    return {};
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
