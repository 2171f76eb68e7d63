// Migrations on a real MariaDB: once each, under a lock, resumable, and never backwards.
#include "store/mysql/migrations.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <thread>

#include "mysql_owner.hpp"
#include "runtime/random_device.hpp"
#include "runtime/system_clock.hpp"
#include "store/mysql/migration_files.hpp"
#include "store/mysql/sql.hpp"
#include "support/servers.hpp"

namespace zl::test {
namespace {

using mysql::MigrationError;
using Files = std::vector<base::EmbeddedFile>;

class MigrationsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    mysql::init_driver();
    servers = std::make_unique<PrivateServers>();
  }
  static void TearDownTestSuite() { servers.reset(); }

  /// Every test has an empty database.
  void SetUp() override {
    mysql::Connection connection(config("zhonglou_migrate", servers->migrate_password()));
    connection.execute("DROP DATABASE zhonglou");
    connection.execute("CREATE DATABASE zhonglou CHARACTER SET utf8mb4");
  }

  static mysql::ConnectionConfig config(const std::string& user, const std::string& password) {
    mysql::ConnectionConfig made;
    made.address = "unix://" + servers->mysql_socket();
    made.user = user;
    made.password = password;
    made.database = "zhonglou";
    return mysql::for_migrations(made);
  }
  static mysql::Connection migrator() {
    return mysql::Connection(config("zhonglou_migrate", servers->migrate_password()));
  }

  void run(std::span<const base::EmbeddedFile> files, const mysql::ServingAccount& serving = {}) {
    mysql::Connection connection = migrator();
    mysql::migrate(connection, files, serving, clock_, random_);
  }
  std::string error_of(const Files& files) {
    try {
      run(files);
    } catch (const MigrationError& error) {
      return error.what();
    }
    return "";
  }

  static constexpr base::EmbeddedFile core{"0001_core.sql",
                                           "CREATE TABLE settings (name VARCHAR(64) PRIMARY KEY, value VARBINARY(255));"
                                           "CREATE TABLE a (id INT PRIMARY KEY);"};
  static constexpr base::EmbeddedFile more{"0002_more.sql", "CREATE TABLE b (id INT); INSERT INTO b VALUES (1);"};
  inline static std::unique_ptr<PrivateServers> servers;
  runtime::SystemClock clock_;
  runtime::SystemRandom random_;
};

TEST_F(MigrationsTest, MakeADatabaseThatTheServerStartsOn) {
  run(mysql::migration_files(), {"zhonglou_serve", "localhost"});
  mysql::Connection serving(config("zhonglou_serve", servers->serve_password()));
  EXPECT_EQ(mysql::check_schema(serving, mysql::migration_files()), std::vector<std::string>{});
  EXPECT_EQ(mysql::booking_id_secret(serving).size(), 32U);
}

TEST_F(MigrationsTest, ChangeNothingTheSecondTime) {
  run(mysql::migration_files());
  mysql::Connection connection = migrator();
  const std::string secret = mysql::booking_id_secret(connection);
  run(mysql::migration_files());
  EXPECT_EQ(mysql::booking_id_secret(connection), secret);
}

TEST_F(MigrationsTest, ApplyOnlyWhatIsNew) {
  run(Files{core});
  run(Files{core, more});
  run(Files{core, more});
  mysql::Connection connection = migrator();
  EXPECT_EQ(connection.query("SELECT COUNT(*) FROM b").front().u64(0), 1U);
}

TEST_F(MigrationsTest, GrantTheServingAccountNoChangeOfTheAudit) {
  run(mysql::migration_files(), {"zhonglou_serve", "localhost"});
  mysql::Connection serving(config("zhonglou_serve", servers->serve_password()));
  serving.query("SELECT COUNT(*) FROM audit");
  serving.execute("UPDATE users SET nickname = ''");
  static constexpr int denied = 1142;
  for (const char* const statement : {"UPDATE audit SET detail = ''", "DELETE FROM audit", "DROP TABLE bookings",
                                      "UPDATE schema_migrations SET version = 2"}) {
    try {
      serving.execute(statement);
      ADD_FAILURE() << statement;
    } catch (const mysql::SqlError& error) {
      EXPECT_EQ(error.code(), denied) << statement;
    }
  }
}

TEST_F(MigrationsTest, RefuseAFileThatHasChangedSinceItWasApplied) {
  run(Files{core});
  EXPECT_EQ(error_of({{core.name, "CREATE TABLE other (id INT);"}}),
            "0001_core.sql has changed since it was applied to this database");
}

TEST_F(MigrationsTest, RefuseADatabaseOfANewerVersion) {
  run(Files{core, more});
  const std::string sentence = "the database is of version 2, newer than this program, which knows versions up to 1";
  EXPECT_EQ(error_of({core}), sentence);
  mysql::Connection connection = migrator();
  EXPECT_EQ(mysql::check_schema(connection, Files{core}), std::vector{sentence});
}

TEST_F(MigrationsTest, TellOfADatabaseThatIsEmptyOrOlder) {
  mysql::Connection connection = migrator();
  EXPECT_EQ(mysql::check_schema(connection, Files{core}),
            std::vector<std::string>{"the database is empty: run zhonglou migrate"});
  run(Files{core});
  EXPECT_EQ(mysql::check_schema(connection, Files{core, more}),
            std::vector<std::string>{"the database is older than this program: run zhonglou migrate"});
}

TEST_F(MigrationsTest, TellOfSettingsThatLoseBookings) {
  run(Files{core});
  mysql::Connection root(config(owner_of_mysql(), ""));
  root.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 2");
  root.execute("SET GLOBAL sql_mode = ''");
  mysql::Connection connection = migrator();
  EXPECT_EQ(mysql::check_schema(connection, Files{core}).size(), 2U);
  root.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1");
  root.execute("SET GLOBAL sql_mode = 'STRICT_TRANS_TABLES'");
  EXPECT_TRUE(mysql::check_schema(connection, Files{core}).empty());
}

TEST_F(MigrationsTest, RefuseNumbersWithAGap) {
  EXPECT_EQ(error_of({core, {"0003_late.sql", ""}}),
            "migrations are numbered from 1 without a gap, but there is 0003_late.sql");
}

TEST_F(MigrationsTest, NameTheStatementThatFailsAndGoOnThereOnceItCanSucceed) {
  const base::EmbeddedFile needs_b{"0002_needs_b.sql",
                                   "CREATE TABLE c (id INT); INSERT INTO b VALUES (1); INSERT INTO c VALUES (1);"};
  EXPECT_TRUE(error_of({core, needs_b}).starts_with("0002_needs_b.sql, statement 2: "));
  mysql::Connection connection = migrator();
  connection.execute("CREATE TABLE b (id INT)");
  run(Files{core, needs_b});
  EXPECT_EQ(connection.query("SELECT COUNT(*) FROM c").front().u64(0), 1U);
}

TEST_F(MigrationsTest, GoOnWhereARunEndedBetweenAStatementAndItsCount) {
  run(Files{core});
  mysql::Connection connection = migrator();
  connection.execute("UPDATE schema_migrations SET statements_done = 1, finished = 0");
  EXPECT_EQ(mysql::check_schema(connection, Files{core}).size(), 1U);
  run(Files{core});
  EXPECT_TRUE(mysql::check_schema(connection, Files{core}).empty());
}

TEST_F(MigrationsTest, SeveralAtOnceTakeTurns) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) threads.emplace_back([this] { run(mysql::migration_files()); });
  for (std::thread& thread : threads) thread.join();
  mysql::Connection connection = migrator();
  EXPECT_TRUE(mysql::check_schema(connection, mysql::migration_files()).empty());
}

TEST_F(MigrationsTest, TakeNoAccountNameThatCouldEndItsQuotes) {
  EXPECT_THROW(run(Files{core}, {"a` TO `b", "localhost"}), MigrationError);
}

}  // namespace
}  // namespace zl::test
