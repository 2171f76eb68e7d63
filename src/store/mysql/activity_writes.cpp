#include "store/mysql/activity_writes.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/crash_point.hpp"
#include "base/limits.hpp"
#include "domain/kinds/kind.hpp"
#include "store/mysql/activity_cancelling.hpp"
#include "store/mysql/answers.hpp"
#include "store/mysql/audit_detail.hpp"
#include "store/mysql/catalogue_rows.hpp"
#include "store/mysql/outbox.hpp"
#include "store/mysql/programme_locks.hpp"
#include "store/mysql/session_changes.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// Reads without a lock: an activity keeps its programme.
constexpr std::string_view select_programme_of = "SELECT programme_id FROM activities WHERE id = ?";
// Index activities_programme; the programme's row is locked, so the number stays what it is.
constexpr std::string_view count_activities = "SELECT COUNT(*) FROM activities WHERE programme_id = ?";
// Index check_ins_session.
constexpr std::string_view count_check_ins = "SELECT COUNT(*) FROM check_ins WHERE session_id IN (?)";

// New rows; their foreign keys lock the activity and its programme, shared. A second run is a duplicate: nothing
// happens.
constexpr std::string_view insert_activities =
    "INSERT INTO activities (id, programme_id, kind, title, description, age_min, age_max, publication, version, "
    "created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)";
constexpr std::string_view insert_seats =
    "INSERT INTO activity_seats (activity_id, programme_id, capacity, open) VALUES (?, ?, ?, ?)";
constexpr std::string_view insert_sessions =
    "INSERT INTO sessions (id, activity_id, starts_at, ends_at, venue) VALUES ?";

// All by the primary key, one row each (delete_sessions: each session), under the programme's lock. A second run of
// update_capacity changes nothing; where too many seats are taken the first does neither.
constexpr std::string_view update_activities =
    "UPDATE activities SET kind = ?, title = ?, description = ?, age_min = ?, age_max = ?, version = version + 1 "
    "WHERE id = ?";
constexpr std::string_view update_capacity =
    "UPDATE activity_seats SET capacity = ? WHERE activity_id = ? AND seats_taken <= ?";
constexpr std::string_view update_session = "UPDATE sessions SET starts_at = ?, ends_at = ?, venue = ? WHERE id = ?";
constexpr std::string_view delete_sessions = "DELETE FROM sessions WHERE id IN (?)";
constexpr std::string_view update_published =
    "UPDATE activities SET publication = 2, version = version + 1 WHERE id = ?";
constexpr std::string_view update_open = "UPDATE activity_seats SET open = 1 WHERE activity_id = ?";

struct LockedActivity {
  std::uint64_t epoch = 0;  // of its programme
  domain::Activity activity;
};

/// Locks the programme's row, which stands for its activities.
std::optional<LockedActivity> lock_activity(Write& write, const base::ActivityId& id) {
  const Rows programme = write.query(sql(select_programme_of, id));
  if (programme.empty()) return std::nullopt;
  const std::uint64_t epoch = lock_programme(write, programme.front().id<base::ProgrammeId>(0)).value();
  return LockedActivity{epoch, find_activity(write, id).value()};
}

std::vector<std::string> meetings(const std::vector<domain::Session>& sessions) {
  std::vector<std::string> texts;
  texts.reserve(sessions.size());
  for (const domain::Session& session : sessions) {
    texts.push_back(base::format_instant(session.time.starts_at, 0) + "/" +
                    base::format_instant(session.time.ends_at, 0));
  }
  return texts;
}

std::vector<std::string> venues(const std::vector<domain::Session>& sessions) {
  std::vector<std::string> texts;
  for (const domain::Session& session : sessions) {
    if (std::find(texts.begin(), texts.end(), session.venue) == texts.end()) texts.push_back(session.venue);
  }
  return texts;
}

std::string detail_of(const domain::Activity& before, const domain::Activity& after) {
  AuditDetail detail;
  detail.changed("kind", domain::policy_of(before.kind).name, domain::policy_of(after.kind).name)
      .changed("title", before.title, after.title)
      .changed("description", before.description, after.description)
      .changed("age_min", before.age_min, after.age_min)
      .changed("age_max", before.age_max, after.age_max)
      .changed("capacity", before.capacity, after.capacity)
      .changed("sessions", meetings(before.sessions), meetings(after.sessions))
      .changed("venues", venues(before.sessions), venues(after.sessions));
  return detail.text();
}

void add_session_rows(Write& write, const base::ActivityId& id, const std::vector<domain::Session>& sessions) {
  if (sessions.empty()) return;
  Values rows;
  for (const domain::Session& session : sessions) {
    rows.row(session.id, id, session.time.starts_at, session.time.ends_at, session.venue);
  }
  write.execute(sql(insert_sessions, rows.fragment()));
}

/// Done when nobody is booked and nobody was checked in to a session that goes. The programme's seats are locked.
base::Outcome<base::Done> may_change_rules(Write& write, const base::ActivityId& id,
                                           const std::vector<LockedSeats>& seats, const SessionChanges& sessions) {
  for (const LockedSeats& row : seats) {
    if (row.activity_id == id && row.seats_taken > 0) {
      return refused(base::Code::invalid_state, "the activity has active bookings");
    }
  }
  if (write.query(sql(count_check_ins, sessions.removed)).front().u64(0) > 0) {
    return refused(base::Code::invalid_state, "somebody was checked in to a session that would go");
  }
  return base::Done{};
}

void write_sessions(Write& write, const base::ActivityId& id, const SessionChanges& sessions) {
  if (!sessions.removed.empty()) write.execute(sql(delete_sessions, sessions.removed));
  for (const domain::Session& session : sessions.changed) {
    write.execute(sql(update_session, session.time.starts_at, session.time.ends_at, session.venue, session.id));
  }
  add_session_rows(write, id, sessions.added);
}

void record(Write& write, const domain::Activity& activity, const app::Actor& actor, std::string_view action,
            std::string detail) {
  write.change(app::ChangeKind::programme, activity.programme_id.bytes);
  write.audit(actor, action, activity.id.bytes, std::move(detail));
}

}  // namespace

base::Outcome<domain::Activity> insert_activity(Write& write, const domain::Activity& activity,
                                                const app::Actor& actor) {
  if (!lock_programme(write, activity.programme_id)) {
    return refused(base::Code::not_found, "there is no such programme");
  }
  if (write.query(sql(count_activities, activity.programme_id)).front().u64(0) >=
      base::limits::activities_per_programme) {
    return refused(base::Code::invalid_state, "the programme has as many activities as allowed");
  }
  const bool open = activity.publication == domain::Publication::published;
  write.execute(sql(insert_activities, activity.id, activity.programme_id, activity.kind, activity.title,
                    activity.description, activity.age_min, activity.age_max, activity.publication, write.now()));
  write.execute(sql(insert_seats, activity.id, activity.programme_id, activity.capacity, open));
  add_session_rows(write, activity.id, activity.sessions);
  AuditDetail detail;
  detail.add("programme_id", activity.programme_id)
      .add("kind", domain::policy_of(activity.kind).name)
      .add("title", activity.title)
      .add("description", activity.description)
      .add("age_min", activity.age_min)
      .add("age_max", activity.age_max)
      .add("capacity", activity.capacity)
      .add("sessions", meetings(activity.sessions))
      .add("venues", venues(activity.sessions));
  record(write, activity, actor, "activity.create", detail.text());
  return find_activity(write, activity.id).value();
}

base::Outcome<domain::Activity> update_activity(Write& write, const domain::Activity& wanted,
                                                std::uint64_t expected_version, const app::Actor& actor) {
  const std::optional<LockedActivity> locked = lock_activity(write, wanted.id);
  if (!locked) return base::Code::not_found;
  const domain::Activity& before = locked->activity;
  if (before.version != expected_version) return base::Code::version_mismatch;
  if (before.publication == domain::Publication::cancelled) {
    return refused(base::Code::invalid_state, "the activity is cancelled");
  }
  if (before.programme_id != wanted.programme_id) {
    return invalid_field("/programme_id", "an activity keeps its programme");
  }
  const SessionChanges sessions = session_changes(before.sessions, wanted.sessions);
  const bool ages_change = before.age_min != wanted.age_min || before.age_max != wanted.age_max;
  const bool rules_change = sessions.meetings_change || ages_change;
  if (rules_change || wanted.capacity < before.capacity) {
    const std::vector<LockedSeats> seats = lock_programme_seats(write, wanted.programme_id);
    if (rules_change) {
      const base::Outcome<base::Done> may = may_change_rules(write, wanted.id, seats, sessions);
      if (!may) return may.as<domain::Activity>();
    }
    // A gate that knows the rules or the seats of before grants nothing that can commit, however late it follows. No
    // gate knows a draft.
    if (before.publication == domain::Publication::published) {
      fence_programme(write, wanted.programme_id, locked->epoch);
    }
  }
  if (before.capacity != wanted.capacity &&
      write.execute(sql(update_capacity, wanted.capacity, wanted.id, wanted.capacity)) == 0) {
    return refused(base::Code::invalid_state, "more seats are taken");
  }
  write.execute(
      sql(update_activities, wanted.kind, wanted.title, wanted.description, wanted.age_min, wanted.age_max, wanted.id));
  write_sessions(write, wanted.id, sessions);
  if (before.publication == domain::Publication::published) {
    tell_of_change(write, wanted.id, before.version + 1, sessions.changed);
  }
  const domain::Activity after = find_activity(write, wanted.id).value();
  record(write, after, actor, "activity.update", detail_of(before, after));
  return after;
}

base::Outcome<domain::Activity> publish_activity(Write& write, const base::ActivityId& id, const app::Actor& actor) {
  const std::optional<LockedActivity> locked = lock_activity(write, id);
  if (!locked) return base::Code::not_found;
  switch (locked->activity.publication) {
    case domain::Publication::published:
      return locked->activity;
    case domain::Publication::cancelled:
      return refused(base::Code::invalid_state, "the activity is cancelled");
    case domain::Publication::draft:
      break;
  }
  ZL_CRASH_POINT("publish.locked");
  write.execute(sql(update_published, id));
  ZL_CRASH_POINT("publish.marked");
  write.execute(sql(update_open, id));
  ZL_CRASH_POINT("publish.opened");
  record(write, locked->activity, actor, "activity.publish", "{}");
  ZL_CRASH_POINT("publish.recorded");
  return find_activity(write, id).value();
}

base::Outcome<domain::Activity> cancel_activity(Write& write, const base::ActivityId& id, const std::string& reason,
                                                const app::Actor& actor, base::Instant now) {
  const std::optional<LockedActivity> locked = lock_activity(write, id);
  if (!locked) return base::Code::not_found;
  if (locked->activity.publication == domain::Publication::cancelled) return locked->activity;

  close_activity(write, id, reason);
  ZL_CRASH_POINT("close.closed");
  const std::uint64_t bookings = cancel_all_bookings(write, id, now);
  ZL_CRASH_POINT("close.bookings_cancelled");
  AuditDetail detail;
  detail.add("reason", reason).add("bookings", bookings);
  record(write, locked->activity, actor, "activity.cancel", detail.text());
  ZL_CRASH_POINT("close.recorded");
  return find_activity(write, id).value();
}

}  // namespace zl::mysql
