#include "store/mysql/attendee_writes.hpp"

#include <string>

#include "base/limits.hpp"
#include "store/mysql/answers.hpp"
#include "store/mysql/audit_detail.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// Each locks one row by the primary key.
constexpr std::string_view select_user_for_update = "SELECT 1 FROM users WHERE id = ? FOR UPDATE";
constexpr std::string_view select_attendee_for_update = "SELECT 1 FROM attendees WHERE id = ? FOR UPDATE";

// By the primary key, and index identities_user; locks nothing. Read under the user's lock, so that it can't be joined
// with another meanwhile.
constexpr std::string_view select_somebody =
    "SELECT 1 FROM users WHERE id = ? AND (openid IS NOT NULL OR EXISTS (SELECT 1 FROM identities WHERE user_id = ?))";
// All of them lock nothing. By the primary key's first part; the user's row is locked, so the number stays what it is.
constexpr std::string_view count_attendees = "SELECT COUNT(*) FROM guardianships WHERE user_id = ?";
// By the primary key.
constexpr std::string_view select_attendee_of_user =
    "SELECT a.id, a.name, a.birth_date, g.relation, a.notes, a.version FROM guardianships g "
    "JOIN attendees a ON a.id = g.attendee_id WHERE g.user_id = ? AND g.attendee_id = ?";
// Index guardianships_attendee.
constexpr std::string_view count_guardians = "SELECT COUNT(*) FROM guardianships WHERE attendee_id = ?";
// Index bookings_once. A booking may commit just after this, and then it was decided by what the attendee was when it
// was granted; only the deletion of the attendee it can't follow, since its foreign key needs them living.
constexpr std::string_view count_active_bookings = "SELECT COUNT(*) FROM bookings WHERE party_id = ? AND active = 1";

// New rows; a second run is a duplicate: nothing happens.
constexpr std::string_view insert_attendees =
    "INSERT INTO attendees (id, name, birth_date, notes, created_at) VALUES (?, ?, ?, ?, ?)";
constexpr std::string_view insert_guardianship =
    "INSERT INTO guardianships (user_id, attendee_id, relation, name, birth_date, created_at) "
    "VALUES (?, ?, ?, ?, ?, ?)";

// Rows by the primary key; the copies by index guardianships_attendee, one for each guardian.
constexpr std::string_view update_attendees =
    "UPDATE attendees SET name = ?, birth_date = ?, notes = ?, version = version + 1 WHERE id = ?";
constexpr std::string_view update_copies = "UPDATE guardianships SET name = ?, birth_date = ? WHERE attendee_id = ?";
constexpr std::string_view update_relation =
    "UPDATE guardianships SET relation = ? WHERE user_id = ? AND attendee_id = ?";
constexpr std::string_view delete_guardianship = "DELETE FROM guardianships WHERE user_id = ? AND attendee_id = ?";
// Refused by the foreign key of bookings where one is active; waits for those that are on their way.
constexpr std::string_view update_deleted = "UPDATE attendees SET deleted = 1, version = version + 1 WHERE id = ?";

base::Refused entered_twice() {
  return invalid_field("/name", "a child of this name and birth date was entered already");
}

/// Runs a statement on guardianships; false where the unique key (user, name, birth date) forbids it.
bool keeps_children_apart(Write& write, const std::string& statement) {
  try {
    write.execute(statement);
    return true;
  } catch (const SqlError& error) {
    if (error.fault() != SqlFault::duplicate) throw;
    return false;
  }
}

void record(Write& write, const base::AttendeeId& id, const app::Actor& actor, std::string_view action,
            const AuditDetail& detail) {
  write.change(app::ChangeKind::attendee, id.bytes);
  write.audit(actor, action, id.bytes, detail.text());
}

/// The names of what changed, without the values: a child's must be erasable, and the audit table is not.
AuditDetail changes(const domain::Attendee& before, const domain::Attendee& after) {
  std::vector<std::string> fields;
  if (before.name != after.name) fields.emplace_back("name");
  if (before.birth_date != after.birth_date) fields.emplace_back("birth_date");
  if (before.relation != after.relation) fields.emplace_back("relation");
  if (before.notes != after.notes) fields.emplace_back("notes");
  AuditDetail detail;
  detail.add("changed", fields);
  return detail;
}

/// Locks the user and the attendee and reads them; Refused{not_found} where the one isn't the other's.
base::Outcome<domain::Attendee> lock_attendee(Write& write, const base::UserId& user_id, const base::AttendeeId& id) {
  write.query(sql(select_user_for_update, user_id));
  write.query(sql(select_attendee_for_update, id));
  return find_attendee(write, user_id, id);
}

bool has_active_bookings(Write& write, const base::AttendeeId& id) {
  return write.query(sql(count_active_bookings, id)).front().u64(0) > 0;
}

base::Refused has_bookings() {
  return refused(base::Code::invalid_state, "the attendee has active bookings");
}

/// False where a booking was committed since they were counted.
bool mark_deleted(Write& write, const base::AttendeeId& id) {
  try {
    write.execute(sql(update_deleted, id));
    return true;
  } catch (const SqlError& error) {
    if (error.fault() != SqlFault::constraint) throw;
    return false;
  }
}

}  // namespace

std::vector<domain::Attendee> attendees_from(const Rows& rows) {
  std::vector<domain::Attendee> attendees;
  attendees.reserve(rows.size());
  for (const Row row : rows) {
    attendees.push_back(
        {row.id<base::AttendeeId>(0), row.text(1), row.date(2), row.as<domain::Relation>(3), row.text(4), row.u64(5)});
  }
  return attendees;
}

base::Outcome<domain::Attendee> find_attendee(Write& write, const base::UserId& user_id, const base::AttendeeId& id) {
  std::vector<domain::Attendee> found = attendees_from(write.query(sql(select_attendee_of_user, user_id, id)));
  if (found.empty()) return base::Code::not_found;
  return std::move(found.front());
}

base::Outcome<domain::Attendee> insert_attendee(Write& write, const base::UserId& user_id,
                                                const domain::Attendee& attendee, const app::Actor& actor) {
  if (write.query(sql(select_user_for_update, user_id)).empty()) return base::Code::not_found;
  // What a user who gave way to another were given now, no login would ever find.
  if (write.query(sql(select_somebody, user_id, user_id)).empty()) return base::Code::unauthorized;
  if (write.query(sql(count_attendees, user_id)).front().u64(0) >= base::limits::attendees_per_user) {
    return refused(base::Code::invalid_state,
                   "a user has at most " + std::to_string(base::limits::attendees_per_user) + " attendees");
  }
  write.execute(sql(insert_attendees, attendee.id, attendee.name, attendee.birth_date, attendee.notes, write.now()));
  const bool apart = keeps_children_apart(write, sql(insert_guardianship, user_id, attendee.id, attendee.relation,
                                                     attendee.name, attendee.birth_date, write.now()));
  if (!apart) return entered_twice();
  AuditDetail detail;
  detail.add("user_id", user_id);
  // Without a row in the feed: nobody can have read of somebody who was not there.
  write.audit(actor, "attendee.create", attendee.id.bytes, detail.text());
  domain::Attendee created = attendee;
  created.version = 1;
  return created;
}

base::Outcome<domain::Attendee> update_attendee(Write& write, const base::UserId& user_id,
                                                const domain::Attendee& wanted, std::uint64_t expected_version,
                                                const app::Actor& actor) {
  base::Outcome<domain::Attendee> before = lock_attendee(write, user_id, wanted.id);
  if (!before) return before;
  if (before->version != expected_version) return base::Code::version_mismatch;
  if (before->birth_date != wanted.birth_date && has_active_bookings(write, wanted.id)) {
    return refused(base::Code::invalid_state, "the attendee has active bookings, which rest on the birth date");
  }
  if (!keeps_children_apart(write, sql(update_copies, wanted.name, wanted.birth_date, wanted.id))) {
    return entered_twice();
  }
  write.execute(sql(update_relation, wanted.relation, user_id, wanted.id));
  write.execute(sql(update_attendees, wanted.name, wanted.birth_date, wanted.notes, wanted.id));
  record(write, wanted.id, actor, "attendee.update", changes(*before, wanted));
  domain::Attendee updated = wanted;
  updated.version = before->version + 1;
  return updated;
}

base::Outcome<base::Done> remove_attendee(Write& write, const base::UserId& user_id, const base::AttendeeId& id,
                                          const app::Actor& actor) {
  const base::Outcome<domain::Attendee> before = lock_attendee(write, user_id, id);
  if (!before) return before.as<base::Done>();
  if (has_active_bookings(write, id)) return has_bookings();
  write.execute(sql(delete_guardianship, user_id, id));
  if (write.query(sql(count_guardians, id)).front().u64(0) == 0 && !mark_deleted(write, id)) return has_bookings();
  AuditDetail detail;
  detail.add("user_id", user_id);
  record(write, id, actor, "attendee.delete", detail);
  return base::Done{};
}

}  // namespace zl::mysql
