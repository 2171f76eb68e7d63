#include "store/mysql/book_batch.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "base/crash_point.hpp"
#include "base/invariant.hpp"
#include "runtime/log.hpp"
#include "store/mysql/batch_facts.hpp"
#include "store/mysql/booked_entries.hpp"
#include "store/mysql/booking_statements.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

using Items = std::vector<app::LedgerItem>;

/// The audit row of a whole batch, at the time of its newest booking.
AuditRecord audit_of(const Items& items, const std::vector<std::size_t>& accepted) {
  AuditRecord record;
  record.actor_role = "user";
  record.action = booked_action;
  record.detail.clear();
  for (const std::size_t i : accepted) {
    const domain::BookingWish& wish = items[i].wish;
    record.at = std::max(record.at, items[i].receipt.decided_at);
    append_line(record.detail, {wish.id, wish.activity_id, wish.attendee_id, wish.user_id, items[i].actor.address,
                                items[i].actor.request_id});
  }
  return record;
}

/// The statements that insert the accepted items' bookings, and the audit row that tells of them.
std::vector<std::string> insertion(AuditTrail& trail, const Items& items, const std::vector<std::size_t>& accepted) {
  Values audit;
  audit.row(trail.append(audit_of(items, accepted)));
  std::vector<std::string> statements;  // filled without a copy: each is long
  statements.push_back(insert_bookings(items, accepted, trail.head()));
  statements.push_back(sql(insert_audit, audit.fragment()));
  return statements;
}

std::vector<std::size_t> all_of(const Items& items) {
  std::vector<std::size_t> all(items.size());
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

enum class Way {
  recalling = 1,  ///< decided by what the writer remembers, before anything is sent; where it can't be, as `reading`
  reading,        ///< inserted, then read and decided under the locks
  exact,          ///< read and decided, then inserted
};

/// One batch on its way; the decision of the last run stands when the run is over.
class BookRun {
 public:
  BookRun(const Items& items, SharedHeldMemory& memory, base::Random& random, Way way)
      : items_(items), reader_(items, memory, random), way_(way) {}

  Ran operator()(BatchRunner& runner) {
    const Ran ran =
        runner.run([this](Transaction& transaction, AuditTrail& trail) { return run_once(transaction, trail); });
    if (ran == Ran::committed && way_ != Way::exact) {
      reader_.committed();
    } else if (ran == Ran::rejected && recalled_) {
      reader_.rejected();
    } else {
      reader_.forget();
    }
    return ran == Ran::rolled_back && spoiled_ ? Ran::rejected : ran;
  }

  BatchDecision& decision() { return decision_; }

  /// Where it was rejected: what was remembered may not have been true, and a reading may accept all.
  bool may_be_read() const { return recalled_ && !spoiled_; }

 private:
  bool run_once(Transaction& transaction, AuditTrail& trail) {
    if (way_ == Way::exact) return run_exactly(transaction, trail);
    if (way_ == Way::recalling) {
      const std::optional<BatchFacts> facts = reader_.recall(transaction);
      recalled_ = facts.has_value();
      if (facts) return run_by_memory(transaction, trail, *facts);
    }
    return run_by_reading(transaction, trail);
  }

  /// One packet: whatever was not as remembered fails a statement before its COMMIT.
  bool run_by_memory(Transaction& transaction, AuditTrail& trail, const BatchFacts& facts) {
    if (!all_accepted(facts)) return false;
    add_last(transaction, insertion(trail, items_, all_of(items_)));
    transaction.execute_last(reader_.claim());
    transaction.execute_last(claim_seats(seat_demands(items_, decision_.accepted)));
    return true;
  }

  bool run_by_reading(Transaction& transaction, AuditTrail& trail) {
    if (!all_accepted(reader_.read(transaction, insertion(trail, items_, all_of(items_))))) return false;
    ZL_CRASH_POINT("book.locked");
    if (std::optional<std::string> marking = reader_.marking()) transaction.execute_last(*std::move(marking));
    transaction.execute_last(take_seats(seat_demands(items_, decision_.accepted)));
    return true;
  }

  bool all_accepted(const BatchFacts& facts) {
    decision_ = decide(items_, facts);
    spoiled_ = decision_.accepted.size() < items_.size();
    return !spoiled_;
  }

  bool run_exactly(Transaction& transaction, AuditTrail& trail) {
    decision_ = decide(items_, reader_.read_exactly(transaction));
    if (decision_.accepted.empty()) return false;
    ZL_CRASH_POINT("book.each_locked");
    transaction.execute_last(take_seats(seat_demands(items_, decision_.accepted)));
    add_last(transaction, insertion(trail, items_, decision_.accepted));
    return true;
  }

  static void add_last(Transaction& transaction, std::vector<std::string> statements) {
    for (std::string& statement : statements) transaction.execute_last(std::move(statement));
  }

  const Items& items_;
  FactReader reader_;
  const Way way_;
  BatchDecision decision_;
  bool spoiled_ = false;   ///< rolled back because the batch can't be committed this way
  bool recalled_ = false;  ///< decided by memory in the last run
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

std::optional<std::vector<BookAnswer>> try_once(BatchRunner& runner, SharedHeldMemory& memory, const Items& items,
                                                Way way) {
  bool may_be_read = false;
  {
    BookRun run(items, memory, runner.random(), way);
    const Ran ran = run(runner);
    if (auto answers = answers_of(ran, run, items.size())) return answers;
    may_be_read = run.may_be_read();
  }
  return may_be_read ? try_once(runner, memory, items, Way::reading) : std::nullopt;
}

/// Each in a transaction of its own, so that one bad item costs nobody else.
std::vector<BookAnswer> one_by_one(BatchRunner& runner, SharedHeldMemory& memory, const Items& items) {
  std::vector<BookAnswer> answers;
  for (const app::LedgerItem& item : items) {
    const Items alone{item};
    // Twice, because somebody else may have taken the same id in between.
    auto answer = try_once(runner, memory, alone, Way::exact);
    if (!answer) answer = try_once(runner, memory, alone, Way::exact);
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

std::vector<BookAnswer> book_in_order(BatchRunner& runner, SharedHeldMemory& memory, const Items& items) {
  // Whether a rival's item counts depends on what becomes of the one before it, which only the exact way can tell.
  if (!has_rivals(items)) {
    if (auto answers = try_once(runner, memory, items, Way::recalling)) return *std::move(answers);
  }
  if (auto answers = try_once(runner, memory, items, Way::exact)) return *std::move(answers);
  return one_by_one(runner, memory, items);
}

}  // namespace

std::vector<BookAnswer> book_batch(BatchRunner& runner, SharedHeldMemory& memory, std::vector<app::LedgerItem> items) {
  for (const app::LedgerItem& item : items) {
    base::invariant(item.policy != nullptr, "a ledger item has its policy");
    base::invariant(item.actor.id.bytes == item.wish.user_id.bytes, "a booking is made by its user");
  }
  std::vector<std::size_t> order(items.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(items[i].grant, i); });
  Items in_order;
  in_order.reserve(items.size());
  for (const std::size_t i : order) in_order.push_back(std::move(items[i]));

  std::vector<BookAnswer> sorted = book_in_order(runner, memory, in_order);
  std::vector<BookAnswer> answers = same_for_all(order.size(), base::Code::internal);
  for (std::size_t i = 0; i < order.size(); ++i) answers[order[i]] = std::move(sorted[i]);
  return answers;
}

}  // namespace zl::mysql
