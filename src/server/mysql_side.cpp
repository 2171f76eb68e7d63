#include "server/mysql_side.hpp"

#include <stdexcept>

#include "store/mysql/account_store.hpp"
#include "store/mysql/attendance_store.hpp"
#include "store/mysql/audit_seals.hpp"
#include "store/mysql/audit_store.hpp"
#include "store/mysql/booking_ledger.hpp"
#include "store/mysql/catalogue_store.hpp"
#include "store/mysql/change_feed.hpp"
#include "store/mysql/credential_store.hpp"
#include "store/mysql/family_store.hpp"
#include "store/mysql/identity_store.hpp"
#include "store/mysql/lease.hpp"
#include "store/mysql/login_states.hpp"
#include "store/mysql/message_store.hpp"
#include "store/mysql/migration_files.hpp"
#include "store/mysql/migrations.hpp"
#include "store/mysql/people_store.hpp"
#include "store/mysql/push_store.hpp"
#include "store/mysql/restored.hpp"
#include "store/mysql/retention.hpp"

namespace zl::server {
namespace {

/// Seconds of a setting in milliseconds, at least one.
int whole_seconds(std::int64_t ms) {
  return static_cast<int>((ms + 999) / 1000);
}

mysql::PoolConfig pool_config(const MysqlConfig& config, std::shared_ptr<mysql::Reached> reached) {
  mysql::PoolConfig pool;
  pool.reached = std::move(reached);
  pool.connection = connection_config(config);
  pool.threads = config.read_threads;
  pool.queue_limit = config.read_queue;
  return pool;
}

mysql::WriterConfig writer_config(const MysqlConfig& config, std::shared_ptr<mysql::Reached> reached) {
  mysql::WriterConfig writers;
  writers.reached = std::move(reached);
  writers.connection = connection_config(config);
  writers.writers = config.writers;
  writers.queue_limit = config.writer_queue;
  writers.batch_limit = config.writer_batch;
  writers.queue_target_ms = static_cast<int>(config.queue_target_ms);
  writers.item_deadline_ms = static_cast<int>(config.item_deadline_ms);
  return writers;
}

/// The first connection of the process: what it finds decides whether there will be others.
std::string check_database(const MysqlConfig& config) {
  mysql::Connection connection(connection_config(config));
  std::string faults;
  for (const std::string& fault : mysql::check_schema(connection, mysql::migration_files())) faults += fault + "\n";
  if (!faults.empty()) {
    faults.pop_back();
    throw std::runtime_error(faults);
  }
  return mysql::booking_id_secret(connection);
}

}  // namespace

mysql::ConnectionConfig connection_config(const MysqlConfig& config) {
  mysql::ConnectionConfig connection;
  connection.address = config.unix_socket.empty() ? "tcp://" + config.host + ":" + std::to_string(config.port)
                                                  : "unix://" + config.unix_socket;
  connection.user = config.user;
  connection.password = config.password;
  connection.database = config.database;
  connection.connect_timeout_s = whole_seconds(config.connect_timeout_ms);
  connection.statement_timeout_s = whole_seconds(config.statement_timeout_ms);
  connection.io_timeout_s = connection.statement_timeout_s + 5;
  connection.lock_wait_timeout_s = static_cast<int>(config.lock_wait_s);
  return connection;
}

MysqlSide::MysqlSide(const MysqlConfig& config, const base::Clock& clock, base::Random& random,
                     runtime::Metrics& metrics)
    : booking_id_secret_(check_database(config)),
      random_(random),
      pool_(pool_config(config, reached_), clock, random, metrics),
      writers_(writer_config(config, reached_), clock, random, metrics),
      catalogue_(mysql::create_catalogue_store(pool_)),
      changes_(mysql::create_change_feed(pool_)),
      people_(mysql::create_people_store(pool_, random)),
      accounts_(mysql::create_account_store(pool_)),
      attendance_(mysql::create_attendance_store(writers_, pool_)),
      audit_(mysql::create_audit_store(pool_)),
      ledger_(mysql::create_booking_ledger(writers_, pool_)),
      lease_(mysql::create_reconciler_lease(pool_, random, writable_)),
      retention_(mysql::create_retention(pool_)),
      credentials_(mysql::create_credential_store(pool_)),
      logins_(mysql::create_login_states(pool_)),
      families_(mysql::create_family_store(pool_)),
      pushes_(mysql::create_push_store(pool_)),
      sealer_(mysql::create_audit_sealer(pool_)) {}

std::unique_ptr<app::IdentityStore> MysqlSide::create_identities(std::string appid) {
  return mysql::create_identity_store(pool_, random_, std::move(appid));
}

boost::asio::awaitable<base::Outcome<std::uint64_t>> MysqlSide::outdate_gates() {
  return mysql::outdate_gates(pool_);
}

std::unique_ptr<app::MessageStore> MysqlSide::create_messages(std::string appid, mysql::NoticeTemplates notices) {
  return mysql::create_message_store(pool_, random_, std::move(appid), std::move(notices));
}

void MysqlSide::stop() {
  writers_.stop();
  pool_.stop();
}

}  // namespace zl::server
