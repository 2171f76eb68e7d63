#include "store/mysql/audit_store.hpp"

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <charconv>
#include <string_view>
#include <utility>

#include "store/mysql/answers.hpp"
#include "store/mysql/audit_detail.hpp"
#include "store/mysql/booked_entries.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

using base::Outcome;

// None of these locks. Index audit_at, which gives the order.
constexpr std::string_view select_all =
    "SELECT chain_id, seq, at, actor_id, actor_role, action, subject, detail, address FROM audit "
    "WHERE ? ORDER BY at DESC, chain_id DESC, seq DESC LIMIT ?";

// The rows of one subject or actor by index audit_subject or audit_actor, and those of group commits by what bookings
// say of where they are told of: their primary key or index bookings_user, then audit's primary key.
constexpr std::string_view select_some =
    "SELECT chain_id, seq, at, actor_id, actor_role, action, subject, detail, address FROM audit "
    "WHERE ? AND ? AND action <> 'booking.create' UNION ALL "
    "SELECT chain_id, seq, at, actor_id, actor_role, action, subject, detail, address "
    "FROM (SELECT DISTINCT audit_chain, audit_seq FROM bookings WHERE ?) AS told "
    "JOIN audit ON chain_id = audit_chain AND seq = audit_seq WHERE ? AND action = 'booking.create' "
    "ORDER BY at DESC, chain_id DESC, seq DESC LIMIT ?";

/// Where a page ended: the order of the list. A row of a group commit is an entry for each booking.
struct Position {
  base::Instant at;
  base::ChainId chain_id;
  std::uint64_t seq = 0;
  std::size_t entry = 0;  ///< of the row, from 0
};

std::string text_of(const Position& last) {
  return std::to_string(last.at.unix_ms) + "." + last.chain_id.hex() + "." + std::to_string(last.seq) + "." +
         std::to_string(last.entry);
}

/// What comes before the first point; it goes from `text` with the point.
std::string_view take_part(std::string_view& text) {
  const std::size_t end = text.find('.');
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Position> position_of(std::string_view text) {
  const auto at = number_of<std::int64_t>(take_part(text));
  const auto chain_id = base::ChainId::parse(take_part(text));
  const auto seq = number_of<std::uint64_t>(take_part(text));
  const auto entry = number_of<std::size_t>(text);
  if (!at || !chain_id || !seq || !entry) return std::nullopt;
  return Position{{*at}, *chain_id, *seq, *entry};
}

/// A query that could be read.
struct Wanted {
  app::AuditQuery query;
  std::optional<base::Bytes16> subject;
  std::optional<Position> after;
};

Outcome<Wanted> read(const app::AuditQuery& query) {
  Wanted wanted{query, std::nullopt, std::nullopt};
  if (!query.subject.empty()) {
    wanted.subject = base::parse_bytes16(query.subject);
    if (!wanted.subject) return invalid_field("/subject", "not an id", "32 lower-case hex digits");
  }
  if (!query.after.empty()) {
    wanted.after = position_of(query.after);
    if (!wanted.after) return invalid_field("/cursor", "not a cursor of this list");
  }
  return wanted;
}

/// Conditions that the rows of group commits meet like all others. The row where the last page ended may have more.
Fragment common_conditions(const Wanted& wanted) {
  const app::AuditQuery& query = wanted.query;
  std::string conditions = "1 = 1";
  if (!query.action.empty()) conditions += sql(" AND action = ?", query.action);
  if (query.from) conditions += sql(" AND at >= ?", *query.from);
  if (query.to) conditions += sql(" AND at < ?", *query.to);
  if (const auto& after = wanted.after) {
    conditions += sql(" AND at <= ? AND (at < ? OR chain_id < ? OR (chain_id = ? AND seq <= ?))", after->at, after->at,
                      after->chain_id, after->chain_id, after->seq);
  }
  return {std::move(conditions)};
}

/// Conditions on a subject and an actor, whose columns have these names.
Fragment conditions_on(const Wanted& wanted, std::string_view subject, std::string_view actor) {
  std::string conditions = "1 = 1";
  if (wanted.subject) conditions += sql(" AND ? = ?", Fragment{std::string(subject)}, *wanted.subject);
  if (wanted.query.actor_id) conditions += sql(" AND ? = ?", Fragment{std::string(actor)}, *wanted.query.actor_id);
  return {std::move(conditions)};
}

std::string statement_of(const Wanted& wanted) {
  // Of the row where the last page ended nothing may be left, and one more tells whether there is a next page.
  const std::size_t rows = wanted.query.limit + 2;
  const Fragment common = common_conditions(wanted);
  if (!wanted.subject && !wanted.query.actor_id) return sql(select_all, common, rows);
  return sql(select_some, common, conditions_on(wanted, "subject", "actor_id"), conditions_on(wanted, "id", "user_id"),
             common, rows);
}

app::AuditEntry entry_of(const Row& row) {
  app::AuditEntry entry;
  entry.chain_id = row.id<base::ChainId>(0);
  entry.seq = row.u64(1);
  entry.at = row.instant(2);
  entry.actor_id = row.id<base::AccountId>(3);
  entry.actor_role = row.text(4);
  entry.action = row.text(5);
  entry.subject = row.id<base::AccountId>(6).hex();
  entry.detail = row.text(7);
  entry.address = row.text(8);
  return entry;
}

/// The entries of a row, newest first. A line that can't be read stays an entry, about nothing.
std::vector<app::AuditEntry> entries_of(const Row& row) {
  app::AuditEntry entry = entry_of(row);
  if (entry.action != booked_action) return {std::move(entry)};
  std::vector<app::AuditEntry> entries;
  for (const std::optional<BookedEntry>& booked : read_booked(std::exchange(entry.detail, "{}"))) {
    entries.push_back(entry);
    if (!booked) continue;
    entries.back().actor_id = base::AccountId{booked->user_id.bytes};
    entries.back().subject = booked->booking_id.hex();
    entries.back().detail =
        AuditDetail().add("activity_id", booked->activity_id).add("attendee_id", booked->attendee_id).text();
    entries.back().address = booked->address;
  }
  std::ranges::reverse(entries);
  return entries;
}

bool matches(const app::AuditEntry& entry, const app::AuditQuery& query) {
  return (query.subject.empty() || entry.subject == query.subject) &&
         (!query.actor_id || entry.actor_id == *query.actor_id);
}

/// Fills a page from the rows that follow the last one.
app::AuditPage page_of(const Rows& rows, const Wanted& wanted) {
  app::AuditPage page;
  Position last;
  for (const Row row : rows) {
    Position place{row.instant(2), row.id<base::ChainId>(0), row.u64(1), 0};
    const bool resumed = wanted.after && wanted.after->chain_id == place.chain_id && wanted.after->seq == place.seq;
    for (app::AuditEntry& entry : entries_of(row)) {
      const std::size_t number = place.entry++;
      if ((resumed && number <= wanted.after->entry) || !matches(entry, wanted.query)) continue;
      if (page.items.size() == wanted.query.limit) {
        page.next = text_of(last);
        return page;
      }
      page.items.push_back(std::move(entry));
      last = {place.at, place.chain_id, place.seq, number};
    }
  }
  return page;
}

class MysqlAuditStore final : public app::AuditStore {
 public:
  explicit MysqlAuditStore(ConnectionPool& pool) : pool_(pool) {}

  boost::asio::awaitable<Outcome<app::AuditPage>> list(const app::AuditQuery& query) override {
    return pool_.read([query](Connection& connection) -> Outcome<app::AuditPage> {
      const Outcome<Wanted> wanted = read(query);
      if (!wanted) return wanted.as<app::AuditPage>();
      return page_of(connection.query(statement_of(*wanted)), *wanted);
    });
  }

 private:
  ConnectionPool& pool_;
};

}  // namespace

std::unique_ptr<app::AuditStore> create_audit_store(ConnectionPool& pool) {
  return std::make_unique<MysqlAuditStore>(pool);
}

}  // namespace zl::mysql
