#include "store/mysql/retention.hpp"

#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// Each by the index of its age; locks the rows that go, a thousand at a time. The newest change stays, so that numbers
// never begin again after a restart of the database.
constexpr std::string_view delete_changes =
    "DELETE FROM changes WHERE at < ? AND seq < (SELECT newest FROM (SELECT MAX(seq) AS newest FROM changes) AS last) "
    "ORDER BY at LIMIT 1000";
constexpr std::string_view delete_marks =
    "DELETE FROM creation_marks WHERE created_at < ? ORDER BY created_at LIMIT 1000";
constexpr std::string_view delete_tokens =
    "DELETE FROM ended_tokens WHERE expires_at < ? ORDER BY expires_at LIMIT 1000";
constexpr std::string_view delete_pushes = "DELETE FROM pushes WHERE created_at < ? ORDER BY created_at LIMIT 1000";
constexpr std::string_view delete_consent_marks =
    "DELETE FROM consent_marks WHERE created_at < ? ORDER BY created_at LIMIT 1000";
constexpr std::string_view delete_choices = "DELETE FROM chat_choices WHERE told_at < ? ORDER BY told_at LIMIT 1000";

constexpr std::string_view delete_logins =
    "DELETE FROM login_states WHERE created_at_ms < ? ORDER BY created_at_ms LIMIT 1000";

class MysqlRetention final : public app::Retention {
 public:
  explicit MysqlRetention(ConnectionPool& pool) : pool_(pool) {}

  boost::asio::awaitable<base::Outcome<std::uint64_t>> purge(const app::RetentionLimits& limits) override {
    return pool_.repeat([limits](Connection& connection) -> base::Outcome<std::uint64_t> {
      return connection.execute(sql(delete_changes, limits.changes_before)) +
             connection.execute(sql(delete_marks, limits.marks_before)) +
             connection.execute(sql(delete_tokens, limits.tokens_before)) +
             connection.execute(sql(delete_logins, limits.logins_before)) +
             connection.execute(sql(delete_pushes, limits.pushes_before)) +
             connection.execute(sql(delete_consent_marks, limits.pushes_before)) +
             connection.execute(sql(delete_choices, limits.choices_before));
    });
  }

 private:
  ConnectionPool& pool_;
};

}  // namespace

std::unique_ptr<app::Retention> create_retention(ConnectionPool& pool) {
  return std::make_unique<MysqlRetention>(pool);
}

}  // namespace zl::mysql
