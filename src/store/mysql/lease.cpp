#include "store/mysql/lease.hpp"

#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// Locks the one row by its primary key. A second run by the same owner keeps the turn, and changes the row even within
// the same millisecond. A turn that ends later than one taken now would was taken before the clock went back.
constexpr std::string_view update_lease =
    "UPDATE leases, (SELECT FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000) AS now_ms) AS clock "
    "SET owner = ?, until_ms = now_ms + 5000 + (until_ms = now_ms + 5000) "
    "WHERE name = ? AND (owner = ? OR until_ms < now_ms OR until_ms > now_ms + 5001)";

class MysqlLease final : public app::ReconcilerLease {
 public:
  MysqlLease(ConnectionPool& pool, base::Random& random, std::atomic<bool>& writable)
      : pool_(pool), writable_(writable), owner_(random.next_id<LeaseOwner>()) {}

  boost::asio::awaitable<base::Outcome<bool>> hold() override {
    return pool_.repeat([owner = owner_, &writable = writable_](Connection& connection) -> base::Outcome<bool> {
      try {
        const bool taken = take_turn(connection, "reconciler", owner);
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
  const LeaseOwner owner_;
};

}  // namespace

bool take_turn(Connection& connection, std::string_view name, const LeaseOwner& owner) {
  return connection.execute(sql(update_lease, owner, name, owner)) == 1;
}

std::unique_ptr<app::ReconcilerLease> create_reconciler_lease(ConnectionPool& pool, base::Random& random,
                                                              std::atomic<bool>& writable) {
  return std::make_unique<MysqlLease>(pool, random, writable);
}

}  // namespace zl::mysql
