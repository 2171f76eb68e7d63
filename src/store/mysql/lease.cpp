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
  MysqlLease(ConnectionPool& pool, base::Random& random, std::atomic<bool>& writable)
      : pool_(pool), writable_(writable), owner_(random.next_id<base::Id<struct LeaseOwnerTag>>()) {}

  boost::asio::awaitable<base::Outcome<bool>> hold() override {
    return pool_.read([owner = owner_, &writable = writable_](Connection& connection) -> base::Outcome<bool> {
      try {
        const bool taken = connection.execute(sql(take_turn, owner, owner)) == 1;
        writable.store(true, std::memory_order_relaxed);
        return taken;
      } catch (const SqlError& error) {
        if (error.fault() == SqlFault::unwritable) writable.store(false, std::memory_order_relaxed);
        throw;
      }
    });
  }

 private:
  ConnectionPool& pool_;
  std::atomic<bool>& writable_;
  const base::Id<struct LeaseOwnerTag> owner_;
};

}  // namespace

std::unique_ptr<app::ReconcilerLease> create_reconciler_lease(ConnectionPool& pool, base::Random& random,
                                                              std::atomic<bool>& writable) {
  return std::make_unique<MysqlLease>(pool, random, writable);
}

}  // namespace zl::mysql
