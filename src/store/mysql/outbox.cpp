#include "store/mysql/outbox.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "runtime/sha256.hpp"
#include "store/mysql/rows.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// Bookings go in chunks, so that no statement runs into its time limit. Both by index bookings_activity, which gives
// the order of the ids; at READ COMMITTED nothing of bookings is locked. The ids are outbox_id() in SQL, so that a
// second run adds nothing.
constexpr int chunk = 2000;
constexpr std::string_view select_chunk_end =
    "SELECT MAX(id) FROM (SELECT id FROM bookings FORCE INDEX (bookings_activity) "
    "WHERE activity_id = ? AND id > ? AND active = 1 ORDER BY id LIMIT ?) AS chunk";
constexpr std::string_view insert_of_bookings =
    "INSERT INTO outbox (id, kind, booking_id, user_id, session_id, created_at) "
    "SELECT LEFT(UNHEX(SHA2(CONCAT(id, ?), 256)), 16), ?, id, user_id, ?, ? FROM bookings FORCE INDEX "
    "(bookings_activity) WHERE activity_id = ? AND id > ? AND id <= ? AND active = 1 AND state IN (?) "
    "ON DUPLICATE KEY UPDATE outbox.id = outbox.id";
// By the primary key. A second run changes nothing.
constexpr std::string_view insert_offer =
    "INSERT INTO outbox (id, kind, booking_id, user_id, until_at, created_at, next_attempt_at) VALUES (?, ?, ?, ?, ?, "
    "?, -1) ON DUPLICATE KEY UPDATE outbox.id = outbox.id";

std::string big_endian(std::uint64_t number) {
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(number >> (8 * (7 - i)));
  return bytes;
}

std::uint64_t tell_holders(Write& write, const base::ActivityId& id, const base::SessionId& session_id, OutboxKind kind,
                           std::string_view subject, const std::vector<domain::BookingState>& states) {
  std::string id_suffix(1, static_cast<char>(kind));
  id_suffix += subject;
  std::uint64_t told = 0;
  base::BookingId done_to;
  while (true) {
    const Rows end = write.query(sql(select_chunk_end, id, done_to, chunk));
    if (end.front().is_null(0)) return told;
    const auto to = end.front().id<base::BookingId>(0);
    told += write.execute(
        sql(insert_of_bookings, Bytes{id_suffix}, kind, session_id, write.now(), id, done_to, to, states));
    done_to = to;
  }
}

}  // namespace

base::Bytes16 outbox_id(const base::BookingId& booking_id, OutboxKind kind, std::string_view subject) {
  std::string bytes(booking_id.raw());
  bytes += static_cast<char>(kind);
  bytes += subject;
  const runtime::Digest digest = runtime::sha256(bytes);
  base::Bytes16 id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

std::uint64_t tell_of_change(Write& write, const base::ActivityId& id, std::uint64_t version,
                             const std::vector<domain::Session>& changed) {
  using enum domain::BookingState;
  std::uint64_t told = 0;
  for (const domain::Session& session : changed) {
    if (session.time.ends_at <= write.now()) continue;
    const std::string subject = big_endian(version) + std::string(session.id.raw());
    told += tell_holders(write, id, session.id, OutboxKind::session_changed, subject, {confirmed, waitlisted, offered});
  }
  return told;
}

void tell_of_offer(Write& write, const base::BookingId& booking_id, const base::UserId& user_id, base::Instant until) {
  const base::Bytes16 id =
      outbox_id(booking_id, OutboxKind::offer, big_endian(static_cast<std::uint64_t>(until.unix_ms)));
  write.execute(sql(insert_offer, id, OutboxKind::offer, booking_id, user_id, until, write.now()));
}

std::uint64_t tell_of_session(Write& write, const base::ActivityId& id, const base::SessionId& session_id) {
  return tell_holders(write, id, session_id, OutboxKind::reminder, session_id.raw(), {domain::BookingState::confirmed});
}

}  // namespace zl::mysql
