#include "store/mysql/batch_facts.hpp"

#include <algorithm>
#include <iterator>
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

FactReader::FactReader(const Items& items, SharedHeldMemory& memory)
    : items_(items),
      memory_(memory),
      programmes_(ids_of(items, &domain::BookingWish::programme_id, any_item)),
      ruled_(ids_of(items, &domain::BookingWish::programme_id, has_rules)),
      activities_(ids_of(items, &domain::BookingWish::activity_id, any_item)) {
  own_.reserve(items.size());
  for (const app::LedgerItem& item : items) own_.insert(item.wish.id);
}

FactReader::~FactReader() {
  if (begun_) forget();
}

std::vector<std::string> FactReader::locks() const {
  return {lock_guards(programmes_), select_guards(programmes_), lock_seats(activities_)};
}

FactReader::Ways FactReader::ways(std::uint64_t session) {
  const std::lock_guard lock(memory_.mutex);
  end();
  memory_.held.on_session(session);
  Ways ways;
  for (const base::ProgrammeId& id : ruled_) {
    const HeldMemory::Way way = memory_.held.way(id);
    if (way == HeldMemory::Way::read) ways.reading.push_back(id);
    if (way == HeldMemory::Way::load) ways.loading.push_back(id);
  }
  return ways;
}

BatchFacts FactReader::read(Transaction& transaction, std::vector<std::string> insertion) {
  const Ways way = ways(transaction.session());
  const std::size_t before = insertion.size();
  std::vector<std::string> statements = std::move(insertion);
  std::ranges::move(locks(), std::back_inserter(statements));
  for (const base::ProgrammeId& id : way.loading) {
    statements.push_back(select_programme_held(id, HeldMemory::load_limit + items_.size() + 1));
  }
  if (!way.reading.empty()) statements.push_back(held_in(way.reading));
  const std::vector<Rows> results = transaction.query_all(statements);

  commits_.clear();
  for (const Row row : results[before + guards]) commits_.emplace(row.id<base::ProgrammeId>(0), row.u64(1));
  std::vector<std::vector<HeldRow>> loaded(way.loading.size());
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    add_held(loaded[i], results[before + after_locks + i]);
    remove_own(loaded[i]);
  }
  BatchFacts facts;
  add_seats(facts, results[before + seats]);
  if (!way.reading.empty()) add_held(facts.held, results.back());
  const Programmes unknown = remember(way, loaded, facts);
  if (!unknown.empty()) add_held(facts.held, transaction.query(held_in(unknown)));
  remove_own(facts.held);
  each_once(facts.held);
  return facts;
}

/// Adds what the memory knows. Gives the programmes that are neither read nor known after all: somebody else has booked
/// in them, or they are too large.
Programmes FactReader::remember(const Ways& ways, const std::vector<std::vector<HeldRow>>& loaded, BatchFacts& facts) {
  std::unique_lock lock(memory_.mutex);
  Programmes unknown;
  for (const base::ProgrammeId& id : ruled_) {
    if (contains(ways.reading, id)) continue;
    const auto place = std::ranges::find(ways.loading, id);
    const bool is_loaded = place != ways.loading.end();
    if (is_loaded) memory_.held.load(id, loaded[static_cast<std::size_t>(place - ways.loading.begin())]);
    if (!is_loaded) memory_.wait_for(lock, id, commits_.at(id));
    if (memory_.held.remembers(id) && (is_loaded || memory_.held.is_ours(id, commits_.at(id)))) {
      // At once: waiting for the next programme lets others in, who may make room in the memory.
      for (const app::LedgerItem& item : items_) {
        if (item.wish.programme_id == id) memory_.held.held_by(item.wish, facts.held);
      }
    } else {
      memory_.held.drop(id);
      unknown.push_back(id);
    }
  }
  memory_.begin(programmes_);
  begun_ = true;
  return unknown;
}

/// An item's row that this transaction has inserted itself is nothing that is held.
void FactReader::remove_own(std::vector<HeldRow>& held) const {
  std::erase_if(held, [&](const HeldRow& row) { return own_.contains(row.held.id); });
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
  const std::lock_guard lock(memory_.mutex);
  Programmes newest;
  for (const auto& [id, commits] : commits_) {
    if (memory_.held.committed(id, commits)) newest.push_back(id);
  }
  for (const app::LedgerItem& item : items_) {
    if (contains(newest, item.wish.programme_id)) memory_.held.add(item.wish);
  }
  end();
}

void FactReader::forget() {
  const std::lock_guard lock(memory_.mutex);
  for (const base::ProgrammeId& id : programmes_) memory_.held.forget(id);
  end();
}

void FactReader::end() {
  if (std::exchange(begun_, false)) memory_.end(programmes_);
}

std::string FactReader::held_in(const Programmes& programmes) const {
  return select_held_of(items_, [&](const app::LedgerItem& item) {
    return has_rules(item) && contains(programmes, item.wish.programme_id);
  });
}

}  // namespace zl::mysql
