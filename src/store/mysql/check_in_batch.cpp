#include "store/mysql/check_in_batch.hpp"

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/crash_point.hpp"
#include "runtime/log.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

using Items = std::vector<app::CheckInItem>;

// Locks by the primary key in the order of ids, which is the order of the locks everywhere.
constexpr std::string_view lock_bookings =
    "SELECT id, activity_id, state, party_id FROM bookings FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id "
    "FOR UPDATE";
// By primary key; locks nothing, so that a check-in waits for nobody who changes an attendee.
constexpr std::string_view select_attendees =
    "SELECT id, name, birth_date FROM attendees FORCE INDEX (PRIMARY) WHERE id IN (?)";
// Unique index check_ins_once, and the primary key. Locks nothing: the bookings are locked.
constexpr std::string_view select_check_ins =
    "SELECT id, booking_id, session_id, active, at FROM check_ins FORCE INDEX (check_ins_once) "
    "WHERE booking_id IN (?) AND session_id IN (?) AND active = 1 UNION ALL "
    "SELECT id, booking_id, session_id, active, at FROM check_ins FORCE INDEX (PRIMARY) WHERE id IN (?)";
// By primary key; shared, as the foreign key of a new check-in locks them.
constexpr std::string_view lock_sessions =
    "SELECT id FROM sessions FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id LOCK IN SHARE MODE";
// New rows, whose foreign keys lock the sessions, shared. A second run is a duplicate: nothing happens.
constexpr std::string_view insert_check_ins =
    "INSERT INTO check_ins (id, booking_id, session_id, active, at, account_id) VALUES ?";

/// One member of every item, each value once, in the order of ids.
template <class IdType>
std::vector<IdType> each(const Items& items, IdType app::CheckInItem::* member) {
  std::set<IdType> ids;
  for (const app::CheckInItem& item : items) ids.insert(item.*member);
  return {ids.begin(), ids.end()};
}

void read_bookings(Transaction& transaction, const Items& items, CheckInFacts& facts) {
  std::set<base::AttendeeId> attendees;
  for (const Row row : transaction.query(sql(lock_bookings, each(items, &app::CheckInItem::booking_id)))) {
    const auto attendee_id = row.id<base::AttendeeId>(3);
    facts.bookings.emplace(row.id<base::BookingId>(0),
                           BookedRow{row.id<base::ActivityId>(1), row.as<domain::BookingState>(2), attendee_id});
    attendees.insert(attendee_id);
  }
  const std::vector<base::AttendeeId> ids(attendees.begin(), attendees.end());
  for (const Row row : transaction.query(sql(select_attendees, ids))) {
    facts.attendees.emplace(row.id<base::AttendeeId>(0), AttendeeRow{row.text(1), row.date(2)});
  }
}

void read_check_ins(Transaction& transaction, const Items& items, CheckInFacts& facts) {
  const Rows rows =
      transaction.query(sql(select_check_ins, each(items, &app::CheckInItem::booking_id),
                            each(items, &app::CheckInItem::session_id), each(items, &app::CheckInItem::id)));
  for (const Row row : rows) {
    facts.check_ins.push_back({row.id<base::CheckInId>(0), row.id<base::BookingId>(1), row.id<base::SessionId>(2),
                               !row.is_null(3), row.instant(4)});
  }
}

void read_sessions(Transaction& transaction, const Items& items, CheckInFacts& facts) {
  facts.sessions.emplace();
  for (const Row row : transaction.query(sql(lock_sessions, each(items, &app::CheckInItem::session_id)))) {
    facts.sessions->insert(row.id<base::SessionId>(0));
  }
}

void write_rows(Transaction& transaction, AuditTrail& trail, const Items& items, const std::vector<std::size_t>& made) {
  Values check_ins;
  Values audit;
  for (const std::size_t i : made) {
    const app::CheckInItem& item = items[i];
    check_ins.row(item.id, item.booking_id, item.session_id, 1, item.at, item.actor.id);
    std::string detail =
        R"({"booking_id":")" + item.booking_id.hex() + R"(","session_id":")" + item.session_id.hex() + "\"}";
    audit.row(trail.append(audit_record(item.actor, "check_in.create", item.id.bytes, item.at, std::move(detail))));
  }
  transaction.execute(sql(insert_check_ins, check_ins.fragment()));
  ZL_CRASH_POINT("check_in.entered");
  transaction.execute(sql(insert_audit, audit.fragment()));
}

enum class Way { plain = 1, looking_at_sessions };

/// Nothing where a row rejects the batch.
std::optional<std::vector<CheckInAnswer>> try_once(BatchRunner& runner, const Items& items, Way way) {
  CheckInPlan plan;
  const Ran ran = runner.run([&](Transaction& transaction, AuditTrail& trail) {
    CheckInFacts facts;
    facts.in_doubt = runner.in_doubt();
    read_bookings(transaction, items, facts);
    if (way == Way::looking_at_sessions) read_sessions(transaction, items, facts);
    read_check_ins(transaction, items, facts);
    plan = plan_check_ins(items, facts);
    if (plan.made.empty()) return false;
    ZL_CRASH_POINT("check_in.locked");
    write_rows(transaction, trail, items, plan.made);
    ZL_CRASH_POINT("check_in.written");
    return true;
  });
  switch (ran) {
    case Ran::committed:
    case Ran::rolled_back:
      return std::move(plan.answers);
    case Ran::rejected:
      return std::nullopt;
    case Ran::unavailable:
      return std::vector<CheckInAnswer>(items.size(), base::Code::unavailable);
    case Ran::unknown:
      return std::vector<CheckInAnswer>(items.size(), base::Unknown{"no answer to COMMIT"});
  }
  return std::nullopt;
}

/// Each in a transaction of its own, so that one bad item costs nobody else.
std::vector<CheckInAnswer> one_by_one(BatchRunner& runner, const Items& items) {
  std::vector<CheckInAnswer> answers;
  answers.reserve(items.size());
  for (const app::CheckInItem& item : items) {
    const Items alone{item};
    // Twice, because somebody else may have taken the same id in between.
    auto answer = try_once(runner, alone, Way::looking_at_sessions);
    if (!answer) answer = try_once(runner, alone, Way::looking_at_sessions);
    if (answer) {
      answers.push_back(std::move(answer->front()));
    } else if (runner.in_doubt()) {
      answers.emplace_back(base::Unknown{"no answer to COMMIT"});
    } else {
      runtime::log::error("check_in_rejected", {{"booking_id", item.booking_id.hex()}});
      answers.emplace_back(base::Refused{base::Code::internal, "the ledger rejected the check-in", {}, 0});
    }
  }
  return answers;
}

}  // namespace

std::vector<CheckInAnswer> check_in_batch(BatchRunner& runner, const std::vector<app::CheckInItem>& items) {
  if (auto answers = try_once(runner, items, Way::plain)) return *std::move(answers);
  if (auto answers = try_once(runner, items, Way::looking_at_sessions)) return *std::move(answers);
  return one_by_one(runner, items);
}

}  // namespace zl::mysql
