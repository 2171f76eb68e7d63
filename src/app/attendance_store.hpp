// Ports: check-ins, rosters and the audit table in MySQL.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/booking_ledger.hpp"
#include "base/id.hpp"
#include "base/outcome.hpp"
#include "domain/booking.hpp"
#include "domain/people.hpp"

namespace zl::app {

struct CheckIn {
  base::CheckInId id;
  base::BookingId booking_id;
  base::SessionId session_id;
  base::AttendeeId attendee_id;
  std::string attendee_name;
  base::Instant at;
  base::Date birth_date{};  ///< of the attendee
};

/// What a door asks for.
struct CheckInItem {
  base::CheckInId id;
  base::BookingId booking_id;
  base::SessionId session_id;
  base::ActivityId activity_id;    ///< of the session
  base::ProgrammeId programme_id;  ///< of the activity
  base::Instant at;
  Actor actor;
};

struct CheckInResult {
  CheckIn check_in;
  bool earlier = false;  ///< somebody, or this very call, checked the booking in before; `check_in` is that one
};

struct RosterEntry {
  domain::Booking booking;
  std::string attendee_name;
  base::Date birth_date{};
  std::string nickname;
  std::vector<CheckIn> attendance;
};

struct RosterPage {
  std::vector<RosterEntry> items;
  bool more = false;
};

class AttendanceStore {
 public:
  virtual ~AttendanceStore() = default;

  /// Locks the booking and demands that it is confirmed and of the session's activity. Refused: not_found,
  /// wrong_session, invalid_state (cancelled), idempotency_conflict where the id is another booking's or session's;
  /// overloaded (never begun), unavailable (no effect). What is unknown is told to a repetition with the same id.
  virtual asio::awaitable<base::Outcome<CheckInResult>> check_in(CheckInItem item) = 0;
  /// The activity that a check-in belongs to, for the access check; nothing where there is none.
  virtual asio::awaitable<base::Outcome<std::optional<base::ActivityId>>> activity_of(const base::CheckInId& id) = 0;
  /// Undone again is done. Refused{not_found}.
  virtual asio::awaitable<base::Outcome<base::Done>> undo(const base::CheckInId& id, const Actor& actor) = 0;

  /// Bookings of an activity, cancelled ones too, in the order of their ids.
  virtual asio::awaitable<base::Outcome<RosterPage>> roster(const base::ActivityId& activity_id,
                                                            std::optional<base::BookingId> after,
                                                            std::size_t limit) = 0;
  /// Likewise the confirmed ones alone.
  virtual asio::awaitable<base::Outcome<RosterPage>> confirmed(const base::ActivityId& activity_id,
                                                               std::optional<base::BookingId> after,
                                                               std::size_t limit) = 0;
};

struct AuditEntry {
  base::ChainId chain_id;
  std::uint64_t seq = 0;
  base::Instant at;
  base::AccountId actor_id;
  std::string actor_role;
  std::string action;   ///< "activity.publish"
  std::string subject;  ///< hex id
  std::string detail;   ///< JSON object
  std::string address;
};

struct AuditQuery {
  std::optional<base::AccountId> actor_id;
  std::string subject;
  std::string action;
  std::optional<base::Instant> from;
  std::optional<base::Instant> to;
  std::string after;  ///< position as the store told it; empty for the first page
  std::size_t limit = 50;
};

struct AuditPage {
  std::vector<AuditEntry> items;  ///< newest first
  std::string next;               ///< empty on the last page
};

class AuditStore {
 public:
  virtual ~AuditStore() = default;
  virtual asio::awaitable<base::Outcome<AuditPage>> list(const AuditQuery& query) = 0;
};

}  // namespace zl::app
