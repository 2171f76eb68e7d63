// zhonglou-closed-loop: connections that send their next request as soon as they have the answer to the last. One
// thread, epoll, nothing between an answer and the next request but looking where it ends: on two cores, what the load
// takes is missing to who is measured.
//   zhonglou-closed-loop --port P --connections N --seconds S --start K KIND FILE [SECOND]
// Prints one line of JSON at the end. KIND and its files are those of requests.hpp; K is how many requests earlier runs
// have sent: nothing is sent twice.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "closed_loop/answers.hpp"
#include "closed_loop/requests.hpp"

namespace zl::closed_loop {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{10};  // a request without an answer for so long is broken

struct Options {
  std::uint16_t port = 0;
  std::size_t connections = 64;
  double seconds = 2;
  std::size_t start = 0;
  std::string kind;
  std::string file;
  std::string second;
};

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + std::system_category().message(errno));
}

int connected_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) fail("socket");
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(port);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0) fail("connect");
  return socket;
}

/// Ends with the process.
struct Connection {
  int socket = -1;
  Clock::time_point sent_at;
  Answers answers;
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        requests_(requests_of(options.kind, options.file, options.second)),
        set_(::epoll_create1(EPOLL_CLOEXEC)),
        connections_(options.connections),
        sent_(options.start) {
    if (set_ < 0) fail("epoll_create1");
    for (Connection& connection : connections_) {
      connection.socket = connected_to(options.port);
      epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = &connection}};
      if (::epoll_ctl(set_, EPOLL_CTL_ADD, connection.socket, &event) != 0) fail("epoll_ctl");
    }
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() {
    for (const Connection& connection : connections_) ::close(connection.socket);
    ::close(set_);
  }

  std::string run() {
    const Clock::time_point begun = Clock::now();
    const Clock::time_point end =
        begun + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.seconds));
    for (Connection& connection : connections_) send(connection, Clock::now());
    std::array<epoll_event, 128> events;
    while (Clock::now() < end) {
      const int count = ::epoll_wait(set_, events.data(), static_cast<int>(events.size()), 100);
      for (int i = 0; i < count; ++i) receive(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr));
    }
    const Clock::time_point now = Clock::now();
    for (const Connection& connection : connections_) broken_ += now - connection.sent_at > patience ? 1 : 0;
    return figures(std::chrono::duration<double>(now - begun).count());
  }

 private:
  void send(Connection& connection, Clock::time_point now) {
    const std::string_view request = requests_->at(sent_);
    // An idle connection takes a request whole.
    if (::send(connection.socket, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      ++broken_;
      return;
    }
    ++sent_;
    connection.sent_at = now;
  }

  /// Reads until less comes than was asked for: what comes later makes the next event.
  void receive(Connection& connection) {
    for (ssize_t size = std::ssize(chunk_); size == std::ssize(chunk_);) {
      size = ::recv(connection.socket, chunk_.data(), chunk_.size(), MSG_DONTWAIT);
      if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (size <= 0) {
        ++broken_;
        return;
      }
      const std::optional<int> status = connection.answers.put({chunk_.data(), static_cast<std::size_t>(size)});
      if (status) go_on(connection, *status);
    }
  }

  void go_on(Connection& connection, int status) {
    const Clock::time_point now = Clock::now();
    waited_ms_.push_back(std::chrono::duration<float, std::milli>(now - connection.sent_at).count());
    if (status == 0) ++broken_;
    if (status >= 400) ++refused_;
    send(connection, now);
  }

  std::string figures(double seconds) {
    return fmt::format(
        R"({{"answers":{},"seconds":{:.6f},"refused":{},"broken":{},"p50_ms":{:.3f},"p90_ms":{:.3f},"p99_ms":{:.3f},)"
        R"("max_ms":{:.3f},"sent":{}}})",
        waited_ms_.size(), seconds, refused_, broken_, percentile(0.5), percentile(0.9), percentile(0.99),
        percentile(1), sent_);
  }

  /// By nearest rank; 0 where nothing was answered.
  float percentile(double share) {
    if (waited_ms_.empty()) return 0;
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(waited_ms_.size())));
    const auto at = waited_ms_.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
    std::nth_element(waited_ms_.begin(), at, waited_ms_.end());
    return *at;
  }

  const Options& options_;
  const std::unique_ptr<Requests> requests_;
  const int set_;
  std::vector<Connection> connections_;
  std::size_t sent_;
  std::size_t refused_ = 0;
  std::size_t broken_ = 0;
  std::vector<float> waited_ms_;  ///< one for each answer
  std::array<char, 65'536> chunk_;
};

Options read_options(CLI::App& program, int argc, char** argv) {
  Options options;
  program.add_option("--port", options.port, "of the server, on this machine")->required();
  program.add_option("--connections", options.connections, "that ask at the same time")->capture_default_str();
  program.add_option("--seconds", options.seconds, "how long")->capture_default_str();
  program.add_option("--start", options.start, "number of the first request")->capture_default_str();
  program.add_option("kind", options.kind, "what is asked for")
      ->required()
      ->check(CLI::IsMember({"pairs", "walk", "door", "get"}));
  program.add_option("file", options.file, "of lines that requests are made from")->required();
  program.add_option("second", options.second, "walk: the file of activities; door: the token");
  program.parse(argc, argv);
  return options;
}

void allow_many_files() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace
}  // namespace zl::closed_loop

int main(int argc, char** argv) {
  CLI::App program("Load in which every connection waits for its answer.", "zhonglou-closed-loop");
  try {
    const zl::closed_loop::Options options = zl::closed_loop::read_options(program, argc, argv);
    zl::closed_loop::allow_many_files();
    fmt::print("{}\n", zl::closed_loop::Load(options).run());
    return 0;
  } catch (const CLI::Error& error) {
    return program.exit(error);
  } catch (const std::exception& error) {
    fmt::print(stderr, "zhonglou-closed-loop: {}\n", error.what());
    return 1;
  }
}
