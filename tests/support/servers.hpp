// Private stores and server processes for C++ tests, through the same scripts/servers that people use.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zl::test {

/// The source tree and the folder of the programs under test: ZL_SOURCE_DIR and ZL_BINARY_DIR, which ctest sets.
/// Throw std::runtime_error where they are missing.
std::filesystem::path source_dir();
std::filesystem::path binary_dir();

/// A process that ends with its owner: by the destructor, or by the kernel when the thread that started it ends. So it
/// is to be started by a thread that outlives it, as a rule the test's own.
class Process {
 public:
  /// Where standard output and error go; the same file may be given for both. Empty: the test's own.
  struct Output {
    std::filesystem::path out;
    std::filesystem::path err;
  };

  /// Starts `command` (its first word is the program). Throws std::system_error.
  explicit Process(const std::vector<std::string>& command, const Output& output = {});
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }
  bool running();
  void send(int signal_number);

  /// Waits for the end; the exit status, or 128 + the signal's number. Callable again.
  int wait();

  /// SIGTERM, then wait().
  int terminate();
  /// SIGKILL, then wait().
  void kill();

 private:
  pid_t pid_ = -1;
  int input_ = -1;  // the process's standard input, a pipe that closes when the test ends in any way
  int status_ = -1;
};

enum class Store { redis = 1, mariadb };

/// A Redis and a MariaDB of this test's own, in a temporary folder that goes with it. Both run when this is made.
class PrivateServers {
 public:
  /// Throws std::runtime_error where a server does not start; the reason stands in the test's output.
  PrivateServers();
  PrivateServers(const PrivateServers&) = delete;
  PrivateServers& operator=(const PrivateServers&) = delete;
  ~PrivateServers();

  const std::filesystem::path& folder() const { return folder_; }
  std::string redis_socket() const;
  std::string mysql_socket() const;
  /// Password of zhonglou_migrate, who may change the schema of the database `zhonglou`.
  std::string migrate_password() const;
  /// Password of zhonglou_serve, who may do what the migrations grant.
  std::string serve_password() const;

  /// Starts a store that was stopped or killed, on the data that it left; returns when it answers.
  void start(Store store);
  /// Ends a store in order.
  void stop(Store store);
  /// Ends a store as a crash would.
  void kill(Store store);
  /// A store that is alive and says nothing, until resume().
  void pause(Store store);
  void resume(Store store);

 private:
  pid_t pid_of(Store store) const;

  std::filesystem::path folder_;
  Process hold_;
};

/// Settings on top of those that a test server needs: {"http.io_threads", "1"}.
using Overrides = std::vector<std::pair<std::string, std::string>>;

/// Runs `zhonglou migrate` on the stores. Throws std::runtime_error where it fails.
void migrate(const PrivateServers& servers);

/// Makes a town admin, with `zhonglou admin create`. Throws std::runtime_error where it fails.
void create_admin(const PrivateServers& servers, std::string_view username, std::string_view password);

/// A `zhonglou serve` on a free port of 127.0.0.1 and the given stores, which have to be migrated.
class ServerProcess {
 public:
  /// Returns when the server has printed its ready line. Throws std::runtime_error with its log where it doesn't.
  explicit ServerProcess(const PrivateServers& servers, const Overrides& overrides = {});

  unsigned short port() const { return port_; }
  std::string url() const;
  pid_t pid() const { return process_.pid(); }

  /// What the server has written to standard error so far.
  std::string log() const;
  /// True where a sanitizer has complained in the log.
  bool has_sanitizer_report() const;

  void kill() { process_.kill(); }
  void pause();
  void resume();
  bool running() { return process_.running(); }
  /// SIGTERM; the exit status, which is 0 after an orderly drain.
  int terminate() { return process_.terminate(); }

 private:
  Process::Output output_;
  Process process_;
  unsigned short port_ = 0;
};

}  // namespace zl::test
