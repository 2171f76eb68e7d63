#include "store/mysql/audit_store.hpp"

#include <boost/asio/awaitable.hpp>
#include <charconv>
#include <string_view>
#include <utility>

#include "store/mysql/answers.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

using base::Outcome;

// Locks nothing. Index audit_subject or audit_actor where the query names one, else audit_at, which gives the order.
constexpr std::string_view select_audit =
    "SELECT chain_id, seq, at, actor_id, actor_role, action, subject, detail, address FROM audit "
    "WHERE ? ORDER BY at DESC, chain_id DESC, seq DESC LIMIT ?";

/// Where a page ended: the order of the list.
struct Position {
  base::Instant at;
  base::ChainId chain_id;
  std::uint64_t seq = 0;
};

std::string text_of(const app::AuditEntry& last) {
  return std::to_string(last.at.unix_ms) + "." + last.chain_id.hex() + "." + std::to_string(last.seq);
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Position> position_of(std::string_view text) {
  const std::size_t first = text.find('.');
  const std::size_t second = text.rfind('.');
  if (first == std::string_view::npos || first == second) return std::nullopt;
  const auto at = number_of<std::int64_t>(text.substr(0, first));
  const auto chain_id = base::ChainId::parse(text.substr(first + 1, second - first - 1));
  const auto seq = number_of<std::uint64_t>(text.substr(second + 1));
  if (!at || !chain_id || !seq) return std::nullopt;
  return Position{{*at}, *chain_id, *seq};
}

/// The conditions of a query, or which part of it cannot be read.
Outcome<Fragment> conditions_of(const app::AuditQuery& query) {
  std::string conditions = "1 = 1";
  if (query.actor_id) conditions += sql(" AND actor_id = ?", *query.actor_id);
  if (!query.subject.empty()) {
    const auto subject = base::parse_bytes16(query.subject);
    if (!subject) return invalid_field("/subject", "not an id", "32 lower-case hex digits");
    conditions += sql(" AND subject = ?", *subject);
  }
  if (!query.action.empty()) conditions += sql(" AND action = ?", query.action);
  if (query.from) conditions += sql(" AND at >= ?", *query.from);
  if (query.to) conditions += sql(" AND at < ?", *query.to);
  if (!query.after.empty()) {
    const auto after = position_of(query.after);
    if (!after) return invalid_field("/cursor", "not a cursor of this list");
    conditions += sql(" AND at <= ? AND (at < ? OR chain_id < ? OR (chain_id = ? AND seq < ?))", after->at, after->at,
                      after->chain_id, after->chain_id, after->seq);
  }
  return Fragment{std::move(conditions)};
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

class MysqlAuditStore final : public app::AuditStore {
 public:
  explicit MysqlAuditStore(ConnectionPool& pool) : pool_(pool) {}

  boost::asio::awaitable<Outcome<app::AuditPage>> list(const app::AuditQuery& query) override {
    return pool_.read([query](Connection& connection) -> Outcome<app::AuditPage> {
      const Outcome<Fragment> conditions = conditions_of(query);
      if (!conditions) return conditions.as<app::AuditPage>();
      app::AuditPage page;
      for (const Row row : connection.query(sql(select_audit, *conditions, query.limit + 1))) {
        page.items.push_back(entry_of(row));
      }
      if (page.items.size() > query.limit) {
        page.items.pop_back();
        page.next = text_of(page.items.back());
      }
      return page;
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
