#include "open_loop/link.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace zl::open_loop {
namespace {

/// The number behind `name` in `text`; 0 where there is none.
int number_behind(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  int number = 0;
  if (at != std::string_view::npos) {
    const std::string_view rest = text.substr(at + name.size());
    std::from_chars(rest.data(), rest.data() + rest.size(), number);
  }
  return number;
}

/// The top code of a problem document: it stands before all others.
std::string_view code_in(std::string_view body) {
  constexpr std::string_view name = "\"code\":\"";
  const std::size_t at = body.find(name);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = body.substr(at + name.size());
  return rest.substr(0, rest.find('"'));
}

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + std::system_category().message(errno));
}

}  // namespace

Link::Link(const sockaddr_in& server, in_addr_t from) {
  open(server, from);
}

void Link::open(const sockaddr_in& server, in_addr_t from) {
  descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) fail("socket");
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (from != 0) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = from;
    // The port is chosen when it connects, which is quicker among many.
    setsockopt(descriptor_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) fail("bind");
  }
  if (connect(descriptor_, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0) fail("connect");
}

Link::Link(Link&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      input_(std::move(other.input_)),
      parsed_(other.parsed_),
      output_(std::move(other.output_)),
      asked_(std::move(other.asked_)) {}

Link::~Link() {
  if (descriptor_ >= 0) close(descriptor_);
}

void Link::reopen(const sockaddr_in& server, in_addr_t from) {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close(std::exchange(descriptor_, -1));
  input_.clear();
  output_.clear();
  asked_.clear();
  open(server, from);
}

bool Link::send(std::string_view request, const Asked& asked) {
  asked_.push_back(asked);
  if (!output_.empty()) {
    output_ += request;
    return true;
  }
  const ssize_t sent = ::send(descriptor_, request.data(), request.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return false;
  output_ = request.substr(sent < 0 ? 0 : static_cast<std::size_t>(sent));
  return true;
}

bool Link::send_rest() {
  if (output_.empty()) return true;
  const ssize_t sent = ::send(descriptor_, output_.data(), output_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN;
  output_.erase(0, static_cast<std::size_t>(sent));
  return true;
}

bool Link::read_all() {
  static std::array<char, 65536> chunk;
  while (true) {
    const ssize_t size = recv(descriptor_, chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (size < 0) return errno == EAGAIN;
    if (size == 0) return false;
    input_.append(chunk.data(), static_cast<std::size_t>(size));
    if (static_cast<std::size_t>(size) < chunk.size()) return true;
  }
}

bool Link::take_answer(Answer& answer) {
  const std::string_view unread = std::string_view(input_).substr(parsed_);
  const std::size_t head_size = unread.find("\r\n\r\n");
  if (head_size == std::string_view::npos) return false;
  const std::string_view head = unread.substr(0, head_size);
  const auto body_size = static_cast<std::size_t>(number_behind(head, "Content-Length: "));
  if (unread.size() < head_size + 4 + body_size) return false;
  answer.status = number_behind(head, "HTTP/1.1 ");
  answer.retry_after_s = number_behind(head, "Retry-After: ");
  answer.code = answer.status < 400 ? std::string_view() : code_in(unread.substr(head_size + 4, body_size));
  parsed_ += head_size + 4 + body_size;
  return true;
}

}  // namespace zl::open_loop
