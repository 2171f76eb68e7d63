#include "store/mysql/batch_facts.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "store/mysql/booking_statements.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

using Items = std::vector<app::LedgerItem>;
using Programmes = std::vector<base::ProgrammeId>;

// Places among the results of the statements that begin a reading.
constexpr std::size_t guards = 1;
constexpr std::size_t seats = 2;
constexpr std::size_t after_locks = 3;

bool has_rules(const app::LedgerItem& item) {
  return item.policy->rules.look_at_other_bookings();
}

bool any_item(const app::LedgerItem& /*item*/) {
  return true;
}

/// A part of the wishes of some items, every value once, in the order of ids.
template <class IdType, class Filter>
std::vector<IdType> ids_of(const Items& items, IdType domain::BookingWish::* part, Filter filter) {
  std::vector<IdType> ids;
  ids.reserve(items.size());
  for (const app::LedgerItem& item : items) {
    if (filter(item)) ids.push_back(item.wish.*part);
  }
  std::ranges::sort(ids);
  const auto rest = std::ranges::unique(ids);
  ids.erase(rest.begin(), rest.end());
  return ids;
}

bool contains(const Programmes& ids, const base::ProgrammeId& id) {
  return std::ranges::find(ids, id) != ids.end();
}

template <class Filter>
std::string select_held_of(const Items& items, Filter filter) {
  return select_held(ids_of(items, &domain::BookingWish::programme_id, filter),
                     ids_of(items, &domain::BookingWish::attendee_id, filter),
                     ids_of(items, &domain::BookingWish::user_id, filter));
}

void add_held(std::vector<HeldRow>& held, const Rows& rows) {
  held.reserve(held.size() + rows.size());
  for (const Row row : rows) {
    held.push_back({row.id<base::ProgrammeId>(0),
                    {row.id<base::BookingId>(1), row.id<base::ActivityId>(2), row.id<base::AttendeeId>(3),
                     row.id<base::UserId>(4)}});
  }
}

/// A booking comes twice where both its attendee and its user were asked for.
void each_once(std::vector<HeldRow>& held) {
  std::unordered_set<base::BookingId> seen;
  std::erase_if(held, [&](const HeldRow& row) { return !seen.insert(row.held.id).second; });
}

void add_seats(BatchFacts& facts, const Rows& rows) {
  for (const Row row : rows) {
    facts.seats.emplace(row.id<base::ActivityId>(0),
                        SeatsRow{row.integer(1), row.integer(2), row.grant(3), row.flag(4)});
  }
}

void add_existing(BatchFacts& facts, const Rows& rows) {
  for (const Row row : rows) {
    const domain::Booking booking = booking_row(row);
    facts.existing_grants.emplace(booking.id, booking_row_grant(row));
    facts.existing.emplace(booking.id, booking);
  }
}

void add_gone(BatchFacts& facts, const Rows& rows, const std::vector<base::AttendeeId>& attendees) {
  std::unordered_set<base::AttendeeId> there;
  for (const Row row : rows) there.insert(row.id<base::AttendeeId>(0));
  for (const base::AttendeeId& id : attendees) {
    if (!there.contains(id)) facts.gone.push_back(id);
  }
}

}  // namespace

FactReader::FactReader(const Items& items, HeldMemory& memory)
    : items_(items),
      memory_(memory),
      programmes_(ids_of(items, &domain::BookingWish::programme_id, any_item)),
      ruled_(ids_of(items, &domain::BookingWish::programme_id, has_rules)),
      activities_(ids_of(items, &domain::BookingWish::activity_id, any_item)) {}

std::vector<std::string> FactReader::locks() const {
  return {lock_guards(programmes_), select_guards(programmes_), lock_seats(activities_)};
}

BatchFacts FactReader::read(Transaction& transaction) {
  memory_.on_session(transaction.session_id());
  Programmes reading;
  Programmes loading;
  for (const base::ProgrammeId& id : ruled_) {
    const HeldMemory::Way way = memory_.way(id);
    if (way == HeldMemory::Way::read) reading.push_back(id);
    if (way == HeldMemory::Way::load) loading.push_back(id);
  }
  std::vector<std::string> statements = locks();
  for (const base::ProgrammeId& id : loading) {
    statements.push_back(select_programme_held(id, HeldMemory::load_limit + 1));
  }
  if (!reading.empty()) statements.push_back(held_in(reading));
  const std::vector<Rows> results = transaction.query_all(statements);

  commits_.clear();
  for (const Row row : results[guards]) commits_.emplace(row.id<base::ProgrammeId>(0), row.u64(1));
  for (std::size_t i = 0; i < loading.size(); ++i) {
    std::vector<HeldRow> rows;
    add_held(rows, results[after_locks + i]);
    memory_.load(loading[i], rows);
  }
  BatchFacts facts;
  add_seats(facts, results[seats]);
  if (!reading.empty()) add_held(facts.held, results.back());
  const Programmes unknown = unknown_after(loading, reading);
  if (!unknown.empty()) add_held(facts.held, transaction.query(held_in(unknown)));
  for (const app::LedgerItem& item : items_) {
    if (has_rules(item) && memory_.remembers(item.wish.programme_id)) memory_.held_by(item.wish, facts.held);
  }
  each_once(facts.held);
  return facts;
}

/// Programmes that are neither read nor known after all: somebody else has booked in them, or they are too large.
Programmes FactReader::unknown_after(const Programmes& loaded, const Programmes& read) {
  Programmes unknown;
  for (const base::ProgrammeId& id : ruled_) {
    if (contains(read, id)) continue;
    if (memory_.remembers(id) && (contains(loaded, id) || memory_.is_ours(id, commits_.at(id)))) continue;
    memory_.drop(id);
    unknown.push_back(id);
  }
  return unknown;
}

BatchFacts FactReader::read_exactly(Transaction& transaction) {
  std::vector<base::BookingId> ids;
  ids.reserve(items_.size());
  for (const app::LedgerItem& item : items_) ids.push_back(item.wish.id);
  const std::vector<base::AttendeeId> attendees = ids_of(items_, &domain::BookingWish::attendee_id, any_item);
  std::vector<std::string> statements = locks();
  statements.push_back(select_bookings(sql("FORCE INDEX (PRIMARY) WHERE id IN (?)", ids)));
  statements.push_back(select_held_of(items_, any_item));
  statements.push_back(select_attendees(attendees));
  const std::vector<Rows> results = transaction.query_all(statements);
  BatchFacts facts;
  add_seats(facts, results[seats]);
  add_existing(facts, results[after_locks]);
  add_held(facts.held, results[after_locks + 1]);
  each_once(facts.held);
  add_gone(facts, results[after_locks + 2], attendees);
  return facts;
}

void FactReader::committed() {
  for (const auto& [id, commits] : commits_) memory_.committed(id, commits);
  for (const app::LedgerItem& item : items_) memory_.add(item.wish);
}

void FactReader::forget() {
  for (const base::ProgrammeId& id : programmes_) memory_.forget(id);
}

std::string FactReader::held_in(const Programmes& programmes) const {
  return select_held_of(items_, [&](const app::LedgerItem& item) {
    return has_rules(item) && contains(programmes, item.wish.programme_id);
  });
}

}  // namespace zl::mysql
