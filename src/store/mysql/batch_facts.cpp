#include "store/mysql/batch_facts.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <mutex>
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

/// Seats that nobody has looked at: whether there are enough, the claim on them tells.
constexpr SeatsRow unlimited{std::numeric_limits<int>::max(), 0, {}, true};

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

FactReader::FactReader(const Items& items, SharedHeldMemory& memory, base::Random& random)
    : items_(items),
      memory_(memory),
      random_(random),
      programmes_(ids_of(items, &domain::BookingWish::programme_id, any_item)),
      ruled_(ids_of(items, &domain::BookingWish::programme_id, has_rules)),
      activities_(ids_of(items, &domain::BookingWish::activity_id, any_item)),
      people_{ids_of(items, &domain::BookingWish::attendee_id, has_rules),
              ids_of(items, &domain::BookingWish::user_id, has_rules)} {
  own_.reserve(items.size());
  for (const app::LedgerItem& item : items) own_.insert(item.wish.id);
}

FactReader::~FactReader() {
  if (begun_ || entered_) forget();
}

std::optional<BatchFacts> FactReader::recall(const Transaction& transaction) {
  // Guards are locked by one statement, and the two kinds of programme would need one each.
  if (!ruled_.empty() && ruled_.size() < programmes_.size()) return std::nullopt;
  const std::lock_guard lock(memory_.mutex);
  start(transaction.session());
  for (const base::ProgrammeId& id : ruled_) {
    const std::optional<MemoryMark> mark = memory_.held.mark_of(id);
    if (!mark) return std::nullopt;
    kept_.push_back({id, *mark});
  }
  BatchFacts facts;
  for (const app::LedgerItem& item : items_) {
    const domain::BookingWish& wish = item.wish;
    if (!memory_.held.knows_seats(wish.programme_id, wish.activity_id)) return std::nullopt;
    if (has_rules(item)) memory_.held.held_by(wish, facts.held);
    facts.seats.emplace(wish.activity_id, unlimited);
  }
  entered_ = memory_.enter(people_);
  if (!entered_) return std::nullopt;
  memory_.begin(programmes_);
  begun_ = true;
  remove_own(facts.held);
  each_once(facts.held);
  return facts;
}

std::string FactReader::claim() const {
  return ruled_.empty() ? lock_guards(programmes_, random_.next_id<MemoryMark>()) : claim_guards(kept_);
}

std::optional<std::string> FactReader::marking() const {
  if (marked_.empty()) return std::nullopt;
  return mark_guards(marked_, mark_);
}

/// Under the memory's mutex: forgets what an earlier run of the batch has found out.
void FactReader::start(std::uint64_t session) {
  end();
  memory_.held.on_session(session);
  kept_.clear();
  marked_.clear();
  commits_.clear();
}

FactReader::Ways FactReader::ways(std::uint64_t session) {
  const std::lock_guard lock(memory_.mutex);
  start(session);
  entered_ = memory_.enter(people_);
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
  statements.push_back(lock_guards(programmes_));
  statements.push_back(select_guards(programmes_));
  statements.push_back(lock_seats(activities_));
  for (const base::ProgrammeId& id : way.loading) {
    statements.push_back(select_programme_held(id, HeldMemory::load_limit + items_.size() + 1));
  }
  if (!way.reading.empty()) statements.push_back(held_in(way.reading));
  const std::vector<Rows> results = transaction.query_all(statements);

  std::map<base::ProgrammeId, MemoryMark> marks;
  for (const Row row : results[before + guards]) {
    commits_.emplace(row.id<base::ProgrammeId>(0), row.u64(1));
    marks.emplace(row.id<base::ProgrammeId>(0), row.id<MemoryMark>(2));
  }
  std::vector<std::vector<HeldRow>> loaded(way.loading.size());
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    add_held(loaded[i], results[before + after_locks + i]);
    remove_own(loaded[i]);
  }
  BatchFacts facts;
  add_seats(facts, results[before + seats]);
  if (!way.reading.empty()) add_held(facts.held, results.back());
  const Programmes unknown = remember(way, loaded, facts);
  choose_marks(marks);
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

/// A mark stays where all that is held is known under it, and nobody of this batch is in one that another lane may have
/// decided beforehand. Elsewhere a fresh one lets none of those pass.
void FactReader::choose_marks(const std::map<base::ProgrammeId, MemoryMark>& marks) {
  const std::lock_guard lock(memory_.mutex);
  mark_ = random_.next_id<MemoryMark>();
  for (const base::ProgrammeId& id : programmes_) {
    const std::optional<MemoryMark> known = memory_.held.mark_of(id);
    const bool stays =
        entered_ && contains(ruled_, id) && known == marks.at(id) && memory_.held.is_ours(id, commits_.at(id));
    if (stays) {
      kept_.push_back({id, *known});
    } else {
      marked_.push_back(id);
    }
  }
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
  std::vector<std::string> statements{lock_guards(programmes_, random_.next_id<MemoryMark>()),
                                      select_guards(programmes_), lock_seats(activities_)};
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
  Programmes current;
  for (const ExpectedMark& each : kept_) {
    if (memory_.held.committed_under(each.programme_id, each.mark)) current.push_back(each.programme_id);
  }
  for (const base::ProgrammeId& id : marked_) {
    if (memory_.held.committed(id, commits_.at(id))) current.push_back(id);
  }
  for (const app::LedgerItem& item : items_) {
    memory_.held.note_seats(item.wish.programme_id, item.wish.activity_id);
    if (contains(current, item.wish.programme_id)) memory_.held.add(item.wish);
  }
  for (const base::ProgrammeId& id : marked_) {
    if (contains(current, id)) memory_.held.mark(id, mark_);
  }
  end();
}

void FactReader::rejected() {
  const std::lock_guard lock(memory_.mutex);
  end();
}

void FactReader::forget() {
  const std::lock_guard lock(memory_.mutex);
  for (const base::ProgrammeId& id : programmes_) memory_.held.forget(id);
  end();
}

void FactReader::end() {
  if (std::exchange(entered_, false)) memory_.leave(people_);
  if (std::exchange(begun_, false)) memory_.end(programmes_);
}

std::string FactReader::held_in(const Programmes& programmes) const {
  return select_held_of(items_, [&](const app::LedgerItem& item) {
    return has_rules(item) && contains(programmes, item.wish.programme_id);
  });
}

}  // namespace zl::mysql
