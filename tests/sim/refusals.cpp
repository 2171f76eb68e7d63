#include "sim/refusals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace zl::sim {
namespace {

constexpr std::int64_t sold_out_lapse_ms = 1000;
constexpr std::int64_t longest_stop_ms = 8000;

/// How old what a process knows of seats can be: news on their way, a process that was stopped before it read them, and
/// the time for which it believes them.
std::int64_t oldest_knowledge_us(const Faults& faults) {
  const std::int64_t way_ms = faults.very_slow > 0 ? 4000 : faults.slow > 0 ? 300 : 2;
  return (sold_out_lapse_ms + way_ms + faults.stalls * longest_stop_ms + 1) * 1000;
}

/// What one refusal says, held against the stores. Each gives what is wrong with it, or nothing.
class Examination {
 public:
  Examination(const ToldRefusal& told, const Timeline& timeline, const Plan& plan, const MysqlSim& mysql)
      : told_(told),
        timeline_(timeline),
        plan_(plan),
        mysql_(mysql),
        decided_{told.asked_us, told.told_us},
        known_{std::max<std::int64_t>(told.asked_us - oldest_knowledge_us(plan.faults), 0), told.told_us} {}

  std::string operator()(const domain::Closed&) const {
    if (timeline_.was_cancelled(told_.activity_id, decided_)) return {};
    const std::int64_t by_clock_ms = told_.told_us / 1000 + timeline_.most_clock_error_ms(clock_time());
    if (start_of_run + base::Milliseconds(by_clock_ms) >= mysql_.programme().closes_at) return {};
    return "the activity was not cancelled, nor its time over";
  }

  std::string operator()(const domain::NotOpen&) const {
    const std::int64_t by_clock_ms = told_.asked_us / 1000 + timeline_.least_clock_error_ms(clock_time());
    if (start_of_run + base::Milliseconds(by_clock_ms) < timeline_.latest_opening(told_.told_us)) return {};
    return "it had opened";
  }

  std::string operator()(const domain::Ineligible&) const { return "every child is of the right age"; }

  std::string operator()(const domain::AlreadyBooked& booked) const {
    const int most = most_of([&](const domain::Booking& b) {
      const bool named = b.id == booked.booking_id.value_or(b.id);
      return named && b.activity_id == told_.activity_id && b.attendee_id == told_.attendee_id;
    });
    return most > 0 ? std::string() : "the child can't have held it";
  }

  std::string operator()(const domain::LimitReached& limit) const {
    const bool of_attendee = limit.scope == domain::CapScope::attendee;
    const std::optional<int> cap = of_attendee ? plan_.rules.max_per_attendee : plan_.rules.max_per_user;
    if (cap != limit.limit) return "the limit is another one";
    const int most = most_of([&](const domain::Booking& b) {
      return of_attendee ? b.attendee_id == told_.attendee_id : b.user_id == told_.user_id;
    });
    if (most >= *cap) return {};
    return fmt::format("only {} of {} can have been held", most, *cap);
  }

  std::string operator()(const domain::Overlaps& overlap) const {
    if (!plan_.rules.forbid_overlap || !plan_.overlapping) return "no two activities meet, or they may";
    const int most = most_of([&](const domain::Booking& b) {
      return b.activity_id == overlap.activity_id && b.attendee_id == told_.attendee_id;
    });
    const bool another = overlap.activity_id != told_.activity_id;
    return another && most > 0 ? std::string() : "the child can't have held what it is said to meet";
  }

  std::string operator()(const domain::SoldOut&) const {
    const Timeline::Which seats =
        not_own([this](const domain::Booking& b) { return b.activity_id == told_.activity_id; });
    const Window& time = told_.from_memory ? known_ : decided_;
    if (timeline_.was_full(told_.activity_id, seats, time)) return {};
    return fmt::format("at most {} of its seats can have been taken", timeline_.most(seats, time));
  }

 private:
  /// The key's own booking is no reason: a gate that holds it grants it again.
  Timeline::Which not_own(Timeline::Which which) const {
    return [this, which = std::move(which)](const domain::Booking& b) { return b.id != told_.booking_id && which(b); };
  }
  int most_of(Timeline::Which which) const { return timeline_.most(not_own(std::move(which)), decided_); }

  /// Memory estimates the gate's clock, and may not have heard of its jumps.
  Window clock_time() const { return told_.from_memory ? Window{0, told_.told_us} : decided_; }

  const ToldRefusal& told_;
  const Timeline& timeline_;
  const Plan& plan_;
  const MysqlSim& mysql_;
  const Window decided_;
  const Window known_;
};

}  // namespace

std::string untrue_refusal(const History& history, const Timeline& timeline, const Setting& setting,
                           const MysqlSim& mysql) {
  for (const ToldRefusal& told : history.refusals) {
    const Examination examination(told, timeline, setting.plan, mysql);
    for (const domain::Violation& violation : told.violations) {
      if (domain::is_provisional(violation)) continue;
      const std::string fault = std::visit(examination, violation);
      if (fault.empty()) continue;
      return fmt::format("told {} {} at {:.6f} s, but {}", base::name(domain::code_of(violation)),
                         told.from_memory ? "from memory" : "by a store", static_cast<double>(told.told_us) / 1e6,
                         fault);
    }
  }
  return {};
}

}  // namespace zl::sim
