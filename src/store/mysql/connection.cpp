#include "store/mysql/connection.hpp"

#include <atomic>
#include <utility>
#include <vector>

#include "base/crash_point.hpp"
#include "base/invariant.hpp"
#include "store/mysql/connector.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

constexpr std::string_view plain_commit = "COMMIT";
// A COMMIT that waits for room for MariaDB's binary log must not be ended: half an event would stay in the log, and
// nothing behind it could be read again (MDEV-27803). MySQL's limit is for SELECT alone.
constexpr std::string_view unlimited_commit = "SET STATEMENT max_statement_time = 0 FOR COMMIT";
// The client library's word for a packet that it could not hand over whole; one that it lost sight of is 2013.
constexpr int not_sent = 2006;
std::atomic<std::uint64_t> sessions = 0;  // that this process has tried to make

::sql::Driver& driver() {
  static ::sql::Driver* const instance = ::get_driver_instance();
  return *instance;
}

::sql::ConnectOptionsMap connect_options(const ConnectionConfig& config) {
  ::sql::ConnectOptionsMap options;
  options["hostName"] = ::sql::SQLString(config.address);
  options["userName"] = ::sql::SQLString(config.user);
  options["password"] = ::sql::SQLString(config.password);
  options["schema"] = ::sql::SQLString(config.database);
  options["OPT_CHARSET_NAME"] = ::sql::SQLString("utf8mb4");
  options["OPT_CONNECT_TIMEOUT"] = config.connect_timeout_s;
  options["OPT_READ_TIMEOUT"] = config.io_timeout_s;
  options["OPT_WRITE_TIMEOUT"] = config.io_timeout_s;
  options["CLIENT_MULTI_STATEMENTS"] = config.packets;
  return options;
}

Rows read(::sql::ResultSet& result) {
  const unsigned columns = result.getMetaData()->getColumnCount();
  std::vector<std::optional<std::string>> cells;
  cells.reserve(result.rowsCount() * columns);
  while (result.next()) {
    for (unsigned column = 1; column <= columns; ++column) {
      std::string text = result.getString(column).asStdString();
      if (result.wasNull()) {
        cells.emplace_back();
      } else {
        cells.emplace_back(std::move(text));
      }
    }
  }
  return {columns, std::move(cells)};
}

}  // namespace

void init_driver() {
  driver();
}

SqlFault fault_of(int code) {
  switch (code) {
    case 1062:  // duplicate entry
    case 1586:  // the same, with the key's name
      return SqlFault::duplicate;
    case 1451:  // a row refers to this one
    case 1452:  // the row referred to is missing
    case 3819:  // CHECK, MySQL
    case 4025:  // CHECK, MariaDB
      return SqlFault::constraint;
    case 1213:
      return SqlFault::deadlock;
    case 1205:
      return SqlFault::lock_timeout;
    case 1969:  // max_statement_time, MariaDB
    case 3024:  // max_execution_time, MySQL
      return SqlFault::statement_timeout;
    case 1040:  // too many connections
    case 1053:  // shutting down
    case 1158:  // network errors, seen by the server
    case 1159:
    case 1160:
    case 1161:
    case 1203:  // too many connections of this user
    case 1317:  // interrupted: KILL, shutdown
    case 1927:  // killed
    case 2002:  // no socket, no host
    case 2003:
    case 2005:
    case 2006:  // gone away
    case 2012:
    case 2013:  // lost during the statement
    case 2014:  // out of step
    case 2026:  // TLS
    case 2055:
    case 4031:  // ended for idleness, MySQL
      return SqlFault::lost;
    case 1021:  // disk full
    case 1036:  // read-only table
    case 1114:  // table full
    case 1290:  // --read-only
    case 1792:  // read-only transaction
    case 1836:  // read-only mode
      return SqlFault::unwritable;
    default:
      return SqlFault::other;
  }
}

Connection::Connection(const ConnectionConfig& config)
    : session_(++sessions), idle_limit_s_(config.idle_timeout_s / 2), autocommit_(config.autocommit) {
  try {
    ::sql::ConnectOptionsMap options = connect_options(config);
    connection_.reset(driver().connect(options));
    statement_.reset(connection_->createStatement());
  } catch (const ::sql::SQLException& error) {
    throw SqlError(error.getErrorCode(), SqlFault::lost, error.what());
  }
  set_up(config);
}

Connection::~Connection() = default;

void Connection::set_up(const ConnectionConfig& config) {
  // The connector asks for REPEATABLE READ whenever it connects.
  execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
  const Rows facts = query("SELECT CONNECTION_ID(), VERSION()");
  id_ = facts.front().u64(0);
  mariadb_ = facts.front().text(1).find("MariaDB") != std::string::npos;
  execute(
      sql("SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
          "NO_ENGINE_SUBSTITUTION', autocommit = ?, innodb_lock_wait_timeout = ?, wait_timeout = ?",
          config.autocommit, config.lock_wait_timeout_s, config.idle_timeout_s));
  if (mariadb_) {
    execute(sql("SET SESSION max_statement_time = ?", config.statement_timeout_s));
  } else {
    execute(sql("SET SESSION max_execution_time = ?", config.statement_timeout_s * 1000));
  }
}

std::string_view Connection::commit_statement() const {
  return mariadb_ ? unlimited_commit : plain_commit;
}

void Connection::require_ready() const {
  if (!usable_) throw SqlError(not_sent, SqlFault::lost, "the session was given up");
  if (must_roll_back_) throw SqlError(0, SqlFault::other, "a transaction that failed takes nothing but a roll-back");
}

void Connection::fail(int code, const std::string& what) {
  const SqlFault fault = fault_of(code);
  switch (fault) {
    case SqlFault::duplicate:
    case SqlFault::constraint:
      break;
    case SqlFault::lost:
      usable_ = false;
      break;
    case SqlFault::deadlock:
    case SqlFault::lock_timeout:
    case SqlFault::statement_timeout:
    case SqlFault::unwritable:
    case SqlFault::other:
      must_roll_back_ = in_transaction_;
      break;
  }
  throw SqlError(code, fault, what);
}

std::uint64_t Connection::execute(std::string_view statement) {
  require_ready();
  try {
    statement_->execute(::sql::SQLString(statement.data(), statement.size()));
    return statement_->getUpdateCount();
  } catch (const ::sql::SQLException& error) {
    fail(error.getErrorCode(), error.what());
  }
}

Rows Connection::query(std::string_view statement) {
  require_ready();
  try {
    const std::unique_ptr<::sql::ResultSet> result(
        statement_->executeQuery(::sql::SQLString(statement.data(), statement.size())));
    return read(*result);
  } catch (const ::sql::SQLException& error) {
    fail(error.getErrorCode(), error.what());
  }
}

std::vector<Rows> Connection::query_all(const std::vector<std::string>& statements) {
  std::size_t answered = 0;
  return run(statements, answered);
}

std::vector<Rows> Connection::run(const std::vector<std::string>& statements, std::size_t& answered) {
  require_ready();
  std::size_t length = 0;
  for (const std::string& statement : statements) length += statement.size() + 1;
  std::string packet;
  packet.reserve(length);
  for (const std::string& statement : statements) {
    if (!packet.empty()) packet += ';';
    packet += statement;
  }
  std::vector<Rows> results;
  results.reserve(statements.size());
  try {
    bool has_rows = statement_->execute(::sql::SQLString(packet.data(), packet.size()));
    while (true) {
      if (has_rows) {
        const std::unique_ptr<::sql::ResultSet> result(statement_->getResultSet());
        results.push_back(read(*result));
      } else {
        results.emplace_back(0, std::vector<std::optional<std::string>>());
      }
      if (++answered == statements.size()) return results;
      if (statements.back() == commit_statement()) ZL_CRASH_POINT("ledger.commit_under_way");
      has_rows = statement_->getMoreResults();
    }
  } catch (const ::sql::SQLException& error) {
    fail(error.getErrorCode(), error.what());
  }
}

void Connection::begin() {
  base::invariant(!in_transaction_, "a session has one transaction at a time");
  // Without autocommit the first statement begins it.
  if (autocommit_) execute("BEGIN");
  in_transaction_ = true;
}

// Never the connector's commit(): it swallows errors.
void Connection::commit(std::vector<std::string> statements) {
  const std::size_t before = statements.size();
  statements.emplace_back(commit_statement());
  std::size_t answered = 0;
  try {
    run(statements, answered);
  } catch (const SqlError& error) {
    // The server runs nothing of a packet after a statement that it says has failed, nor one that never was complete.
    const bool unsent = answered == 0 && error.code() == not_sent;
    if (unsent || (answered < before && error.fault() != SqlFault::lost)) throw;
    in_transaction_ = false;
    usable_ = false;
    throw;
  }
  in_transaction_ = false;
}

void Connection::roll_back() noexcept {
  in_transaction_ = false;
  must_roll_back_ = false;
  if (!usable_) return;
  try {
    execute("ROLLBACK");
  } catch (const SqlError&) {
    usable_ = false;
  }
}

Transaction::Transaction(Connection& connection) : connection_(connection) {
  connection_.begin();
}

Transaction::~Transaction() {
  if (open_) connection_.roll_back();
}

void Transaction::commit() {
  base::invariant(open_, "a transaction is committed once");
  try {
    connection_.commit(std::move(last_));
    open_ = false;
  } catch (const SqlError&) {
    open_ = connection_.in_transaction_;
    throw;
  }
}

}  // namespace zl::mysql
