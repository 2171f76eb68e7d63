#include "store/mysql/cancel_batch.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/crash_point.hpp"
#include "store/mysql/booking_statements.hpp"
#include "store/mysql/outbox.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

/// What one transaction does, as far as it has come.
struct CancelPlan {
  std::vector<CancelAnswer> answers;
  std::vector<std::size_t> cancelling;  ///< items whose booking is cancelled by this transaction
};

std::vector<base::BookingId> ids_of(const std::vector<CancelItem>& items) {
  std::set<base::BookingId> ids;
  for (const CancelItem& item : items) ids.insert(item.id);
  return {ids.begin(), ids.end()};
}

/// The bookings, locked: seats first, because everybody takes these locks in that order. A booking's activity never
/// changes.
std::map<base::BookingId, domain::Booking> lock_bookings(Transaction& transaction,
                                                         const std::vector<CancelItem>& items) {
  const std::vector<base::BookingId> ids = ids_of(items);
  std::set<base::ActivityId> activities;
  for (const Row row :
       transaction.query(sql("SELECT activity_id FROM bookings FORCE INDEX (PRIMARY) WHERE id IN (?)", ids))) {
    activities.insert(row.id<base::ActivityId>(0));
  }
  transaction.query(lock_seats({activities.begin(), activities.end()}));
  std::map<base::BookingId, domain::Booking> bookings;
  const Rows rows =
      transaction.query(select_bookings(sql("FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id FOR UPDATE", ids)));
  for (const Row row : rows) bookings.emplace(row.id<base::BookingId>(0), booking_row(row));
  return bookings;
}

CancelPlan plan(const std::vector<CancelItem>& items, std::map<base::BookingId, domain::Booking> bookings) {
  CancelPlan plan;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto found = bookings.find(items[i].id);
    if (found == bookings.end()) {
      plan.answers.emplace_back(base::Code::not_found);
      continue;
    }
    domain::Booking& booking = found->second;
    const bool earlier = !domain::is_active(booking.state);
    if (!earlier) {
      booking.state = domain::BookingState::cancelled;
      booking.cancelled_at = items[i].now;
      plan.cancelling.push_back(i);
    }
    plan.answers.emplace_back(app::Cancelled{booking, earlier});
  }
  return plan;
}

void write_rows(Transaction& transaction, AuditTrail& trail, const std::vector<CancelItem>& items,
                const CancelPlan& plan) {
  std::map<base::ActivityId, SeatDemand> seats;
  std::vector<Cancellation> cancellations;
  Values outbox;
  Values audit;
  for (const std::size_t i : plan.cancelling) {
    const CancelItem& item = items[i];
    const domain::Booking& booking = plan.answers[i]->booking;
    SeatDemand& demand = seats[booking.activity_id];
    demand.activity_id = booking.activity_id;
    demand.seats += 1;
    cancellations.push_back({item.id, item.now});
    outbox.row(outbox_id(item.id, OutboxKind::cancelled_by_user), OutboxKind::cancelled_by_user, item.id,
               booking.user_id, item.now, domain::MessageState::skipped);
    audit.row(trail.append(audit_record(item.actor, "booking.cancel", item.id.bytes, item.now)));
  }
  std::vector<SeatDemand> demands;
  demands.reserve(seats.size());
  for (const auto& [id, demand] : seats) demands.push_back(demand);
  transaction.execute_last(return_seats(demands));
  transaction.execute_last(cancel_bookings(cancellations));
  transaction.execute_last(sql(insert_outbox, outbox.fragment()));
  transaction.execute_last(sql(insert_audit, audit.fragment()));
}

std::vector<CancelAnswer> same_for_all(std::size_t count, const CancelAnswer& answer) {
  return std::vector<CancelAnswer>(count, answer);
}

}  // namespace

std::vector<CancelAnswer> cancel_batch(BatchRunner& runner, const std::vector<CancelItem>& items) {
  CancelPlan last;
  const Ran ran = runner.run([&](Transaction& transaction, AuditTrail& trail) {
    last = plan(items, lock_bookings(transaction, items));
    if (last.cancelling.empty()) return false;
    ZL_CRASH_POINT("cancel.locked");
    write_rows(transaction, trail, items, last);
    return true;
  });
  switch (ran) {
    case Ran::committed:
    case Ran::rolled_back:
      return std::move(last.answers);
    case Ran::rejected:
      break;
    case Ran::unavailable:
      return same_for_all(items.size(), base::Code::unavailable);
    case Ran::unknown:
      return same_for_all(items.size(), base::Unknown{"no answer to COMMIT"});
  }
  // One item spoils the batch, and each alone can only spoil its own.
  if (items.size() == 1) {
    if (runner.in_doubt()) return same_for_all(1, base::Unknown{"no answer to COMMIT"});
    return same_for_all(1, base::Refused{base::Code::internal, "the ledger rejected the cancellation", {}, 0});
  }
  std::vector<CancelAnswer> answers;
  answers.reserve(items.size());
  for (const CancelItem& item : items) answers.push_back(std::move(cancel_batch(runner, {item}).front()));
  return answers;
}

}  // namespace zl::mysql
