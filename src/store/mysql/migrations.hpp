// The schema's versions: numbered SQL files that were built into the program, applied once each, in order, under a
// lock.
#pragma once

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/embedded.hpp"
#include "base/random.hpp"
#include "store/mysql/connection.hpp"

namespace zl::mysql {

/// A sentence for the person who runs the migration.
class MigrationError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The account that serves; it is granted what it needs, table by table. Empty user: no grants (it is the one that
/// migrates).
struct ServingAccount {
  std::string user;
  std::string host = "localhost";
};

/// `config` with the patience that changes of a schema need.
ConnectionConfig for_migrations(ConnectionConfig config);

/// Brings the database to the newest of the files ("0001_core.sql", …), grants, and makes the secrets that live in it.
/// Callable again, and by several at once: the second waits. A run that was broken off goes on after the last finished
/// statement. Throws MigrationError where the database is of a newer version, where an applied file has changed, where
/// another run holds the lock for a minute, or where a file's statement fails; SqlError where MySQL can't be reached.
void migrate(Connection& connection, std::span<const base::EmbeddedFile> files, const ServingAccount& serving,
             const base::Clock& clock, base::Random& random);

/// Nothing where the server may start on this database; else a sentence for each fault: another version than the
/// files', innodb_flush_log_at_trx_commit other than 1, no strict mode.
std::vector<std::string> check_schema(Connection& connection, std::span<const base::EmbeddedFile> files);

/// The secret of booking ids, made by migrate() and never changed. Throws MigrationError where there is none.
std::string booking_id_secret(Connection& connection);

/// The statements of a file, without their comments of whole lines; a semicolon in a literal doesn't end one.
std::vector<std::string> split_statements(std::string_view text);

}  // namespace zl::mysql
