#include "store/mysql/ledger_checks.hpp"

#include <string>
#include <string_view>

#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// None of these locks. Each reads its table once, in the order of an index where it can, and hands out faults alone:
// the rows stay in the database.

struct Check {
  std::string_view name;
  std::string_view counted;  ///< what is counted, and by what
  std::string_view count;
  std::string_view faults;  ///< one column of sentences; ends in LIMIT ?
};

constexpr Check checks[] = {
    {"seats", "activities", "SELECT COUNT(*) FROM activities",
     "SELECT CONCAT('activity ', LOWER(HEX(s.activity_id)), ': seats_taken is ', s.seats_taken, ' of ', s.capacity, "
     "', and ', COUNT(b.id), ' bookings are active') FROM activity_seats s "
     "LEFT JOIN bookings b FORCE INDEX (bookings_activity) ON b.activity_id = s.activity_id AND b.active = 1 "
     "GROUP BY s.activity_id, s.seats_taken, s.capacity "
     "HAVING s.seats_taken <> COUNT(b.id) OR s.seats_taken > s.capacity LIMIT ?"},
    {"seats rows", "activities", "SELECT COUNT(*) FROM activities",
     "SELECT CONCAT('activity ', LOWER(HEX(a.id)), ': its row in activity_seats is missing, of another programme, or "
     "open where it is not published') FROM activities a LEFT JOIN activity_seats s ON s.activity_id = a.id "
     "WHERE s.activity_id IS NULL OR s.programme_id <> a.programme_id OR s.open <> (a.publication = 2) LIMIT ?"},
    {"meetings", "activities", "SELECT COUNT(*) FROM activities",
     "SELECT CONCAT('activity ', LOWER(HEX(a.id)), ': it has no session, and is shown to nobody') FROM activities a "
     "WHERE NOT EXISTS (SELECT 1 FROM sessions s WHERE s.activity_id = a.id) LIMIT ?"},
    {"states", "bookings", "SELECT COUNT(*) FROM bookings",
     "SELECT CONCAT('booking ', LOWER(HEX(id)), ': state ', state, ', active ', COALESCE(active, 'NULL'), "
     "' and cancelled_at ', COALESCE(cancelled_at, 'NULL'), ' contradict each other') FROM bookings "
     "WHERE NOT (state IN (1, 2, 3) AND active <=> 1 AND cancelled_at IS NULL) "
     "AND NOT (state = 4 AND active IS NULL AND cancelled_at IS NOT NULL) LIMIT ?"},
    {"once", "active bookings", "SELECT COUNT(*) FROM bookings WHERE state <> 4",
     "SELECT CONCAT('activity ', LOWER(HEX(b.activity_id)), ': attendee ', LOWER(HEX(b.party_id)), ' has ', COUNT(*), "
     "' bookings') FROM bookings b FORCE INDEX (bookings_activity) WHERE b.state <> 4 "
     "GROUP BY b.activity_id, b.party_id HAVING COUNT(*) > 1 LIMIT ?"},
    {"cap of an attendee", "programmes", "SELECT COUNT(*) FROM programmes WHERE max_per_attendee IS NOT NULL",
     "SELECT CONCAT('programme ', LOWER(HEX(p.id)), ': attendee ', LOWER(HEX(b.party_id)), ' has ', COUNT(*), "
     "' bookings, and may have ', p.max_per_attendee) FROM programmes p "
     "JOIN activity_seats s ON s.programme_id = p.id "
     "JOIN bookings b FORCE INDEX (bookings_activity) ON b.activity_id = s.activity_id AND b.active = 1 "
     "WHERE p.max_per_attendee IS NOT NULL GROUP BY p.id, p.max_per_attendee, b.party_id "
     "HAVING COUNT(*) > p.max_per_attendee LIMIT ?"},
    {"cap of a user", "programmes", "SELECT COUNT(*) FROM programmes WHERE max_per_user IS NOT NULL",
     "SELECT CONCAT('programme ', LOWER(HEX(p.id)), ': user ', LOWER(HEX(b.user_id)), ' has ', COUNT(*), "
     "' bookings, and may have ', p.max_per_user) FROM programmes p JOIN activity_seats s ON s.programme_id = p.id "
     "JOIN bookings b FORCE INDEX (bookings_activity) ON b.activity_id = s.activity_id AND b.active = 1 "
     "WHERE p.max_per_user IS NOT NULL GROUP BY p.id, p.max_per_user, b.user_id "
     "HAVING COUNT(*) > p.max_per_user LIMIT ?"},
    {"overlaps", "programmes", "SELECT COUNT(*) FROM programmes WHERE forbid_overlap = 1",
     "SELECT DISTINCT CONCAT('programme ', LOWER(HEX(p.id)), ': attendee ', LOWER(HEX(b.party_id)), ' holds bookings "
     "', "
     "LOWER(HEX(b.id)), ' and ', LOWER(HEX(c.id)), ', whose sessions overlap') FROM programmes p "
     "JOIN activity_seats s ON s.programme_id = p.id "
     "JOIN bookings b FORCE INDEX (bookings_activity) ON b.activity_id = s.activity_id AND b.active = 1 "
     "JOIN bookings c FORCE INDEX (bookings_once) ON c.party_id = b.party_id AND c.active = 1 AND c.programme_id = "
     "p.id "
     "AND c.activity_id > b.activity_id JOIN sessions t ON t.activity_id = b.activity_id "
     "JOIN sessions u ON u.activity_id = c.activity_id AND u.starts_at < t.ends_at AND t.starts_at < u.ends_at "
     "WHERE p.forbid_overlap = 1 LIMIT ?"},
    {"programmes of bookings", "bookings", "SELECT COUNT(*) FROM bookings",
     "SELECT CONCAT('booking ', LOWER(HEX(b.id)), ': its programme is not its activity''s') FROM bookings b "
     "JOIN activities a ON a.id = b.activity_id WHERE a.programme_id <> b.programme_id LIMIT ?"},
    {"copies", "guardianships", "SELECT COUNT(*) FROM guardianships",
     "SELECT CONCAT('attendee ', LOWER(HEX(a.id)), ': user ', LOWER(HEX(g.user_id)), ' has another name or birth date "
     "of it') FROM guardianships g JOIN attendees a ON a.id = g.attendee_id "
     "WHERE BINARY a.name <> BINARY g.name OR a.birth_date <> g.birth_date LIMIT ?"},
    {"attendance", "check-ins", "SELECT COUNT(*) FROM check_ins",
     "SELECT CONCAT('check-in ', LOWER(HEX(c.id)), ': its session is of another activity than its booking') "
     "FROM check_ins c JOIN bookings b ON b.id = c.booking_id JOIN sessions s ON s.id = c.session_id "
     "WHERE s.activity_id <> b.activity_id LIMIT ?"},
    {"told", "bookings", "SELECT COUNT(*) FROM bookings",
     "SELECT CONCAT('booking ', LOWER(HEX(b.id)), ': the audit does not tell of it where it says so') FROM bookings b "
     "LEFT JOIN audit a ON a.chain_id = b.audit_chain AND a.seq = b.audit_seq AND a.action = 'booking.create' "
     "WHERE a.seq IS NULL OR LOCATE(CAST(LOWER(HEX(b.id)) AS BINARY), CAST(a.detail AS BINARY)) = 0 LIMIT ?"},
    {"told of cancelling", "cancelled bookings", "SELECT COUNT(*) FROM bookings WHERE state = 4",
     "SELECT CONCAT('booking ', LOWER(HEX(b.id)), ': it is cancelled, and the audit does not tell by whom') "
     "FROM bookings b WHERE b.state = 4 "
     "AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.subject = b.id AND a.action = 'booking.cancel') "
     "AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.subject = b.activity_id AND a.action = 'activity.cancel') LIMIT ?"},
};

/// A column that names a row of another table. Those with a foreign key are here too: it may have been switched off.
struct Reference {
  std::string_view table;
  std::string_view id;  ///< what names the table's row in a sentence
  std::string_view column;
  std::string_view target;
};

constexpr Reference references[] = {
    {"stations", "id", "parent_id", "stations"},
    {"programmes", "id", "station_id", "stations"},
    {"activities", "id", "programme_id", "programmes"},
    {"activity_seats", "activity_id", "activity_id", "activities"},
    {"activity_seats", "activity_id", "programme_id", "programmes"},
    {"sessions", "id", "activity_id", "activities"},
    {"identities", "user_id", "user_id", "users"},
    {"guardianships", "attendee_id", "user_id", "users"},
    {"guardianships", "attendee_id", "attendee_id", "attendees"},
    {"bookings", "id", "activity_id", "activities"},
    {"bookings", "id", "programme_id", "programmes"},
    {"bookings", "id", "party_id", "attendees"},
    {"bookings", "id", "user_id", "users"},
    {"programme_guards", "programme_id", "programme_id", "programmes"},
    {"check_ins", "id", "booking_id", "bookings"},
    {"check_ins", "id", "session_id", "sessions"},
    {"accounts", "id", "station_id", "stations"},
    {"outbox", "id", "booking_id", "bookings"},
    {"outbox", "id", "user_id", "users"},
};

// By the primary key of the table that is named.
constexpr std::string_view select_orphans =
    "SELECT CONCAT('?.? of ', LOWER(HEX(c.?)), ' names no row of ?') FROM ? c "
    "LEFT JOIN ? p ON p.id = c.? WHERE c.? IS NOT NULL AND p.id IS NULL LIMIT ?";

constexpr std::string_view select_deleted =
    "SELECT CONCAT('bookings.party_id of ', LOWER(HEX(b.id)), ' names an attendee who is deleted, and it is active') "
    "FROM bookings b JOIN attendees a ON a.id = b.party_id WHERE b.active = 1 AND a.deleted <> 0 LIMIT ?";

// Whoever checks in is of the staff, or a user.
constexpr std::string_view select_unknown_checkers =
    "SELECT CONCAT('check_ins.account_id of ', LOWER(HEX(c.id)), ' names neither an account nor a user') FROM "
    "check_ins c "
    "LEFT JOIN accounts a ON a.id = c.account_id LEFT JOIN users u ON u.id = c.account_id "
    "WHERE a.id IS NULL AND u.id IS NULL LIMIT ?";

std::uint64_t count_of(Connection& connection, std::string_view statement) {
  return connection.query(statement).front().u64(0);
}

Fragment name(std::string_view text) {
  return {std::string(text)};
}

void add_faults(app::CheckReport& report, const Rows& sentences) {
  for (const Row row : sentences) report.fault(row.text(0));
}

app::CheckReport run(Connection& connection, const Check& check) {
  app::CheckReport report{.name = std::string(check.name), .counted = {}, .faults = {}, .more_faults = 0};
  report.counted = std::to_string(count_of(connection, check.count)) + " " + std::string(check.counted);
  add_faults(report, connection.query(sql(check.faults, report.told_limit + 1)));
  return report;
}

app::CheckReport check_references(Connection& connection) {
  app::CheckReport report{.name = "references", .counted = {}, .faults = {}, .more_faults = 0};
  std::uint64_t looked_at = 0;
  const std::size_t limit = report.told_limit + 1;
  for (const Reference& r : references) {
    looked_at += count_of(connection, sql("SELECT COUNT(?) FROM ?", name(r.column), name(r.table)));
    add_faults(report, connection.query(sql(select_orphans, name(r.table), name(r.column), name(r.id), name(r.target),
                                            name(r.table), name(r.target), name(r.column), name(r.column), limit)));
  }
  add_faults(report, connection.query(sql(select_deleted, limit)));
  add_faults(report, connection.query(sql(select_unknown_checkers, limit)));
  report.counted = std::to_string(looked_at) + " references between rows";
  return report;
}

}  // namespace

std::vector<app::CheckReport> check_ledger(Connection& connection) {
  std::vector<app::CheckReport> reports;
  for (const Check& check : checks) reports.push_back(run(connection, check));
  reports.push_back(check_references(connection));
  return reports;
}

}  // namespace zl::mysql
