#include "store/mysql/activity_cancelling.hpp"

#include "store/mysql/rows.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// Each locks one row by the primary key: activities, then seats. Without the open mark no late writer books into it,
// and with the seats locked no booking of it begins or ends until this transaction does. A second run changes nothing
// but the version.
constexpr std::string_view update_cancelled =
    "UPDATE activities SET publication = 3, cancel_reason = ?, version = version + 1 WHERE id = ?";
constexpr std::string_view update_closed = "UPDATE activity_seats SET open = 0, seats_taken = 0 WHERE activity_id = ?";

// Bookings go in chunks, so that no statement runs into its time limit: 100,000 of them are allowed. All three go by
// index bookings_once, in which an attendee has one active booking of the activity. Only the update locks, bookings
// after seats; it hurts nobody that they are not in the order of their ids, because whoever locks one of them without
// the seats (a check-in) locks only one. A second run finds none that are active.
constexpr int chunk = 2000;
constexpr std::string_view select_chunk_end =
    "SELECT MAX(party_id) FROM (SELECT party_id FROM bookings FORCE INDEX (bookings_once) "
    "WHERE activity_id = ? AND party_id > ? AND active = 1 ORDER BY party_id LIMIT ?) AS chunk";
// The id is outbox_id() in SQL.
constexpr std::string_view insert_messages =
    "INSERT INTO outbox (id, kind, booking_id, user_id, created_at) "
    "SELECT LEFT(UNHEX(SHA2(CONCAT(id, x'03'), 256)), 16), 3, id, user_id, ? FROM bookings FORCE INDEX (bookings_once) "
    "WHERE activity_id = ? AND party_id > ? AND party_id <= ? AND active = 1";
constexpr std::string_view update_bookings =
    "UPDATE bookings FORCE INDEX (bookings_once) SET state = 4, active = NULL, cancelled_at = ? "
    "WHERE activity_id = ? AND party_id > ? AND party_id <= ? AND active = 1";

}  // namespace

void close_activity(Write& write, const base::ActivityId& id, std::string_view reason) {
  write.execute(sql(update_cancelled, reason, id));
  write.execute(sql(update_closed, id));
}

std::uint64_t cancel_all_bookings(Write& write, const base::ActivityId& id, base::Instant now) {
  std::uint64_t cancelled = 0;
  base::AttendeeId done_to;
  while (true) {
    const Rows end = write.query(sql(select_chunk_end, id, done_to, chunk));
    if (end.front().is_null(0)) return cancelled;
    const auto to = end.front().id<base::AttendeeId>(0);
    write.execute(sql(insert_messages, now, id, done_to, to));
    cancelled += write.execute(sql(update_bookings, now, id, done_to, to));
    done_to = to;
  }
}

}  // namespace zl::mysql
