// Each check is one function that fills in what it counted and the faults it found.
#include "rush/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "rush/instant.hpp"

namespace zl::rush {
namespace {

constexpr Instant long_ago = std::numeric_limits<Instant>::min();

using ActivityAndAttendee = std::pair<std::size_t, std::string>;

/// The evidence with the indices that the checks need.
struct Case {
  explicit Case(const Evidence& given) : evidence(given) {
    for (const RosterEntry& entry : given.after) {
      roster.emplace(entry.booking_id, &entry);
    }
    for (const RosterEntry& entry : given.before) {
      known_before.insert(entry.booking_id);
    }
    for (const Press& press : given.presses) {
      users.insert(press.user_id);
      if (press.outcome == Outcome::granted) {
        told.emplace(press.booking_id, &press);
      } else if (press.outcome == Outcome::unknown) {
        given_up.emplace(press.activity, press.attendee_id);
      }
    }
  }

  const std::string& title(std::size_t activity) const { return evidence.programme.activities[activity].title; }

  const Evidence& evidence;
  std::unordered_map<std::string, const RosterEntry*> roster;
  std::unordered_map<std::string, const Press*> told;
  std::set<ActivityAndAttendee> given_up;
  std::set<std::string> users;
  std::set<std::string> known_before;
};

Check something_was_booked(const Case& rush) {
  const auto granted = rush.told.size();
  Check check{"somebody got a seat", fmt::format("{} presses, {} granted", rush.evidence.presses.size(), granted), {}};
  if (granted == 0) {
    check.faults.emplace_back("nobody booked: this run shows nothing");
  }
  return check;
}

Check never_oversold(const Case& rush) {
  const auto& activities = rush.evidence.programme.activities;
  std::vector<int> sold(activities.size());
  for (const RosterEntry& entry : rush.evidence.after) {
    sold[entry.activity] += entry.active ? 1 : 0;
  }
  Check check{"sold <= capacity", fmt::format("{} activities", activities.size()), {}};
  for (std::size_t index = 0; index < activities.size(); ++index) {
    if (sold[index] > activities[index].capacity) {
      check.faults.push_back(
          fmt::format("{}: {} sold of {}", activities[index].title, sold[index], activities[index].capacity));
    }
  }
  return check;
}

Check no_attendee_twice(const Case& rush) {
  std::set<ActivityAndAttendee> seen;
  Check check{"no attendee twice", {}, {}};
  for (const RosterEntry& entry : rush.evidence.after) {
    if (entry.active && !seen.emplace(entry.activity, entry.attendee_id).second) {
      check.faults.push_back(fmt::format("{}: attendee {}", rush.title(entry.activity), entry.attendee_id));
    }
  }
  check.counted = fmt::format("{} attendees' seats", seen.size());
  return check;
}

/// What is wrong with the roster's answer to one granted press; empty if nothing.
std::string broken_promise(const Case& rush, const Press& press) {
  const bool may_be_gone = press.cancelled_ms || press.cancel_unknown;
  const auto found = rush.roster.find(press.booking_id);
  if (found == rush.roster.end()) {
    return may_be_gone ? "" : "is not in the roster";
  }
  const RosterEntry& entry = *found->second;
  if (entry.activity != press.activity || entry.attendee_id != press.attendee_id || entry.user_id != press.user_id) {
    return "is somebody else's in the roster";
  }
  if (!entry.active && !may_be_gone) {
    return "is cancelled, but not by its client";
  }
  return entry.active && press.cancelled_ms ? "was cancelled and still holds a seat" : "";
}

Check every_promise_kept(const Case& rush) {
  Check check{"every 201 in the roster", fmt::format("{} bookings told", rush.told.size()), {}};
  for (const Press& press : rush.evidence.presses) {
    if (press.outcome != Outcome::granted) {
      continue;
    }
    if (rush.told.at(press.booking_id) != &press) {
      check.faults.push_back(fmt::format("booking {} was told twice", press.booking_id));
    } else if (const std::string fault = broken_promise(rush, press); !fault.empty()) {
      check.faults.push_back(fmt::format("{}: booking {} {}", rush.title(press.activity), press.booking_id, fault));
    }
  }
  return check;
}

Check nobody_booked_unknowingly(const Case& rush) {
  std::size_t gave_up = 0;
  std::size_t strangers = 0;
  Check check{"no seat that nobody was told of", {}, {}};
  for (const RosterEntry& entry : rush.evidence.after) {
    if (!entry.active || rush.told.contains(entry.booking_id) || rush.known_before.contains(entry.booking_id)) {
      continue;
    }
    if (rush.given_up.contains({entry.activity, entry.attendee_id})) {
      gave_up += 1;
    } else if (rush.evidence.strangers_may_book && !rush.users.contains(entry.user_id)) {
      strangers += 1;
    } else {
      check.faults.push_back(fmt::format("{}: booking {} of attendee {}", rush.title(entry.activity), entry.booking_id,
                                         entry.attendee_id));
    }
  }
  check.counted = fmt::format("{} roster entries, {} there before, {} of clients that gave up, {} of others",
                              rush.evidence.after.size(), rush.known_before.size(), gave_up, strangers);
  return check;
}

/// When seats of one activity were surely or possibly taken. Doubt is counted as taken: only a certain lie is a fault.
struct Occupancy {
  std::vector<Instant> taken;
  std::vector<Instant> back;

  std::size_t at(Instant instant) const {
    const auto count = [&](const std::vector<Instant>& sorted) {
      return static_cast<std::size_t>(std::upper_bound(sorted.begin(), sorted.end(), instant) - sorted.begin());
    };
    return count(taken) - count(back);
  }
};

Instant to_instant(const Case& rush, double after_release_ms) {
  return rush.evidence.programme.release + static_cast<Instant>(after_release_ms);
}

/// A repeated press may have held its seat since its first sending, long before the decision that its receipt names.
Instant taken_since(const Case& rush, std::optional<Instant> decided_at, const Press* press) {
  const Instant by_receipt = decided_at.value_or(long_ago);
  return press != nullptr && press->sends > 1 ? std::min(by_receipt, to_instant(rush, press->sent_ms)) : by_receipt;
}

std::vector<Occupancy> occupancies(const Case& rush) {
  std::vector<Occupancy> seats(rush.evidence.programme.activities.size());
  for (const RosterEntry& entry : rush.evidence.after) {
    const auto found = rush.told.find(entry.booking_id);
    const Press* press = found == rush.told.end() ? nullptr : found->second;
    seats[entry.activity].taken.push_back(taken_since(rush, entry.decided_at, press));
  }
  std::set<ActivityAndAttendee> in_roster;
  for (const RosterEntry& entry : rush.evidence.after) {
    in_roster.emplace(entry.activity, entry.attendee_id);
  }
  for (const Press& press : rush.evidence.presses) {
    const bool granted = press.outcome == Outcome::granted;
    if (granted && !rush.roster.contains(press.booking_id)) {
      seats[press.activity].taken.push_back(taken_since(rush, press.decided_at, &press));
    }
    if (granted && press.cancelled_ms) {
      seats[press.activity].back.push_back(to_instant(rush, *press.cancelled_ms) + seat_return_grace_ms);
    }
    if (press.outcome == Outcome::unknown && !in_roster.contains({press.activity, press.attendee_id})) {
      seats[press.activity].taken.push_back(to_instant(rush, press.sent_ms));
    }
  }
  for (Occupancy& activity : seats) {
    std::sort(activity.taken.begin(), activity.taken.end());
    std::sort(activity.back.begin(), activity.back.end());
  }
  return seats;
}

Check sold_out_was_true(const Case& rush) {
  const auto seats = occupancies(rush);
  std::size_t refusals = 0;
  Check check{"no sold_out before the last seat was taken", {}, {}};
  for (const Press& press : rush.evidence.presses) {
    if (!press.told_sold_out) {
      continue;
    }
    refusals += 1;
    const Activity& activity = rush.evidence.programme.activities[press.activity];
    if (!press.decided_at) {
      check.faults.push_back(fmt::format("{}: a sold_out without decided_at", activity.title));
      continue;
    }
    const auto taken = seats[press.activity].at(*press.decided_at);
    if (taken < static_cast<std::size_t>(activity.capacity)) {
      check.faults.push_back(fmt::format("{}: sold_out at {} with {} of {} taken", activity.title,
                                         format_clock(*press.decided_at), taken, activity.capacity));
    }
  }
  check.counted = fmt::format("{} refusals", refusals);
  return check;
}

bool overlap(const Activity& one, const Activity& other) {
  return std::any_of(one.sessions.begin(), one.sessions.end(), [&](const Session& mine) {
    return std::any_of(other.sessions.begin(), other.sessions.end(), [&](const Session& theirs) {
      return mine.starts_at < theirs.ends_at && theirs.starts_at < mine.ends_at;
    });
  });
}

void find_overlaps(const Case& rush, const std::string& attendee, const std::vector<std::size_t>& held, Check& check) {
  for (auto one = held.begin(); one != held.end(); ++one) {
    for (auto other = std::next(one); other != held.end(); ++other) {
      if (overlap(rush.evidence.programme.activities[*one], rush.evidence.programme.activities[*other])) {
        check.faults.push_back(
            fmt::format("attendee {}: {} overlaps {}", attendee, rush.title(*one), rush.title(*other)));
      }
    }
  }
}

Check rules_hold(const Case& rush) {
  const Rules& rules = rush.evidence.programme.rules;
  std::map<std::string, std::vector<std::size_t>> by_attendee;
  std::map<std::string, int> by_user;
  for (const RosterEntry& entry : rush.evidence.after) {
    if (entry.active) {
      by_attendee[entry.attendee_id].push_back(entry.activity);
      by_user[entry.user_id] += 1;
    }
  }
  Check check{"caps and overlaps", fmt::format("{} children of {} families", by_attendee.size(), by_user.size()), {}};
  for (const auto& [attendee, held] : by_attendee) {
    if (rules.max_per_attendee && std::cmp_greater(held.size(), *rules.max_per_attendee)) {
      check.faults.push_back(fmt::format("attendee {} holds {}", attendee, held.size()));
    }
    if (rules.forbid_overlap) {
      find_overlaps(rush, attendee, held, check);
    }
  }
  for (const auto& [user, held] : by_user) {
    if (rules.max_per_user && held > *rules.max_per_user) {
      check.faults.push_back(fmt::format("family of user {} holds {}", user, held));
    }
  }
  return check;
}

}  // namespace

bool Audit::passed() const {
  return std::all_of(checks.begin(), checks.end(), [](const Check& check) { return check.faults.empty(); });
}

Audit audit(const Evidence& evidence) {
  const Case rush(evidence);
  Audit result;
  result.checks = {
      something_was_booked(rush),      never_oversold(rush),    no_attendee_twice(rush), every_promise_kept(rush),
      nobody_booked_unknowingly(rush), sold_out_was_true(rush), rules_hold(rush)};
  for (const RosterEntry& entry : evidence.after) {
    result.sold += entry.active ? 1 : 0;
  }
  for (const Activity& activity : evidence.programme.activities) {
    result.capacity += static_cast<std::size_t>(activity.capacity);
  }
  return result;
}

}  // namespace zl::rush
