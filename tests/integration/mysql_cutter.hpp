// A MySQL that loses answers: passes a Unix socket on to the server and cuts the link at the next COMMIT when told to.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace zl::test {

enum class Cut {
  none = 1,
  before,  ///< COMMIT never reaches the server, and the link closes
  after,   ///< the server has committed, and its answer is lost
  stall,   ///< COMMIT never reaches the server, which keeps the session and its locks
};

class MysqlCutter {
 public:
  /// Listens on a socket of its own. Throws std::system_error.
  MysqlCutter(std::string server_path, const std::string& listen_path) : server_path_(std::move(server_path)) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(listen_path);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 64) != 0) {
      throw std::system_error(errno, std::generic_category(), listen_path);
    }
    acceptor_ = std::thread([this] { accept_links(); });
  }
  MysqlCutter(const MysqlCutter&) = delete;
  MysqlCutter& operator=(const MysqlCutter&) = delete;
  /// Closes all links.
  ~MysqlCutter() {
    stopping_ = true;
    acceptor_.join();
    for (std::thread& link : links_) link.join();
    for (const int server : stalled_) ::close(server);
    ::close(listener_);
  }

  /// What happens to the next COMMIT; once.
  void cut_next(Cut cut) { cut_ = cut; }

  /// From the next cut on nobody is let in, until heal().
  void refuse_after_cut() { refuse_after_cut_ = true; }
  void heal() {
    refuse_after_cut_ = false;
    refusing_ = false;
  }

  int cuts() const { return cuts_; }

 private:
  static constexpr int poll_ms = 20;

  static sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
  }

  static bool readable(int fd) {
    pollfd wanted{fd, POLLIN, 0};
    return ::poll(&wanted, 1, poll_ms) > 0;
  }

  static bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Empty at the end of the stream.
  static std::string receive(int fd) {
    std::string bytes(65536, '\0');
    const ssize_t got = ::recv(fd, bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }

  /// A statement's answer without rows, as the protocol has it: its length in 3 bytes, a number, 0, two counts, and the
  /// status, whose bit 3 tells that further statements of the packet are to be answered. An error (255) ends them.
  static bool is_last_answer(std::string_view answer) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(answer.at(at)); };
    if (byte(4) != 0) return true;
    std::size_t at = 5;
    for (int counts = 0; counts < 2; ++counts) at += byte(at) < 251 ? 1 : byte(at) == 252 ? 3 : byte(at) == 253 ? 4 : 9;
    return (byte(at) & 8U) == 0;
  }

  static void await_last_answer(int server) {
    std::string bytes;
    while (true) {
      while (bytes.size() >= 4) {
        const auto byte = [&](std::size_t at) { return std::size_t{static_cast<unsigned char>(bytes[at])}; };
        const std::size_t length = 4 + byte(0) + (byte(1) << 8U) + (byte(2) << 16U);
        if (bytes.size() < length) break;
        if (is_last_answer(std::string_view(bytes).substr(0, length))) return;
        bytes.erase(0, length);
      }
      const std::string more = receive(server);
      if (more.empty()) return;
      bytes += more;
    }
  }

  void accept_links() {
    while (!stopping_) {
      if (!readable(listener_)) continue;
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      if (refusing_) {
        ::close(client);
      } else {
        links_.emplace_back([this, client] { run_link(client); });
      }
    }
  }

  void run_link(int client) {
    int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(server_path_);
    bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    while (open && !stopping_) {
      pollfd ends[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
      if (::poll(ends, 2, poll_ms) <= 0) continue;
      if (ends[0].revents != 0) open = from_client(client, server);
      if (open && ends[1].revents != 0) {
        const std::string answer = receive(server);
        open = !answer.empty() && send_all(client, answer);
      }
    }
    ::close(client);
    if (server >= 0) ::close(server);
  }

  /// True where the link goes on.
  bool from_client(int client, int& server) {
    const std::string request = receive(client);
    // A packet is its length, its number, its command (3: a statement) and the statement.
    // COMMIT is all of it or its end.
    const bool commits = request.ends_with(
                             "\x03"
                             "COMMIT") ||
                         request.ends_with(";COMMIT");
    const Cut cut = commits ? cut_.exchange(Cut::none) : Cut::none;
    if (cut == Cut::none) return !request.empty() && send_all(server, request);
    if (refuse_after_cut_) refusing_ = true;
    if (cut == Cut::after) {
      send_all(server, request);
      await_last_answer(server);
    } else if (cut == Cut::stall) {
      const std::lock_guard lock(mutex_);
      stalled_.push_back(std::exchange(server, -1));
    }
    ++cuts_;
    return false;
  }

  const std::string server_path_;
  std::atomic<Cut> cut_ = Cut::none;
  std::atomic<bool> refuse_after_cut_ = false;
  std::atomic<bool> refusing_ = false;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> cuts_ = 0;
  int listener_ = -1;
  std::mutex mutex_;
  std::vector<int> stalled_;        // under mutex_
  std::vector<std::thread> links_;  // used by the accepting thread, and after its end
  std::thread acceptor_;
};

}  // namespace zl::test
