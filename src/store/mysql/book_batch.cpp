#include "store/mysql/book_batch.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/invariant.hpp"
#include "runtime/log.hpp"
#include "store/mysql/booking_statements.hpp"
#include "store/mysql/outbox.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

using Items = std::vector<app::LedgerItem>;

/// Every value once, in the order of ids.
template <class IdType>
class IdSet {
 public:
  void add(const IdType& id) { ids_.insert(id); }
  std::vector<IdType> list() const { return {ids_.begin(), ids_.end()}; }

 private:
  std::set<IdType> ids_;
};

/// Who and what a batch is about.
struct Subjects {
  IdSet<base::UserId> users;
  IdSet<base::AttendeeId> attendees;
  IdSet<base::ProgrammeId> programmes;
  IdSet<base::ActivityId> activities;
};

template <class Filter>
Subjects subjects_of(const Items& items, Filter filter) {
  Subjects subjects;
  for (const app::LedgerItem& item : items) {
    if (!filter(item)) continue;
    subjects.users.add(item.wish.user_id);
    subjects.attendees.add(item.wish.attendee_id);
    subjects.programmes.add(item.wish.programme_id);
    subjects.activities.add(item.wish.activity_id);
  }
  return subjects;
}

bool has_rules(const app::LedgerItem& item) {
  return item.policy->rules.look_at_other_bookings();
}

/// Locks the people of the items with rules; tells which attendees are gone.
std::vector<base::AttendeeId> lock_people(Transaction& transaction, const Items& items) {
  const Subjects subjects = subjects_of(items, has_rules);
  transaction.query(lock_users(subjects.users.list()));
  std::set<base::AttendeeId> there;
  for (const Row row : transaction.query(lock_attendees(subjects.attendees.list()))) {
    there.insert(row.id<base::AttendeeId>(0));
  }
  std::vector<base::AttendeeId> gone;
  for (const base::AttendeeId& id : subjects.attendees.list()) {
    if (!there.contains(id)) gone.push_back(id);
  }
  return gone;
}

std::vector<HeldRow> read_held(Transaction& transaction, const Subjects& subjects) {
  std::vector<HeldRow> held;
  for (const Row row :
       transaction.query(select_held(subjects.programmes.list(), subjects.attendees.list(), subjects.users.list()))) {
    held.push_back({row.id<base::ProgrammeId>(0),
                    {row.id<base::BookingId>(1), row.id<base::ActivityId>(2), row.id<base::AttendeeId>(3),
                     row.id<base::UserId>(4)}});
  }
  return held;
}

void read_existing(Transaction& transaction, const Items& items, BatchFacts& facts) {
  std::vector<base::BookingId> ids;
  for (const app::LedgerItem& item : items) ids.push_back(item.wish.id);
  for (const Row row : transaction.query(select_bookings(sql("FORCE INDEX (PRIMARY) WHERE id IN (?)", ids)))) {
    const domain::Booking booking = booking_row(row);
    facts.existing_grants.emplace(booking.id, booking_row_grant(row));
    facts.existing.emplace(booking.id, booking);
  }
}

void read_seats(Transaction& transaction, const Subjects& subjects, BatchFacts& facts) {
  facts.seats.emplace();
  for (const Row row : transaction.query(lock_seats(subjects.activities.list()))) {
    facts.seats->emplace(row.id<base::ActivityId>(0),
                         SeatsRow{row.integer(1), row.integer(2), row.grant(3), row.flag(4)});
  }
}

void insert_rows(Transaction& transaction, AuditTrail& trail, const Items& items,
                 const std::vector<std::size_t>& accepted) {
  transaction.execute(insert_bookings(items, accepted));
  Values outbox;
  Values audit;
  for (const std::size_t i : accepted) {
    const domain::BookingWish& wish = items[i].wish;
    const base::Instant at = items[i].receipt.decided_at;
    outbox.row(outbox_id(wish.id, OutboxKind::booked), OutboxKind::booked, wish.id, wish.user_id, at);
    std::string detail =
        R"({"activity_id":")" + wish.activity_id.hex() + R"(","attendee_id":")" + wish.attendee_id.hex() + "\"}";
    audit.row(trail.append(audit_record(items[i].actor, "booking.create", wish.id.bytes, at, std::move(detail))));
  }
  transaction.execute(sql(insert_outbox, outbox.fragment()));
  transaction.execute(sql(insert_audit, audit.fragment()));
}

enum class Way { optimistic = 1, exact };

/// One batch on its way; the decision of the last run stands when the run is over.
class BookRun {
 public:
  BookRun(const Items& items, Way way) : items_(items), way_(way) {}

  Ran operator()(BatchRunner& runner) {
    spoiled_ = false;
    const Ran ran =
        runner.run([this](Transaction& transaction, AuditTrail& trail) { return run_once(transaction, trail); });
    return ran == Ran::rolled_back && spoiled_ ? Ran::rejected : ran;
  }

  BatchDecision& decision() { return decision_; }

 private:
  bool run_once(Transaction& transaction, AuditTrail& trail) {
    spoiled_ = false;
    const BatchFacts facts = read_facts(transaction);
    if (way_ == Way::optimistic && holds_own_id(facts)) return spoil();
    decision_ = decide(items_, facts);
    if (decision_.accepted.empty()) return false;
    const std::vector<SeatDemand> demands = seat_demands(items_, decision_.accepted);
    if (transaction.execute(take_seats(demands)) != demands.size()) return spoil();
    insert_rows(transaction, trail, items_, decision_.accepted);
    return true;
  }

  BatchFacts read_facts(Transaction& transaction) const {
    BatchFacts facts;
    const bool rules = looks_at_holdings(items_);
    if (rules) facts.gone = lock_people(transaction, items_);
    if (way_ == Way::exact) {
      const Subjects all = subjects_of(items_, [](const app::LedgerItem&) { return true; });
      read_seats(transaction, all, facts);
      read_existing(transaction, items_, facts);
      facts.held = read_held(transaction, all);
    } else if (rules) {
      facts.held = read_held(transaction, subjects_of(items_, has_rules));
    }
    return facts;
  }

  /// A retry whose booking is committed: the rules would count it against itself.
  bool holds_own_id(const BatchFacts& facts) const {
    if (facts.held.empty()) return false;
    std::set<base::BookingId> ids;
    for (const app::LedgerItem& item : items_) ids.insert(item.wish.id);
    return std::ranges::any_of(facts.held, [&](const HeldRow& row) { return ids.contains(row.held.id); });
  }

  bool spoil() {
    spoiled_ = true;
    return false;
  }

  const Items& items_;
  const Way way_;
  BatchDecision decision_;
  bool spoiled_ = false;  ///< rolled back because the batch can't be committed this way
};

std::vector<BookAnswer> same_for_all(std::size_t count, const BookAnswer& answer) {
  return std::vector<BookAnswer>(count, answer);
}

/// The answers where the run is over; nothing where it was rejected.
std::optional<std::vector<BookAnswer>> answers_of(Ran ran, BookRun& run, std::size_t count) {
  switch (ran) {
    case Ran::committed:
    case Ran::rolled_back:
      return std::move(run.decision().answers);
    case Ran::rejected:
      return std::nullopt;
    case Ran::unavailable:
      return same_for_all(count, base::Code::unavailable);
    case Ran::unknown:
      return same_for_all(count, base::Unknown{"no answer to COMMIT"});
  }
  return std::nullopt;
}

std::optional<std::vector<BookAnswer>> try_once(BatchRunner& runner, const Items& items, Way way) {
  BookRun run(items, way);
  const Ran ran = run(runner);
  return answers_of(ran, run, items.size());
}

/// Each in a transaction of its own, so that one bad item costs nobody else.
std::vector<BookAnswer> one_by_one(BatchRunner& runner, const Items& items) {
  std::vector<BookAnswer> answers;
  for (const app::LedgerItem& item : items) {
    const Items alone{item};
    // Twice, because somebody else may have taken the same id in between.
    auto answer = try_once(runner, alone, Way::exact);
    if (!answer) answer = try_once(runner, alone, Way::exact);
    if (answer) {
      answers.push_back(std::move(answer->front()));
      continue;
    }
    runtime::log::error("ledger_item_rejected", {{"booking_id", item.wish.id.hex()}});
    if (runner.in_doubt()) {
      answers.emplace_back(base::Unknown{"no answer to COMMIT"});
    } else {
      answers.emplace_back(base::Refused{base::Code::internal, "the ledger rejected the booking", {}, 0});
    }
  }
  return answers;
}

std::vector<BookAnswer> book_in_order(BatchRunner& runner, const Items& items) {
  // Whether a rival's item counts depends on what becomes of the one before it, which only the exact way can tell.
  if (!has_rivals(items)) {
    if (auto answers = try_once(runner, items, Way::optimistic)) return *std::move(answers);
  }
  if (auto answers = try_once(runner, items, Way::exact)) return *std::move(answers);
  return one_by_one(runner, items);
}

}  // namespace

std::vector<BookAnswer> book_batch(BatchRunner& runner, std::vector<app::LedgerItem> items) {
  for (const app::LedgerItem& item : items) base::invariant(item.policy != nullptr, "a ledger item has its policy");
  std::vector<std::size_t> order(items.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(items[i].grant, i); });
  Items in_order;
  in_order.reserve(items.size());
  for (const std::size_t i : order) in_order.push_back(std::move(items[i]));

  std::vector<BookAnswer> sorted = book_in_order(runner, in_order);
  std::vector<BookAnswer> answers = same_for_all(order.size(), base::Code::internal);
  for (std::size_t i = 0; i < order.size(); ++i) answers[order[i]] = std::move(sorted[i]);
  return answers;
}

}  // namespace zl::mysql
