// The outbox: messages to be sent, written in the transaction of what they tell.
//
// Of new bookings that is done by the audit row of their group commit, which names each booking and its user
// (booked_entries.hpp): a row for each, and even one statement more for each commit, would be paid for within the rush.
// Whoever sends writes the rows of kind `booked` from it afterwards and remembers, for each chain, how far it came. A
// chain has no gaps and only grows at its end, so that nothing is missed, and the ids keep what is written twice apart.
#pragma once

#include <string_view>

#include "base/id.hpp"

namespace zl::mysql {

/// What a row of the outbox tells; the values are stored.
enum class OutboxKind { booked = 1, cancelled_by_user, cancelled_by_station };

/// A booking has at most one message of a kind, so its id follows from both: the first 16 bytes of SHA-256(booking id ‖
/// kind as one byte). In SQL: LEFT(UNHEX(SHA2(CONCAT(id, x'03'), 256)), 16).
base::Bytes16 outbox_id(const base::BookingId& booking_id, OutboxKind kind);

/// The rows of this statement: sql(insert_outbox, rows.fragment()).
inline constexpr std::string_view insert_outbox =
    "INSERT INTO outbox (id, kind, booking_id, user_id, created_at) VALUES ?";

}  // namespace zl::mysql
