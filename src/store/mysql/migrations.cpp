#include "store/mysql/migrations.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "runtime/log.hpp"
#include "runtime/sha256.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

constexpr int lock_wait_s = 60;

// statements_done counts up while a file is applied: changes of a schema can't be rolled back.
constexpr std::string_view create_table =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    "version INT NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL, checksum BINARY(32) NOT NULL, "
    "statements_done INT NOT NULL, finished TINYINT NOT NULL, applied_at BIGINT NOT NULL"
    ") ENGINE=InnoDB COMMENT='which files under migrations/ this database has seen'";

struct Migration {
  int version = 0;
  std::string name;
  std::string_view text;
  runtime::Digest checksum{};
};

struct Applied {
  int version = 0;
  std::string checksum;
  std::size_t statements_done = 0;
  bool finished = false;
};

std::vector<Migration> numbered(std::span<const base::EmbeddedFile> files) {
  std::vector<Migration> migrations;
  for (const base::EmbeddedFile& file : files) {
    Migration migration{0, std::string(file.name), file.text, runtime::sha256(file.text)};
    std::from_chars(file.name.data(), file.name.data() + file.name.size(), migration.version);
    if (migration.version != static_cast<int>(migrations.size()) + 1) {
      throw MigrationError("migrations are numbered from 1 without a gap, but there is " + migration.name);
    }
    migrations.push_back(std::move(migration));
  }
  return migrations;
}

std::vector<Applied> read_applied(Connection& connection) {
  std::vector<Applied> applied;
  for (const Row row : connection.query(
           "SELECT version, checksum, statements_done, finished FROM schema_migrations ORDER BY version")) {
    applied.push_back({row.integer(0), row.text(1), static_cast<std::size_t>(row.u64(2)), row.flag(3)});
  }
  return applied;
}

/// GET_LOCK for as long as it lives; the end of the session frees it too.
class MigrationLock {
 public:
  explicit MigrationLock(Connection& connection) : connection_(connection) {
    const Rows rows = connection.query(sql("SELECT GET_LOCK(CONCAT(DATABASE(), '_migrations'), ?)", lock_wait_s));
    if (rows.front().is_null(0) || rows.front().u64(0) != 1) {
      throw MigrationError("another migration of this database has been running for a minute");
    }
  }
  MigrationLock(const MigrationLock&) = delete;
  MigrationLock& operator=(const MigrationLock&) = delete;
  ~MigrationLock() {
    try {
      connection_.query("SELECT RELEASE_LOCK(CONCAT(DATABASE(), '_migrations'))");
    } catch (const SqlError& error) {
      runtime::log::warning("migration_lock_not_released", {{"cause", error.what()}});
    }
  }

 private:
  Connection& connection_;
};

void check_applied(const std::vector<Migration>& migrations, const std::vector<Applied>& applied) {
  if (!applied.empty() && applied.back().version > static_cast<int>(migrations.size())) {
    throw MigrationError("the database is of version " + std::to_string(applied.back().version) +
                         ", newer than this program, which knows versions up to " + std::to_string(migrations.size()));
  }
  for (std::size_t i = 0; i < applied.size(); ++i) {
    if (applied[i].version != migrations[i].version || applied[i].checksum != runtime::view(migrations[i].checksum)) {
      throw MigrationError(migrations[i].name + " has changed since it was applied to this database");
    }
  }
}

/// True where a statement says that its effect is there already.
bool is_done_already(int code) {
  static constexpr std::array<int, 7> codes{
      1050,  // table exists
      1051,  // unknown table, in a DROP
      1060,  // column exists
      1061,  // index exists
      1062,  // row exists
      1091,  // nothing to drop
      1826,  // foreign key exists
  };
  return std::ranges::find(codes, code) != codes.end();
}

void apply(Connection& connection, const Migration& migration, std::size_t done, base::Instant now) {
  const std::vector<std::string> statements = split_statements(migration.text);
  if (done == 0) {
    connection.execute(
        sql("INSERT IGNORE INTO schema_migrations (version, name, checksum, statements_done, finished, applied_at) "
            "VALUES (?, ?, ?, 0, 0, ?)",
            migration.version, migration.name, migration.checksum, now));
  }
  const std::size_t resumed_at = done;
  for (; done < statements.size(); ++done) {
    try {
      connection.execute(statements[done]);
    } catch (const SqlError& error) {
      // The run before may have ended between a statement and its count.
      const bool counted_late = done == resumed_at && is_done_already(error.code());
      if (!counted_late) {
        throw MigrationError(migration.name + ", statement " + std::to_string(done + 1) + ": " + error.what());
      }
    }
    connection.execute(
        sql("UPDATE schema_migrations SET statements_done = ? WHERE version = ?", done + 1, migration.version));
  }
  connection.execute(
      sql("UPDATE schema_migrations SET finished = 1, applied_at = ? WHERE version = ?", now, migration.version));
  runtime::log::info("migration_applied", {{"name", migration.name}});
}

/// A name in a form that can't end its quotes.
std::string quoted_name(std::string_view name) {
  const bool plain = !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == '%' || c == ':';
  });
  if (!plain) throw MigrationError("an account's user and host are of letters, digits and _-.%: only");
  std::string quoted = "`";
  quoted += name;
  quoted += '`';
  return quoted;
}

std::string_view rights_on(std::string_view table) {
  if (table == "schema_migrations") return "SELECT";
  if (table == "audit" || table == "audit_seals") return "SELECT, INSERT";
  return "SELECT, INSERT, UPDATE, DELETE";
}

void grant(Connection& connection, const ServingAccount& serving) {
  const std::string account = quoted_name(serving.user) + "@" + quoted_name(serving.host);
  const Rows tables = connection.query(
      "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'");
  for (const Row row : tables) {
    const std::string& table = row.text(0);
    std::string statement = "GRANT ";
    statement += rights_on(table);
    statement += " ON " + quoted_name(table) + " TO " + account;
    connection.execute(statement);
  }
}

void make_secrets(Connection& connection, base::Random& random) {
  std::array<std::uint8_t, 32> secret{};
  random.fill(secret);
  connection.execute(sql("INSERT IGNORE INTO settings (name, value) VALUES ('booking_id_secret', ?)", secret));
}

}  // namespace

ConnectionConfig for_migrations(ConnectionConfig config) {
  config.autocommit = true;
  config.io_timeout_s = 3600;
  config.statement_timeout_s = 0;
  config.lock_wait_timeout_s = 60;
  config.idle_timeout_s = 3600;
  return config;
}

void migrate(Connection& connection, std::span<const base::EmbeddedFile> files, const ServingAccount& serving,
             const base::Clock& clock, base::Random& random) {
  const std::vector<Migration> migrations = numbered(files);
  const MigrationLock lock(connection);
  connection.execute(create_table);
  const std::vector<Applied> applied = read_applied(connection);
  check_applied(migrations, applied);
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    if (i < applied.size() && applied[i].finished) continue;
    apply(connection, migrations[i], i < applied.size() ? applied[i].statements_done : 0, clock.wall_now());
  }
  make_secrets(connection, random);
  if (!serving.user.empty()) grant(connection, serving);
}

std::string booking_id_secret(Connection& connection) {
  const Rows rows = connection.query("SELECT value FROM settings WHERE name = 'booking_id_secret'");
  if (rows.empty()) throw MigrationError("the database has no booking_id_secret: run zhonglou migrate");
  return rows.front().text(0);
}

std::vector<std::string> check_schema(Connection& connection, std::span<const base::EmbeddedFile> files) {
  std::vector<std::string> faults;
  try {
    const std::vector<Migration> migrations = numbered(files);
    const std::vector<Applied> applied = read_applied(connection);
    check_applied(migrations, applied);
    if (applied.size() < migrations.size() || !applied.back().finished) {
      faults.push_back("the database is older than this program: run zhonglou migrate");
    }
  } catch (const MigrationError& error) {
    faults.emplace_back(error.what());
  } catch (const SqlError& error) {
    static constexpr int no_such_table = 1146;
    static constexpr int denied = 1142;  // what an account without rights is told of a missing table
    if (error.code() != no_such_table && error.code() != denied) throw;
    faults.emplace_back("the database is empty: run zhonglou migrate");
  }
  const Rows settings = connection.query("SELECT @@GLOBAL.innodb_flush_log_at_trx_commit, @@GLOBAL.sql_mode");
  if (settings.front().u64(0) != 1) {
    faults.emplace_back(
        "innodb_flush_log_at_trx_commit must be 1, or a crash loses bookings that clients were told of");
  }
  const std::string& mode = settings.front().text(1);
  if (mode.find("STRICT_TRANS_TABLES") == std::string::npos && mode.find("STRICT_ALL_TABLES") == std::string::npos) {
    faults.emplace_back("sql_mode must hold STRICT_TRANS_TABLES, or the server cuts values that don't fit");
  }
  return faults;
}

std::vector<std::string> split_statements(std::string_view text) {
  std::vector<std::string> statements;
  std::string statement;
  const auto finish = [&] {
    const auto start = statement.find_first_not_of(" \t\r\n");
    if (start != std::string::npos) {
      statement.erase(0, start);
      statement.erase(statement.find_last_not_of(" \t\r\n") + 1);
      statements.push_back(std::move(statement));
    }
    statement.clear();
  };
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != '\0') {
      // A doubled quote closes and opens again, which comes to the same.
      if (c == quote) quote = '\0';
    } else if (c == '\'' || c == '"' || c == '`') {
      quote = c;
    } else if (text.substr(i, 3) == "-- ") {
      i = std::min(text.find('\n', i), text.size() - 1);
      statement += '\n';
      continue;
    } else if (c == ';') {
      finish();
      continue;
    }
    statement += c;
  }
  finish();
  return statements;
}

}  // namespace zl::mysql
