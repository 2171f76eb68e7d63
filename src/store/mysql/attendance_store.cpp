#include "store/mysql/attendance_store.hpp"

#include <boost/asio/awaitable.hpp>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/crash_point.hpp"
#include "store/mysql/audit_detail.hpp"
#include "store/mysql/booking_statements.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

using base::Outcome;
using boost::asio::awaitable;
using domain::BookingState;

// By primary keys; locks nothing.
constexpr std::string_view select_activity_of =
    "SELECT b.activity_id FROM check_ins c JOIN bookings b ON b.id = c.booking_id WHERE c.id = ?";
// Both lock the one row by the primary key; a second run changes nothing.
constexpr std::string_view select_check_in_for_update =
    "SELECT active, booking_id, session_id FROM check_ins WHERE id = ? FOR UPDATE";
constexpr std::string_view update_undone = "UPDATE check_ins SET active = NULL WHERE id = ?";

// The columns of booking_row(), and more. Index bookings_activity gives the page's order; the rest by primary keys.
// Who is in none of the states is passed over there. Locks nothing.
constexpr std::string_view select_roster =
    "SELECT b.id, b.state, b.activity_id, b.programme_id, b.party_id, b.user_id, b.created_at, b.cancelled_at, "
    "b.arrival, b.decided_at, b.opens_at, b.remaining, b.grant_number, a.name, a.birth_date, u.nickname FROM "
    "(SELECT id FROM bookings FORCE INDEX (bookings_activity) WHERE activity_id = ? AND id > ? AND state IN (?) "
    "ORDER BY id LIMIT ?) AS page "
    "JOIN bookings b ON b.id = page.id JOIN attendees a ON a.id = b.party_id JOIN users u ON u.id = b.user_id "
    "ORDER BY b.id";
// Unique index check_ins_once.
constexpr std::string_view select_attendance =
    "SELECT booking_id, id, session_id, at FROM check_ins WHERE booking_id IN (?) AND active = 1 "
    "ORDER BY booking_id, at, id";

Outcome<base::Done> undo_check_in(Write& write, const base::CheckInId& id, const app::Actor& actor) {
  const Rows rows = write.query(sql(select_check_in_for_update, id));
  if (rows.empty()) return base::Code::not_found;
  const Row row = rows.front();
  if (row.is_null(0)) return base::Done{};
  ZL_CRASH_POINT("undo.locked");
  write.execute(sql(update_undone, id));
  ZL_CRASH_POINT("undo.marked");
  AuditDetail detail;
  detail.add("booking_id", row.id<base::BookingId>(1)).add("session_id", row.id<base::SessionId>(2));
  write.audit(actor, "check_in.undo", id.bytes, detail.text());
  ZL_CRASH_POINT("undo.recorded");
  return base::Done{};
}

app::RosterEntry roster_entry(const Row& row) {
  app::RosterEntry entry;
  entry.booking = booking_row(row);
  entry.attendee_name = row.text(13);
  entry.birth_date = row.date(14);
  entry.nickname = row.text(15);
  return entry;
}

void add_attendance(Connection& connection, std::vector<app::RosterEntry>& entries) {
  std::unordered_map<base::BookingId, app::RosterEntry*> by_id;
  std::vector<base::BookingId> ids;
  for (app::RosterEntry& entry : entries) {
    by_id.emplace(entry.booking.id, &entry);
    ids.push_back(entry.booking.id);
  }
  for (const Row row : connection.query(sql(select_attendance, ids))) {
    const auto booking_id = row.id<base::BookingId>(0);
    app::RosterEntry& entry = *by_id.at(booking_id);
    entry.attendance.push_back({row.id<base::CheckInId>(1), booking_id, row.id<base::SessionId>(2),
                                entry.booking.attendee_id, entry.attendee_name, row.instant(3), entry.birth_date});
  }
}

class MysqlAttendanceStore final : public app::AttendanceStore {
 public:
  MysqlAttendanceStore(WriterPool& writers, ConnectionPool& pool) : writers_(writers), pool_(pool) {}

  awaitable<Outcome<app::CheckInResult>> check_in(app::CheckInItem item) override {
    std::optional<runtime::CountGuard> place = writers_.take_place(item.programme_id);
    if (!place) co_return base::Code::overloaded;
    co_return co_await writers_.check_in(*std::move(place), std::move(item));
  }

  awaitable<Outcome<std::optional<base::ActivityId>>> activity_of(const base::CheckInId& id) override {
    return pool_.read([id](Connection& connection) -> Outcome<std::optional<base::ActivityId>> {
      const Rows rows = connection.query(sql(select_activity_of, id));
      if (rows.empty()) return std::optional<base::ActivityId>();
      return std::optional(rows.front().id<base::ActivityId>(0));
    });
  }

  awaitable<Outcome<base::Done>> undo(const base::CheckInId& id, const app::Actor& actor) override {
    return pool_.write([id, actor](Write& write) { return undo_check_in(write, id, actor); });
  }

  awaitable<Outcome<app::RosterPage>> roster(const base::ActivityId& activity_id, std::optional<base::BookingId> after,
                                             std::size_t limit) override {
    return page_of({BookingState::confirmed, BookingState::waitlisted, BookingState::offered, BookingState::cancelled},
                   activity_id, after, limit);
  }

  awaitable<Outcome<app::RosterPage>> confirmed(const base::ActivityId& activity_id,
                                                std::optional<base::BookingId> after, std::size_t limit) override {
    return page_of({BookingState::confirmed}, activity_id, after, limit);
  }

 private:
  awaitable<Outcome<app::RosterPage>> page_of(const std::vector<BookingState>& states,
                                              const base::ActivityId& activity_id, std::optional<base::BookingId> after,
                                              std::size_t limit) {
    const std::string select = sql(select_roster, activity_id, after.value_or(base::BookingId{}), states, limit + 1);
    return pool_.read([select, limit](Connection& connection) -> Outcome<app::RosterPage> {
      app::RosterPage page;
      for (const Row row : connection.query(select)) page.items.push_back(roster_entry(row));
      page.more = page.items.size() > limit;
      if (page.more) page.items.pop_back();
      if (!page.items.empty()) add_attendance(connection, page.items);
      return page;
    });
  }

  WriterPool& writers_;
  ConnectionPool& pool_;
};

}  // namespace

std::unique_ptr<app::AttendanceStore> create_attendance_store(WriterPool& writers, ConnectionPool& pool) {
  return std::make_unique<MysqlAttendanceStore>(writers, pool);
}

}  // namespace zl::mysql
