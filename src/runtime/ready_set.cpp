#include "runtime/ready_set.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <cerrno>

#include "base/invariant.hpp"

namespace zl::runtime {

namespace asio = boost::asio;

namespace {

// All at once and for good: of an edge-triggered socket that is written without waiting, "writable" comes once.
constexpr std::uint32_t watched = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t end_events = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

boost::system::error_code last_error() {
  return {errno, boost::system::system_category()};
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

ReadySet::ReadySet(const asio::any_io_executor& executor) : set_(executor) {
  const int number = ::epoll_create1(EPOLL_CLOEXEC);
  if (number < 0) throw boost::system::system_error(last_error(), "epoll_create1");
  boost::system::error_code error;
  set_.assign(number, error);
  if (!error) return;
  ::close(number);
  throw boost::system::system_error(error, "epoll_ctl");
}

asio::awaitable<void> ReadySet::run() {
  constexpr auto as_result = asio::as_tuple(asio::deferred);
  while (!stopped_) {
    const auto [error] = co_await set_.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
    if (stopped_) co_return;
    base::invariant(!error, "a set is watched until it is stopped");
    tell_sockets();
  }
}

void ReadySet::stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  set_.cancel(ignored);
}

void ReadySet::add(ReadySocket& socket) {
  epoll_event event{.events = watched, .data = {.ptr = &socket}};
  if (::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, socket.descriptor_.number(), &event) != 0) {
    throw boost::system::system_error(last_error(), "epoll_ctl");
  }
}

void ReadySet::remove(ReadySocket& socket) {
  ::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, socket.descriptor_.number(), nullptr);
  for (std::size_t i = told_; i < count_; ++i) {
    if (events_[i].data.ptr == &socket) events_[i].data.ptr = nullptr;
  }
}

/// What does not fit into one turn is still ready in the next, behind what else the loop has to do.
void ReadySet::tell_sockets() {
  const int ready = ::epoll_wait(set_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
  count_ = static_cast<std::size_t>(std::max(ready, 0));
  for (told_ = 0; told_ < count_;) {
    const epoll_event event = events_[told_++];
    if (event.data.ptr != nullptr) static_cast<ReadySocket*>(event.data.ptr)->on_events(event.events);
  }
}

ReadySocket::ReadySocket(ReadySet& set, Descriptor descriptor) : ready_set_(set), descriptor_(std::move(descriptor)) {
  ready_set_.add(*this);
}

ReadySocket::~ReadySocket() {
  base::invariant(waiter_ == nullptr, "nobody waits for a socket that ends");
  ready_set_.remove(*this);
}

std::size_t ReadySocket::read_some(std::span<char> into, Error& error) {
  ssize_t size = 0;
  do size = ::recv(descriptor_.number(), into.data(), into.size(), 0);
  while (size < 0 && errno == EINTR);
  if (size > 0) {
    error.clear();
    // Less than was asked for is all there was (epoll(7); or it ends at urgent data, which HTTP has none of), and what
    // comes later is told again. An end is told once, so behind it reading goes on.
    if (static_cast<std::size_t>(size) < into.size() && !ended_) may_read_ = false;
    return static_cast<std::size_t>(size);
  }
  error = size == 0 ? Error(asio::error::eof) : last_error();
  if (error == asio::error::would_block) may_read_ = false;
  return 0;
}

std::size_t ReadySocket::write_some(std::string_view bytes, Error& error) {
  ssize_t size = 0;
  do size = ::send(descriptor_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  while (size < 0 && errno == EINTR);
  if (size >= 0) {
    error.clear();
    return static_cast<std::size_t>(size);
  }
  error = last_error();
  return 0;
}

void ReadySocket::cancel() {
  if (Waiter* const waiter = take_waiter()) waiter->post(ready_set_.executor(), asio::error::operation_aborted);
}

void ReadySocket::abandon() {
  if (Waiter* const waiter = take_waiter()) waiter->drop();
}

void ReadySocket::shutdown_send() {
  ::shutdown(descriptor_.number(), SHUT_WR);
}

void ReadySocket::shutdown() {
  ::shutdown(descriptor_.number(), SHUT_RDWR);
}

ReadySocket::Waiter* ReadySocket::take_waiter() {
  waits_for_ = Direction::none;
  return std::exchange(waiter_, nullptr);
}

void ReadySocket::on_events(std::uint32_t events) {
  if ((events & end_events) != 0) ended_ = true;
  if ((events & (EPOLLIN | end_events)) != 0) may_read_ = true;
  const bool awaited = (waits_for_ == Direction::in && may_read_) ||
                       (waits_for_ == Direction::out && (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0);
  if (awaited) take_waiter()->resume({});
}

}  // namespace zl::runtime
