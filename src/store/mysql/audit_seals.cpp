#include "store/mysql/audit_seals.hpp"

#include <algorithm>
#include <cstring>

#include "store/mysql/hash_fields.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

constexpr int heads_at_once = 500;
constexpr std::int64_t young_ms = 30'000;

// By primary key, from its end; locks nothing.
constexpr std::string_view select_newest =
    "SELECT number, at, seal, FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000) FROM audit_seals ORDER BY number DESC LIMIT 1";
constexpr std::string_view select_now = "SELECT FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)";

// Heads by jumps from chain to chain in audit's primary key, and how far each is sealed by index audit_seals_chain.
// Locks nothing. A chain's rows are committed in their order, so what is before a head is there as well.
constexpr std::string_view select_heads =
    "SELECT heads.chain_id, heads.seq, audit.hash, "
    "(SELECT COALESCE(MAX(sealed.seq), 0) FROM audit_seals sealed WHERE sealed.chain_id = heads.chain_id) "
    "FROM (SELECT chain_id, MAX(seq) AS seq FROM audit WHERE chain_id > ? GROUP BY chain_id ORDER BY chain_id LIMIT ?) "
    "AS heads JOIN audit ON audit.chain_id = heads.chain_id AND audit.seq = heads.seq ORDER BY heads.chain_id";

// A transaction of its own. Whoever has the numbers first wins, and the other's rows have no effect at all.
constexpr std::string_view insert_seals =
    "INSERT INTO audit_seals (number, at, chain_id, seq, head, prev_seal, seal) VALUES ?";

struct Newest {
  std::uint64_t number = 0;
  base::Instant at;
  runtime::Digest seal{};
  base::Instant now;
};

Newest newest_of(Connection& connection) {
  const Rows rows = connection.query(select_newest);
  if (rows.empty()) return {0, {0}, {}, connection.query(select_now).front().instant(0)};
  const Row row = rows.front();
  return {row.u64(0), row.instant(1), digest_of(row.text(2)), row.instant(3)};
}

/// Rows for the heads that moved; `last` becomes the newest of them.
Values seal_heads(const Rows& heads, Newest& last) {
  Values rows;
  for (const Row head : heads) {
    if (head.u64(1) <= head.u64(3)) continue;
    const SealedHead row{last.number + 1, last.now, head.id<base::ChainId>(0), head.u64(1), digest_of(head.text(2))};
    const runtime::Digest seal = seal_hash(last.seal, row);
    rows.row(row.number, row.at, row.chain_id, row.seq, row.head, last.seal, seal);
    last.number = row.number;
    last.seal = seal;
  }
  return rows;
}

/// False where another process has sealed at the same time.
bool store(Connection& connection, const Values& rows) {
  if (rows.empty()) return true;
  try {
    connection.execute(sql(insert_seals, rows.fragment()));
    return true;
  } catch (const SqlError& error) {
    if (error.fault() != SqlFault::duplicate) throw;
    return false;
  }
}

void seal_all(Connection& connection, Newest last) {
  base::ChainId done_to;
  while (true) {
    const Rows heads = connection.query(sql(select_heads, done_to, heads_at_once));
    if (heads.empty() || !store(connection, seal_heads(heads, last))) return;
    done_to = heads[heads.size() - 1].id<base::ChainId>(0);
  }
}

class MysqlAuditSealer final : public app::AuditSealer {
 public:
  explicit MysqlAuditSealer(ConnectionPool& pool) : pool_(pool) {}

  boost::asio::awaitable<base::Outcome<std::optional<app::AuditSeal>>> seal() override {
    return pool_.read([](Connection& connection) -> base::Outcome<std::optional<app::AuditSeal>> {
      Newest newest = newest_of(connection);
      const std::int64_t age_ms = newest.now.unix_ms - newest.at.unix_ms;
      // A seal of the future is of a clock that was set back, and no reason to wait.
      if (newest.number == 0 || age_ms < 0 || age_ms >= young_ms) {
        seal_all(connection, newest);
        newest = newest_of(connection);
      }
      if (newest.number == 0) return std::optional<app::AuditSeal>();
      return std::optional(app::AuditSeal{newest.number, base::to_hex(runtime::view(newest.seal))});
    });
  }

 private:
  ConnectionPool& pool_;
};

}  // namespace

runtime::Digest seal_hash(const runtime::Digest& prev_seal, const SealedHead& row) {
  std::string bytes(runtime::view(prev_seal));
  append_hash_field(bytes, row.number);
  append_hash_field(bytes, static_cast<std::uint64_t>(row.at.unix_ms));
  append_hash_field(bytes, row.chain_id.raw());
  append_hash_field(bytes, row.seq);
  append_hash_field(bytes, runtime::view(row.head));
  return runtime::sha256(bytes);
}

runtime::Digest digest_of(std::string_view raw) {
  runtime::Digest digest{};
  std::memcpy(digest.data(), raw.data(), std::min(raw.size(), digest.size()));
  return digest;
}

std::unique_ptr<app::AuditSealer> create_audit_sealer(ConnectionPool& pool) {
  return std::make_unique<MysqlAuditSealer>(pool);
}

}  // namespace zl::mysql
