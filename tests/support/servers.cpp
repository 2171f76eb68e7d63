#include "support/servers.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace zl::test {
namespace {

using std::filesystem::path;

constexpr std::chrono::seconds start_timeout{60};
constexpr std::chrono::milliseconds poll_interval{10};

[[noreturn]] void fail_with_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

path folder_from_environment(const char* variable) {
  const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): nothing here changes the environment
  if (value == nullptr) {
    throw std::runtime_error(std::string(variable) + " is not set: run the test through ctest (scripts/test)");
  }
  return value;
}

/// A new folder with a short path, as unix sockets in it need.
path temporary_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "zl-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) fail_with_errno("mkdtemp");
  return name;
}

std::string text_of(const path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file(const path& file, std::string_view text) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

/// The rest of the line of `file` that begins with `start`, waiting for it; throws when the process ends without.
std::string line_after(Process& process, const path& file, std::string_view start, std::string_view who) {
  const auto deadline = std::chrono::steady_clock::now() + start_timeout;
  while (true) {
    const bool ended = !process.running();  // asked first: what an ended process has written is all there
    std::ifstream in(file);
    for (std::string line; std::getline(in, line) && !in.eof();) {
      if (line.starts_with(start)) return line.substr(start.size());
    }
    if (ended) throw std::runtime_error(std::string(who) + " ended while starting");
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error(std::string(who) + " was not ready in time");
    std::this_thread::sleep_for(poll_interval);
  }
}

/// Only what is safe between fork and exec in a process with threads.
[[noreturn]] void become(char* const* command, int input, int out, int err) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::dup2(input, STDIN_FILENO);
  if (out >= 0) ::dup2(out, STDOUT_FILENO);
  if (err >= 0) ::dup2(err, STDERR_FILENO);
  ::execvp(command[0], command);
  ::_exit(127);
}

int open_for_append(const path& file) {
  if (file.empty()) return -1;
  const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (opened < 0) fail_with_errno(file.c_str());
  return opened;
}

void close_if_open(int descriptor) {
  if (descriptor >= 0) ::close(descriptor);
}

std::string script() {
  return (source_dir() / "scripts/servers").string();
}

std::string zhonglou() {
  return (binary_dir() / "zhonglou").string();
}

std::string name_of(Store store) {
  switch (store) {
    case Store::redis:
      return "redis";
    case Store::mariadb:
      return "mariadb";
  }
  std::abort();
}

void run(const std::vector<std::string>& command) {
  if (const int status = Process(command).wait(); status != 0) {
    throw std::runtime_error(fmt::format("{} ended with status {}", fmt::join(command, " "), status));
  }
}

constexpr std::string_view config_template = R"([http]
address = "127.0.0.1"
port = 0
io_threads = 2
[metrics]
port = 0
[redis]
unix_socket = "{folder}/redis.sock"
[mysql]
unix_socket = "{folder}/mysql.sock"
password_file = "{folder}/secrets/mysql_serve_password"
[mysql_migrate]
password_file = "{folder}/secrets/mysql_migrate_password"
[auth]
dev_login = true
token_key_file = "{folder}/secrets/token_key"
[log]
format = "text"
)";

/// Writes the settings that every test server has; the file's path.
path write_config(const PrivateServers& servers) {
  const path token_key = servers.folder() / "secrets/token_key";
  if (!std::filesystem::exists(token_key)) write_file(token_key, std::string(64, '5'));
  path config = servers.folder() / "zhonglou.toml";
  write_file(config, fmt::format(config_template, fmt::arg("folder", servers.folder().string())));
  return config;
}

std::vector<std::string> serve_command(const PrivateServers& servers, const Overrides& overrides) {
  std::vector<std::string> command{zhonglou(), "serve", "--config", write_config(servers).string()};
  for (const auto& [key, value] : overrides) {
    command.emplace_back("--set");
    command.push_back(key + "=" + value);
  }
  return command;
}

Process::Output new_output(const path& folder) {
  static std::atomic<int> count = 0;
  const int number = count++;
  return {folder / fmt::format("server{}.out", number), folder / fmt::format("server{}.log", number)};
}

}  // namespace

path source_dir() {
  return folder_from_environment("ZL_SOURCE_DIR");
}

path binary_dir() {
  return folder_from_environment("ZL_BINARY_DIR");
}

// ---- Process ----

Process::Process(const std::vector<std::string>& command, const Output& output) {
  std::vector<char*> words;
  words.reserve(command.size() + 1);
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));  // execvp's old signature
  words.push_back(nullptr);

  int input[2];
  if (::pipe2(input, O_CLOEXEC) != 0) fail_with_errno("pipe2");
  const int out = open_for_append(output.out);
  const int err = open_for_append(output.err);
  pid_ = ::fork();
  if (pid_ == 0) become(words.data(), input[0], out, err);
  const int error = errno;
  ::close(input[0]);
  close_if_open(out);
  close_if_open(err);
  input_ = input[1];
  if (pid_ < 0) throw std::system_error(error, std::generic_category(), "fork");
}

Process::~Process() {
  if (running()) kill();
  close_if_open(input_);
}

bool Process::running() {
  if (status_ >= 0) return false;
  int raw = 0;
  if (::waitpid(pid_, &raw, WNOHANG) != pid_) return true;
  status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return false;
}

void Process::send(int signal_number) {
  if (running()) ::kill(pid_, signal_number);
}

int Process::wait() {
  int raw = 0;
  while (status_ < 0) {
    if (::waitpid(pid_, &raw, 0) == pid_) {
      status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    } else if (errno != EINTR) {
      fail_with_errno("waitpid");
    }
  }
  return status_;
}

int Process::terminate() {
  send(SIGTERM);
  return wait();
}

void Process::kill() {
  send(SIGKILL);
  wait();
}

// ---- PrivateServers ----

PrivateServers::PrivateServers()
    : folder_(temporary_folder()),
      hold_({script(), "hold", "--small", folder_.string()}, {.out = folder_ / "hold.out", .err = {}}) {
  line_after(hold_, folder_ / "hold.out", "ready", "scripts/servers");
}

PrivateServers::~PrivateServers() {
  hold_.terminate();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string PrivateServers::redis_socket() const {
  return (folder_ / "redis.sock").string();
}

std::string PrivateServers::mysql_socket() const {
  return (folder_ / "mysql.sock").string();
}

std::string PrivateServers::migrate_password() const {
  return text_of(folder_ / "secrets/mysql_migrate_password");
}

std::string PrivateServers::serve_password() const {
  return text_of(folder_ / "secrets/mysql_serve_password");
}

void PrivateServers::start(Store store) {
  // Not a child of the test: scripts/servers ends with the folder's hold, which finds it by its pid file.
  run({script(), "start-" + name_of(store), "--small", folder_.string()});
}

void PrivateServers::stop(Store store) {
  run({script(), "stop-" + name_of(store), folder_.string()});
}

void PrivateServers::kill(Store store) {
  ::kill(pid_of(store), SIGKILL);
  stop(store);  // waits until it is gone
}

void PrivateServers::pause(Store store) {
  ::kill(pid_of(store), SIGSTOP);
}

void PrivateServers::resume(Store store) {
  ::kill(pid_of(store), SIGCONT);
}

pid_t PrivateServers::pid_of(Store store) const {
  const std::string text = text_of(folder_ / (name_of(store) + ".pid"));
  pid_t pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  if (pid <= 0) throw std::runtime_error(name_of(store) + " does not run");
  return pid;
}

// ---- the server ----

void migrate(const PrivateServers& servers) {
  run({zhonglou(), "migrate", "--config", write_config(servers).string()});
}

void create_admin(const PrivateServers& servers, std::string_view username, std::string_view password) {
  const path password_file = servers.folder() / "secrets/admin_password";
  write_file(password_file, password);
  run({zhonglou(), "admin", "create", "--config", write_config(servers).string(), "--username", std::string(username),
       "--role", "town_admin", "--password-file", password_file.string()});
}

ServerProcess::ServerProcess(const PrivateServers& servers, const Overrides& overrides)
    : output_(new_output(servers.folder())), process_(serve_command(servers, overrides), output_) {
  try {
    const std::string url = line_after(process_, output_.out, "ready ", "zhonglou serve");
    const std::size_t colon = url.rfind(':');
    std::from_chars(url.data() + colon + 1, url.data() + url.size(), port_);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(std::string(error.what()) + "; its log:\n" + log());
  }
}

std::string ServerProcess::url() const {
  return fmt::format("http://127.0.0.1:{}", port_);
}

std::string ServerProcess::log() const {
  return text_of(output_.err);
}

bool ServerProcess::has_sanitizer_report() const {
  const std::string text = log();
  return text.find("Sanitizer:") != std::string::npos || text.find("runtime error:") != std::string::npos;
}

void ServerProcess::pause() {
  process_.send(SIGSTOP);
}

void ServerProcess::resume() {
  process_.send(SIGCONT);
}

}  // namespace zl::test
