#include "store/mysql/activity_cancelling.hpp"

#include <vector>

#include "base/crash_point.hpp"
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

// Bookings go in chunks, so that no statement runs into its time limit: 100,000 of them are allowed. The first goes by
// index bookings_activity, which gives the order of the ids, and locks nothing: writers have inserted rows there that
// they will not commit, since they wait for the seats, and waiting for those would be a deadlock. The others go by
// primary key, and only the update locks, bookings after seats. A second run finds none that are active.
constexpr int chunk = 2000;
constexpr std::string_view select_chunk =
    "SELECT id FROM bookings FORCE INDEX (bookings_activity) WHERE activity_id = ? AND id > ? AND active = 1 "
    "ORDER BY id LIMIT ?";
// The id is outbox_id() in SQL.
constexpr std::string_view insert_messages =
    "INSERT INTO outbox (id, kind, booking_id, user_id, created_at) "
    "SELECT LEFT(UNHEX(SHA2(CONCAT(id, x'03'), 256)), 16), 3, id, user_id, ? FROM bookings FORCE INDEX (PRIMARY) "
    "WHERE id IN (?) AND active = 1";
constexpr std::string_view update_bookings =
    "UPDATE bookings FORCE INDEX (PRIMARY) SET state = 4, active = NULL, cancelled_at = ? WHERE id IN (?) AND active = "
    "1";

}  // namespace

void close_activity(Write& write, const base::ActivityId& id, std::string_view reason) {
  write.execute(sql(update_cancelled, reason, id));
  write.execute(sql(update_closed, id));
}

std::uint64_t cancel_all_bookings(Write& write, const base::ActivityId& id, base::Instant now) {
  std::uint64_t cancelled = 0;
  base::BookingId done_to;
  while (true) {
    std::vector<base::BookingId> ids;
    for (const Row row : write.query(sql(select_chunk, id, done_to, chunk))) ids.push_back(row.id<base::BookingId>(0));
    if (ids.empty()) return cancelled;
    write.execute(sql(insert_messages, now, ids));
    ZL_CRASH_POINT("close.messages_queued");
    cancelled += write.execute(sql(update_bookings, now, ids));
    done_to = ids.back();
  }
}

}  // namespace zl::mysql
