#include "store/mysql/change_feed.hpp"

#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

using base::Outcome;

// Both go by the primary key and lock nothing.
constexpr std::string_view select_changes =
    "SELECT seq, kind, subject, number FROM changes WHERE seq > ? ORDER BY seq LIMIT ?";
constexpr std::string_view select_newest = "SELECT COALESCE(MAX(seq), 0) FROM changes";

class MysqlChangeFeed final : public app::ChangeFeed {
 public:
  explicit MysqlChangeFeed(ConnectionPool& pool) : pool_(pool) {}

  boost::asio::awaitable<Outcome<std::vector<app::Change>>> changes_since(std::uint64_t seq,
                                                                          std::size_t limit) override {
    return pool_.read([seq, limit](Connection& connection) -> Outcome<std::vector<app::Change>> {
      std::vector<app::Change> changes;
      for (const Row row : connection.query(sql(select_changes, seq, limit))) {
        changes.push_back({row.u64(0), row.as<app::ChangeKind>(1), row.bytes16(2), row.u64(3)});
      }
      return changes;
    });
  }

  boost::asio::awaitable<Outcome<std::uint64_t>> newest() override {
    return pool_.read([](Connection& connection) -> Outcome<std::uint64_t> {
      return connection.query(select_newest).front().u64(0);
    });
  }

 private:
  ConnectionPool& pool_;
};

}  // namespace

std::unique_ptr<app::ChangeFeed> create_change_feed(ConnectionPool& pool) {
  return std::make_unique<MysqlChangeFeed>(pool);
}

}  // namespace zl::mysql
