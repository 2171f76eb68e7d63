#include "store/mysql/lease.hpp"

#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// Locks the one row by its primary key. A second run by the same owner keeps the turn.
constexpr std::string_view take_turn =
    "UPDATE leases SET owner = ?, until_ms = FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000) + 5000 "
    "WHERE name = 'reconciler' AND (owner = ? OR until_ms < FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000))";

class MysqlLease final : public app::ReconcilerLease {
 public:
  MysqlLease(ConnectionPool& pool, base::Random& random)
      : pool_(pool), owner_(random.next_id<base::Id<struct LeaseOwnerTag>>()) {}

  boost::asio::awaitable<base::Outcome<bool>> hold() override {
    return pool_.read([owner = owner_](Connection& connection) -> base::Outcome<bool> {
      return connection.execute(sql(take_turn, owner, owner)) == 1;
    });
  }

 private:
  ConnectionPool& pool_;
  const base::Id<struct LeaseOwnerTag> owner_;
};

}  // namespace

std::unique_ptr<app::ReconcilerLease> create_reconciler_lease(ConnectionPool& pool, base::Random& random) {
  return std::make_unique<MysqlLease>(pool, random);
}

}  // namespace zl::mysql
