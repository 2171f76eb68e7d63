// A Unix socket in front of a MySQL server: what passes it may be changed or lost. Who derives from it says how.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace zl::test {

class MysqlProxy {
 public:
  /// Listens on a socket of its own. Throws std::system_error.
  MysqlProxy(std::string server_path, const std::string& listen_path) : server_path_(std::move(server_path)) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(listen_path);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 64) != 0) {
      throw std::system_error(errno, std::generic_category(), listen_path);
    }
  }
  MysqlProxy(const MysqlProxy&) = delete;
  MysqlProxy& operator=(const MysqlProxy&) = delete;
  virtual ~MysqlProxy() { ::close(listener_); }

 protected:
  /// Bytes from the client; true where the link goes on. A negative `server` is not closed.
  virtual bool from_client(std::string request, int client, int& server) = 0;
  virtual bool lets_in() { return true; }
  /// Bytes on their way to the client.
  virtual void from_server(std::string_view /*answer*/) {}
  /// A link has closed its client's end.
  virtual void closed() {}

  /// By the constructor and the destructor of the class that says how: start() is the last of one, stop() the first of
  /// the other, which closes all links.
  void start() {
    acceptor_ = std::thread([this] { accept_links(); });
  }
  void stop() {
    stopping_ = true;
    acceptor_.join();
    for (std::thread& link : links_) link.join();
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

  void accept_links() {
    while (!stopping_) {
      if (!readable(listener_)) continue;
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      if (lets_in()) {
        links_.emplace_back([this, client] { run_link(client); });
      } else {
        ::close(client);
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
      if (ends[0].revents != 0) {
        std::string request = receive(client);
        open = !request.empty() && from_client(std::move(request), client, server);
      }
      if (open && ends[1].revents != 0) {
        const std::string answer = receive(server);
        from_server(answer);
        open = !answer.empty() && send_all(client, answer);
      }
    }
    ::close(client);
    closed();
    if (server >= 0) ::close(server);
  }

  const std::string server_path_;
  std::atomic<bool> stopping_ = false;
  int listener_ = -1;
  std::vector<std::thread> links_;  // used by the accepting thread, and after its end
  std::thread acceptor_;
};

}  // namespace zl::test
