// One session with MySQL or MariaDB, for one thread, and its errors by what they mean to the caller. Hides the
// connector.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/mysql/rows.hpp"

namespace sql {
class Connection;
class Statement;
}  // namespace sql

namespace zl::mysql {

/// Makes the connector's driver. Called once in main, before any thread: raced, it hands out different drivers.
void init_driver();

struct ConnectionConfig {
  std::string address;  ///< "unix:///path/to/mysql.sock" or "tcp://host:3306"
  std::string user;
  std::string password;
  std::string database;
  bool autocommit = true;     ///< false for the writers: every statement is in a transaction, come what may
  bool packets = false;       ///< true for the writers: several statements go in one packet
  int connect_timeout_s = 2;  ///< longer: a dead host holds a thread for longer
  int io_timeout_s = 10;  ///< for one read or write on the link; above statement_timeout_s, so that a statement that
                          ///< we gave up on has ended in the server too
  int statement_timeout_s = 5;  ///< the server ends a statement that runs longer (MySQL: SELECT only); 0 is no limit
  int lock_wait_timeout_s = 3;  ///< for one row lock
  int idle_timeout_s = 10;  ///< the server ends a session idle that long, and with it the locks of a stalled process
};

/// What an error of a statement means. Only `duplicate` and `constraint` leave the transaction usable.
enum class SqlFault {
  duplicate = 1,  ///< 1062: the statement had no effect
  constraint,     ///< a CHECK or a foreign key said no: the statement had no effect
  deadlock,       ///< 1213: the transaction is rolled back
  lock_timeout,   ///< 1205: the statement is rolled back, the transaction is open
  statement_timeout,
  lost,        ///< the session is gone, or could not be made; what was sent last is unknown
  unwritable,  ///< read-only or out of space
  other,       ///< a bug of ours, or a schema that is not ours
};

class SqlError : public std::runtime_error {
 public:
  SqlError(int code, SqlFault fault, const std::string& what) : std::runtime_error(what), code_(code), fault_(fault) {}
  int code() const { return code_; }
  SqlFault fault() const { return fault_; }

 private:
  int code_;
  SqlFault fault_;
};

/// What the server's or the client library's error number means.
SqlFault fault_of(int code);

/// A session at READ COMMITTED in strict mode. Every function throws SqlError. After an error that leaves no usable
/// transaction the session takes nothing but a roll-back, so that no later statement can commit by itself.
class Connection {
 public:
  explicit Connection(const ConnectionConfig& config);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Rows that the statement touched; for UPDATE those that it changed.
  std::uint64_t execute(std::string_view statement);
  Rows query(std::string_view statement);

  /// Statements in one packet, and the rows of each; none after one that fails is run.
  std::vector<Rows> query_all(const std::vector<std::string>& statements);

  /// The server's number of this session, for KILL.
  std::uint64_t id() const { return id_; }
  bool is_mariadb() const { return mariadb_; }
  /// False when nothing may be sent any more: drop it.
  bool usable() const { return usable_; }
  /// Seconds without a word that are safe before the server ends the session.
  int idle_limit_s() const { return idle_limit_s_; }

 private:
  friend class Transaction;

  void set_up(const ConnectionConfig& config);
  std::string_view commit_statement() const;
  void require_ready() const;
  [[noreturn]] void fail(int code, const std::string& what);
  void begin();
  void commit(std::vector<std::string> statements);
  std::vector<Rows> run(const std::vector<std::string>& statements, std::size_t& answered);
  void roll_back() noexcept;

  std::unique_ptr<sql::Connection> connection_;
  std::unique_ptr<sql::Statement> statement_;
  std::uint64_t id_ = 0;
  std::uint64_t session_ = 0;
  int idle_limit_s_ = 0;
  bool mariadb_ = false;
  bool autocommit_ = true;
  bool in_transaction_ = false;
  bool must_roll_back_ = false;
  bool usable_ = true;
};

/// A transaction from here on. Dead once a COMMIT was sent, whatever came of it; otherwise the destructor rolls back,
/// and where that fails the session is not usable any more.
class Transaction {
 public:
  explicit Transaction(Connection& connection);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  std::uint64_t execute(std::string_view statement) { return connection_.execute(statement); }
  Rows query(std::string_view statement) { return connection_.query(statement); }
  std::vector<Rows> query_all(const std::vector<std::string>& statements) { return connection_.query_all(statements); }

  /// Adds a statement that goes in the packet of the COMMIT; not on a connection without `packets`.
  void execute_last(std::string statement) { last_.push_back(std::move(statement)); }

  /// The number of its session, which no other of this process ever has.
  std::uint64_t session() const { return connection_.session_; }

  /// An SqlError from here means that one of the last statements failed and nothing is committed, where open() is still
  /// true; otherwise that the outcome is unknown, and then the session is not usable any more.
  void commit();
  bool open() const { return open_; }

 private:
  Connection& connection_;
  std::vector<std::string> last_;
  bool open_ = true;
};

}  // namespace zl::mysql
