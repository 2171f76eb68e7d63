#include "store/mysql/booking_statements.hpp"

#include <algorithm>

#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

std::vector<base::ActivityId> activities_of(const std::vector<SeatDemand>& demands) {
  std::vector<base::ActivityId> ids;
  ids.reserve(demands.size());
  for (const SeatDemand& demand : demands) ids.push_back(demand.activity_id);
  return ids;
}

Fragment seats_by_activity(const std::vector<SeatDemand>& demands) {
  std::string text;
  for (const SeatDemand& demand : demands) text += sql(" WHEN ? THEN ?", demand.activity_id, demand.seats);
  return {std::move(text)};
}

}  // namespace

domain::Booking booking_row(const Row& row) {
  domain::Booking booking;
  booking.id = row.id<base::BookingId>(0);
  booking.state = row.as<domain::BookingState>(1);
  booking.activity_id = row.id<base::ActivityId>(2);
  booking.programme_id = row.id<base::ProgrammeId>(3);
  booking.attendee_id = row.id<base::AttendeeId>(4);
  booking.user_id = row.id<base::UserId>(5);
  booking.created_at = row.instant(6);
  booking.cancelled_at = row.maybe_instant(7);
  booking.receipt.arrival = row.u64(8);
  booking.receipt.decided_at = row.instant(9);
  booking.receipt.opens_at = row.instant(10);
  booking.receipt.remaining = row.integer(11);
  return booking;
}

domain::GrantNumber booking_row_grant(const Row& row) {
  return row.grant(12);
}

std::string select_bookings(std::string_view rest) {
  std::string text = "SELECT ";
  text += booking_columns;
  text += " FROM bookings ";
  text += rest;
  return text;
}

std::string lock_guards(const std::vector<base::ProgrammeId>& ids) {
  Values rows;
  for (const base::ProgrammeId& id : ids) rows.row(id);
  return sql("INSERT INTO programme_guards (programme_id) VALUES ? ON DUPLICATE KEY UPDATE commits = commits + 1",
             rows.fragment());
}

std::string lock_guards(const std::vector<base::ProgrammeId>& ids, const MemoryMark& mark) {
  Values rows;
  for (const base::ProgrammeId& id : ids) rows.row(id, mark);
  return sql(
      "INSERT INTO programme_guards (programme_id, mark) VALUES ? "
      "ON DUPLICATE KEY UPDATE commits = commits + 1, mark = VALUES(mark)",
      rows.fragment());
}

std::string mark_guards(const std::vector<base::ProgrammeId>& ids, const MemoryMark& mark) {
  return sql("UPDATE programme_guards FORCE INDEX (PRIMARY) SET mark = ? WHERE programme_id IN (?)", mark, ids);
}

std::string claim_guards(const std::vector<ExpectedMark>& expected) {
  std::string marks;
  std::vector<base::ProgrammeId> ids;
  ids.reserve(expected.size());
  for (const ExpectedMark& each : expected) {
    marks += sql(" WHEN ? THEN ?", each.programme_id, each.mark);
    ids.push_back(each.programme_id);
  }
  return sql(
      "UPDATE programme_guards FORCE INDEX (PRIMARY) SET commits = IF(mark = CASE programme_id? END, commits + 1, 0) "
      "WHERE programme_id IN (?)",
      Fragment{std::move(marks)}, ids);
}

std::string select_guards(const std::vector<base::ProgrammeId>& ids) {
  return sql("SELECT programme_id, commits, mark FROM programme_guards WHERE programme_id IN (?)", ids);
}

std::string select_attendees(const std::vector<base::AttendeeId>& ids) {
  return sql("SELECT id FROM attendees FORCE INDEX (PRIMARY) WHERE id IN (?) AND deleted = 0", ids);
}

std::string lock_seats(const std::vector<base::ActivityId>& ids) {
  return sql(
      "SELECT activity_id, capacity, seats_taken, fence, open FROM activity_seats FORCE INDEX (PRIMARY) "
      "WHERE activity_id IN (?) ORDER BY activity_id FOR UPDATE",
      ids);
}

std::string take_seats(const std::vector<SeatDemand>& demands) {
  return sql(
      "UPDATE activity_seats FORCE INDEX (PRIMARY) SET seats_taken = seats_taken + CASE activity_id? ELSE 0 END "
      "WHERE activity_id IN (?)",
      seats_by_activity(demands), activities_of(demands));
}

std::string claim_seats(const std::vector<SeatDemand>& demands) {
  std::string claims;
  for (const SeatDemand& demand : demands) {
    claims += sql(" WHEN ? THEN IF(open = 1 AND fence < ?, seats_taken + ?, -1)", demand.activity_id, demand.oldest,
                  demand.seats);
  }
  return sql(
      "UPDATE activity_seats FORCE INDEX (PRIMARY) SET seats_taken = CASE activity_id? ELSE -1 END "
      "WHERE activity_id IN (?)",
      Fragment{std::move(claims)}, activities_of(demands));
}

std::string return_seats(const std::vector<SeatDemand>& demands) {
  return sql(
      "UPDATE activity_seats FORCE INDEX (PRIMARY) SET seats_taken = seats_taken - CASE activity_id? ELSE 0 END "
      "WHERE activity_id IN (?)",
      seats_by_activity(demands), activities_of(demands));
}

std::string insert_bookings(const std::vector<app::LedgerItem>& items, const std::vector<std::size_t>& accepted,
                            const AuditHead& told_by) {
  std::vector<std::size_t> by_id = accepted;
  std::ranges::sort(by_id, {}, [&](std::size_t i) { return items[i].wish.id; });
  Values rows;
  for (const std::size_t i : by_id) {
    const app::LedgerItem& item = items[i];
    const domain::BookingWish& wish = item.wish;
    const domain::Receipt& receipt = item.receipt;
    rows.row(wish.id, wish.activity_id, wish.programme_id, wish.attendee_id, wish.user_id, item.grant,
             receipt.arrival.value_or(item.grant.arrival()), receipt.decided_at, receipt.opens_at,
             receipt.remaining.value_or(0), receipt.decided_at, told_by.chain_id, told_by.seq);
  }
  return sql(
      "INSERT INTO bookings (id, activity_id, programme_id, party_id, user_id, grant_number, arrival, decided_at, "
      "opens_at, remaining, created_at, audit_chain, audit_seq) VALUES ?",
      rows.fragment());
}

std::string select_held(const std::vector<base::ProgrammeId>& programmes,
                        const std::vector<base::AttendeeId>& attendees, const std::vector<base::UserId>& users) {
  return sql(
      "SELECT programme_id, id, activity_id, party_id, user_id FROM bookings FORCE INDEX (bookings_once) "
      "WHERE party_id IN (?) AND active = 1 AND programme_id IN (?) "
      "UNION ALL SELECT programme_id, id, activity_id, party_id, user_id FROM bookings FORCE INDEX (bookings_user) "
      "WHERE user_id IN (?) AND programme_id IN (?) AND active = 1",
      attendees, programmes, users, programmes);
}

std::string select_programme_held(const base::ProgrammeId& id, std::size_t limit) {
  return sql(
      "SELECT b.programme_id, b.id, b.activity_id, b.party_id, b.user_id FROM activity_seats s "
      "JOIN bookings b FORCE INDEX (bookings_activity) ON b.activity_id = s.activity_id "
      "WHERE s.programme_id = ? AND b.active = 1 LIMIT ?",
      id, limit);
}

std::string cancel_bookings(const std::vector<Cancellation>& cancellations) {
  std::string times;
  std::vector<base::BookingId> ids;
  for (const Cancellation& cancellation : cancellations) {
    times += sql(" WHEN ? THEN ?", cancellation.id, cancellation.at);
    ids.push_back(cancellation.id);
  }
  return sql(
      "UPDATE bookings FORCE INDEX (PRIMARY) SET cancelled_at = CASE id? END, state = ?, active = NULL "
      "WHERE id IN (?) AND active = 1",
      Fragment{std::move(times)}, domain::BookingState::cancelled, ids);
}

}  // namespace zl::mysql
