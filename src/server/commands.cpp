#include "server/commands.hpp"

#include <exception>
#include <iostream>

#include "domain/validation.hpp"
#include "runtime/log.hpp"
#include "runtime/password.hpp"
#include "runtime/run_on.hpp"
#include "runtime/signals.hpp"
#include "server/password_input.hpp"
#include "server/services.hpp"
#include "store/mysql/connection.hpp"
#include "store/mysql/migration_files.hpp"
#include "store/mysql/migrations.hpp"

namespace zl::server {
namespace {

/// Runs a command; what it throws becomes a sentence on standard error.
template <class F>
int guarded(F command) {
  try {
    return command();
  } catch (const mysql::SqlError& error) {
    std::cerr << "zhonglou: MySQL error " << error.code() << ": " << error.what() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "zhonglou: " << error.what() << '\n';
  }
  return 1;
}

/// Sees to it that the log's last lines are written.
class Log {
 public:
  explicit Log(const runtime::LogConfig& config) { runtime::log::init(config); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log() { runtime::log::shutdown(); }
};

int create_account(const Config& config, const AdminCreate& wanted, const std::string& password) {
  mysql::init_driver();
  const runtime::SystemClock clock;
  runtime::SystemRandom random;
  runtime::Metrics metrics;
  runtime::Loops loops(1);
  MysqlSide mysql(config.mysql, clock, random, metrics);
  loops.start();

  domain::Account account;
  account.id = random.next_id<base::AccountId>();
  account.username = wanted.username;
  account.role = wanted.role;
  account.station_id = wanted.station_id;
  const app::AccountWithHash row{account, runtime::hash_password(password, random)};
  const app::Actor actor{account.id, "system", "", ""};
  const auto created = runtime::run_on(loops, 0, mysql.accounts().create(row, actor, std::nullopt));
  mysql.stop();
  loops.stop();
  loops.join();

  if (created) {
    std::cout << "created " << wanted.username << '\n';
    return 0;
  }
  const bool taken = created.is_refused() && created.refused().code == base::Code::invalid_state;
  if (taken && wanted.if_missing) {
    std::cout << wanted.username << " exists\n";
    return 0;
  }
  std::cerr << "zhonglou: "
            << (taken                  ? "the user name " + wanted.username + " is taken"
                : created.is_refused() ? created.refused().detail
                                       : "MySQL did not say whether the account was created")
            << '\n';
  return 1;
}

}  // namespace

int serve(const Config& config) {
  return guarded([&config] {
    runtime::hold_stop_signals();
    mysql::init_driver();
    const Log log(config.log);
    Services services(config);
    services.start();
    std::cout << "ready " << services.url() << std::endl;
    runtime::log::info("ready", {{"url", services.url()}, {"version", version}});
    const char* signal = runtime::wait_for_stop();
    runtime::log::info("stopping", {{"signal", signal}});
    services.stop();
    return 0;
  });
}

int migrate(const Config& config) {
  return guarded([&config] {
    mysql::init_driver();
    const Log log(config.log);
    mysql::ConnectionConfig connection_settings = connection_config(config.mysql);
    connection_settings.user = config.mysql_migrate.user;
    connection_settings.password = config.mysql_migrate.password;
    mysql::Connection connection(mysql::for_migrations(connection_settings));
    const mysql::ServingAccount serving{config.mysql.user == config.mysql_migrate.user ? "" : config.mysql.user,
                                        "localhost"};
    const runtime::SystemClock clock;
    runtime::SystemRandom random;
    mysql::migrate(connection, mysql::migration_files(), serving, clock, random);
    std::cout << "the database is up to date\n";
    return 0;
  });
}

int create_admin(const Config& config, const AdminCreate& wanted) {
  return guarded([&] {
    std::string why;
    const std::optional<std::string> password = read_password(wanted.password_file, std::cin, why);
    if (!password) {
      std::cerr << "zhonglou: " << why << '\n';
      return 1;
    }
    const domain::Faults faults = domain::check_password(*password);
    if (!faults.empty()) {
      std::cerr << "zhonglou: " << faults.front().detail << " (" << faults.front().limit << ")\n";
      return 1;
    }
    const Log log(config.log);
    return create_account(config, wanted, *password);
  });
}

}  // namespace zl::server
