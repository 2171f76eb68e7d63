// The outbox: messages to be sent, written in the transaction of what they tell.
//
// Of new bookings that is done by the audit row of their group commit, which names each booking and its user
// (booked_entries.hpp): a row for each, and even one statement more for each commit, would be paid for within the rush.
// Whoever sends writes the rows of kind `booked` from it afterwards and remembers, for each chain, how far it came. A
// chain has no gaps and only grows at its end, so that nothing is missed, and the ids keep what is written twice apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/id.hpp"
#include "domain/catalogue.hpp"
#include "domain/message.hpp"
#include "store/mysql/write.hpp"

namespace zl::mysql {

/// What a row of the outbox tells; the values are stored.
using OutboxKind = domain::MessageKind;

/// The first 16 bytes of SHA-256(booking id ‖ kind as one byte ‖ subject). A booking has one message of a kind for each
/// subject: a reminder's is the session's id, a change's its activity's new version as 8 bytes, big-endian, and the
/// session's id, an offer's the instant to which it stands, as 8 bytes, too; the others have none. In SQL:
/// LEFT(UNHEX(SHA2(CONCAT(id, x'03'), 256)), 16).
base::Bytes16 outbox_id(const base::BookingId& booking_id, OutboxKind kind, std::string_view subject = {});

/// The rows of this statement: sql(insert_outbox, rows.fragment()). `state` is queued, or skipped for what is only
/// recorded.
inline constexpr std::string_view insert_outbox =
    "INSERT INTO outbox (id, kind, booking_id, user_id, created_at, state) VALUES ?";

/// Tells each holder of an active booking where and when each of `changed` that is not over yet takes place now, in a
/// message for each. In the transaction of the change that made it that version. How many messages there are.
std::uint64_t tell_of_change(Write& write, const base::ActivityId& id, std::uint64_t version,
                             const std::vector<domain::Session>& changed);

/// Offers a seat to somebody on the waiting list, in the transaction that makes the booking `offered`; before all other
/// messages. The same offer told again is told once.
void tell_of_offer(Write& write, const base::BookingId& booking_id, const base::UserId& user_id, base::Instant until);

/// Reminds each holder of a confirmed booking of a session, once, however often it is called. How many were new.
std::uint64_t tell_of_session(Write& write, const base::ActivityId& id, const base::SessionId& session_id);

}  // namespace zl::mysql
