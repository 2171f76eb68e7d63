#include "store/mysql/credential_store.hpp"

#include <string_view>
#include <utility>

#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

using base::Outcome;
using boost::asio::awaitable;

// All by the primary key. Reads lock nothing; writes lock the one row. `?` before NOW() is a duration in milliseconds.
constexpr std::string_view select_credential =
    "SELECT value, lapses_at_ms - FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000) FROM credentials "
    "WHERE name = ? AND value <> ''";
constexpr std::string_view insert_row = "INSERT IGNORE INTO credentials (name) VALUES (?)";
// A second run finds the turn taken, by itself.
constexpr std::string_view take_turn_of_row =
    "UPDATE credentials SET turn = turn + 1, turn_until_ms = ? + FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000) "
    "WHERE name = ? AND turn_until_ms <= FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)";
constexpr std::string_view select_turn = "SELECT turn FROM credentials WHERE name = ?";
// A second run stores the same again.
constexpr std::string_view store_value =
    "UPDATE credentials SET value = ?, lapses_at_ms = ? + FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000), turn_until_ms = 0 "
    "WHERE name = ? AND turn = ?";
constexpr std::string_view end_turn_of_row = "UPDATE credentials SET turn_until_ms = 0 WHERE name = ? AND turn = ?";
constexpr std::string_view expire_value = "UPDATE credentials SET lapses_at_ms = 0 WHERE name = ? AND value = ?";

class MysqlCredentialStore final : public app::CredentialStore {
 public:
  explicit MysqlCredentialStore(ConnectionPool& pool) : pool_(pool) {}

  awaitable<Outcome<std::optional<app::Credential>>> find(std::string name) override {
    return pool_.read([name](Connection& connection) -> Outcome<std::optional<app::Credential>> {
      const Rows rows = connection.query(sql(select_credential, name));
      if (rows.empty()) return std::optional<app::Credential>();
      return std::optional(app::Credential{rows.front().text(0), base::Milliseconds(rows.front().i64(1))});
    });
  }

  awaitable<Outcome<std::optional<app::RenewalTurn>>> take_turn(std::string name,
                                                                base::Milliseconds duration) override {
    return pool_.write([name, duration](Write& write) -> Outcome<std::optional<app::RenewalTurn>> {
      write.execute(sql(insert_row, name));
      if (write.execute(sql(take_turn_of_row, duration.count(), name)) == 0) return std::optional<app::RenewalTurn>();
      return std::optional(app::RenewalTurn{write.query(sql(select_turn, name)).front().u64(0)});
    });
  }

  awaitable<Outcome<bool>> put(std::string name, app::RenewalTurn turn, app::Credential credential) override {
    return pool_.write([name, turn, credential](Write& write) -> Outcome<bool> {
      write.execute(sql(store_value, Bytes{credential.value}, credential.lifetime.count(), name, turn.number));
      // Asked, not counted: a second run within a millisecond changes nothing.
      const Rows rows = write.query(sql(select_turn, name));
      return !rows.empty() && rows.front().u64(0) == turn.number;
    });
  }

  awaitable<Outcome<base::Done>> end_turn(std::string name, app::RenewalTurn turn) override {
    return pool_.write([name, turn](Write& write) -> Outcome<base::Done> {
      write.execute(sql(end_turn_of_row, name, turn.number));
      return base::Done{};
    });
  }

  awaitable<Outcome<base::Done>> expire(std::string name, std::string value) override {
    return pool_.write([name, value](Write& write) -> Outcome<base::Done> {
      write.execute(sql(expire_value, name, Bytes{value}));
      return base::Done{};
    });
  }

 private:
  ConnectionPool& pool_;
};

}  // namespace

std::unique_ptr<app::CredentialStore> create_credential_store(ConnectionPool& pool) {
  return std::make_unique<MysqlCredentialStore>(pool);
}

}  // namespace zl::mysql
