#include "http/server.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

#include "http/client_address.hpp"
#include "runtime/log.hpp"
#include "runtime/ready_set.hpp"

namespace zl::http {
namespace {

using boost::asio::ip::tcp;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr int backlog = 4096;
constexpr int accepts_at_once = 64;  // before those who are in have their turn
// What a client has not taken is the kernel's up to twice this (socket(7)), which would go on to 4 MiB by itself, and
// ours beyond, where UnsentLimit counts it.
constexpr int send_buffer_bytes = 128 << 10;
constexpr base::Milliseconds sweep_interval{250};

// Accepting fails for want of descriptors or memory: others need the time to end.
constexpr base::Milliseconds accept_pause{100};

tcp::acceptor listen_on(const runtime::Loops::Executor& executor, const tcp::endpoint& endpoint, bool shared) {
  tcp::acceptor acceptor(executor, endpoint.protocol());
  acceptor.set_option(tcp::acceptor::reuse_address(true));
  if (shared) acceptor.set_option(ReusePort(true));
  acceptor.set_option(tcp::acceptor::send_buffer_size(send_buffer_bytes));  // its connections have it too
  acceptor.bind(endpoint);
  acceptor.listen(backlog);
  acceptor.non_blocking(true);
  return acceptor;
}

/// What accept(2) tells of a connection that failed before it was accepted, and what interrupts it.
bool is_of_one_connection(int cause) {
  constexpr std::array causes{ECONNABORTED, EINTR,  EPROTO,       ENETDOWN,   ENOPROTOOPT,
                              EHOSTDOWN,    ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH};
  return std::ranges::find(causes, cause) != causes.end();
}

/// Out of the loop: without what these do, it would serve nobody any more.
void rethrow(const std::exception_ptr& error) {
  if (error) std::rethrow_exception(error);
}

}  // namespace

/// What all connections share. Theirs as long as they are: where a drain ends early they end with their loops, after
/// the server.
struct Server::Crowd {
  explicit Crowd(const ServerOptions& options)
      : limits(options.max_connections, options.max_connections_per_address),
        turns(options.turns, options.turn_keys),
        unsent(options.unsent_limit_bytes) {}

  ConnectionLimits limits;
  RateLimit turns;
  UnsentLimit unsent;
};

/// The acceptor and the connections of one loop; everything but the constructor runs there.
class Server::Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(tcp::acceptor acceptor, const base::Clock& clock, base::Random& random, const ConnectionOptions& options,
           std::shared_ptr<Crowd> crowd)
      : acceptor_(std::move(acceptor)),
        sweep_timer_(acceptor_.get_executor()),
        ready_(acceptor_.get_executor()),
        crowd_(std::move(crowd)),
        share_{.ready = ready_,
               .turns = crowd_->turns,
               .unsent = crowd_->unsent,
               .clock = clock,
               .options = options,
               .connections = {},
               .spare = {}} {
    random.fill({reinterpret_cast<std::uint8_t*>(&share_.request_prefix), sizeof share_.request_prefix});
  }

  void start(Dispatcher& dispatcher) {
    share_.dispatcher = &dispatcher;
    asio::co_spawn(acceptor_.get_executor(), accept(shared_from_this()), rethrow);
    asio::co_spawn(acceptor_.get_executor(), sweep(shared_from_this()), rethrow);
    asio::co_spawn(acceptor_.get_executor(), watch(shared_from_this()), rethrow);
  }

  /// Leaves the connections that wait for their clients to the end of the loop, whose thread has ended.
  void abandon() {
    for (Connection* connection : share_.connections) connection->abandon();
  }

  /// Any thread.
  void drain() {
    asio::post(acceptor_.get_executor(), [self = shared_from_this()] { self->begin_draining(); });
  }

 private:
  static asio::awaitable<void> watch(std::shared_ptr<Listener> self) { co_await self->ready_.run(); }

  static asio::awaitable<void> accept(std::shared_ptr<Listener> self) {
    while (!self->share_.draining) {
      const auto [error] = co_await self->acceptor_.async_wait(tcp::acceptor::wait_read, as_result);
      if (self->share_.draining) co_return;
      if (error) {
        runtime::log::warning("accept_failed", {{"cause", error.message()}});
      } else if (self->accept_waiting()) {
        continue;
      }
      asio::steady_timer pause(self->acceptor_.get_executor(), accept_pause);
      co_await pause.async_wait(as_result);
    }
  }

  /// Some of who waits; the others in the next turn. False where the system lets nobody in now.
  bool accept_waiting() {
    for (int i = 0; i < accepts_at_once; ++i) {
      tcp::endpoint peer;
      auto size = static_cast<socklen_t>(peer.capacity());
      const int number = ::accept4(acceptor_.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      const int cause = errno;
      if (number >= 0) {
        runtime::Descriptor socket(number);
        peer.resize(size);
        admit(std::move(socket), peer);
        continue;
      }
      if (cause == EAGAIN) return true;
      if (is_of_one_connection(cause)) continue;
      const boost::system::error_code error(cause, boost::system::system_category());
      runtime::log::warning("accept_failed", {{"cause", error.message()}});
      return false;
    }
    return true;
  }

  void admit(runtime::Descriptor socket, const tcp::endpoint& peer) {
    std::optional<ConnectionLimits::Place> place = crowd_->limits.take(address_text(peer.address()));
    if (!place) return turn_away(socket);
    const int on = 1;
    ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    asio::co_spawn(acceptor_.get_executor(), serve(shared_from_this(), std::move(socket), std::move(*place)),
                   asio::detached);
  }

  /// Without waiting for anything: there is no place to wait in.
  void turn_away(const runtime::Descriptor& socket) {
    const std::string text = farewell(share_, base::Code::overloaded);
    (void)::send(socket.number(), text.data(), text.size(), MSG_NOSIGNAL);
    ::shutdown(socket.number(), SHUT_WR);
    // Closing would take the answer back where something is unread; most have sent no more than this by now.
    std::array<char, 4096> discarded;
    (void)::recv(socket.number(), discarded.data(), discarded.size(), 0);
  }

  static asio::awaitable<void> serve(std::shared_ptr<Listener> self, runtime::Descriptor socket,
                                     ConnectionLimits::Place place) {
    try {
      Connection connection(std::move(socket), std::move(place), self->share_);
      co_await connection.serve();
    } catch (const std::exception& error) {
      runtime::log::error("connection_failed", {{"cause", error.what()}});
    }
  }

  static asio::awaitable<void> sweep(std::shared_ptr<Listener> self) {
    while (!self->swept_last_) {
      self->sweep_timer_.expires_after(sweep_interval);
      co_await self->sweep_timer_.async_wait(as_result);
      const base::SteadyTime now = self->share_.clock.steady_now();
      for (Connection* connection : self->share_.connections) {
        connection->check_deadline(now);
        connection->check_peer();
      }
      self->swept_last_ = self->share_.draining && self->share_.connections.empty();
    }
    self->ready_.stop();
  }

  void begin_draining() {
    share_.draining = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (Connection* connection : share_.connections) connection->drain();
    sweep_timer_.cancel();
  }

  tcp::acceptor acceptor_;
  asio::steady_timer sweep_timer_;
  runtime::ReadySet ready_;
  const std::shared_ptr<Crowd> crowd_;
  LoopShare share_;
  bool swept_last_ = false;
};

Server::Server(runtime::Loops& loops, const base::Clock& clock, base::Random& random, ServerOptions options,
               runtime::Metrics& metrics)
    : options_(std::move(options)), clock_(clock), random_(random), crowd_(std::make_shared<Crowd>(options_)) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(options_.address, error);
  if (error) throw std::runtime_error("http.address: " + options_.address + " is no IP address");
  tcp::endpoint endpoint(address, options_.port);
  try {
    // Without SO_REUSEPORT first: a second server on the port is told so instead of sharing its clients.
    if (options_.port != 0 && !options_.reuse_port) tcp::acceptor(loops.executor(0), endpoint);
    for (std::size_t i = 0; i < loops.size(); ++i) {
      tcp::acceptor acceptor = listen_on(loops.executor(i), endpoint, options_.reuse_port || loops.size() > 1);
      endpoint = acceptor.local_endpoint();
      listeners_.push_back(
          std::make_shared<Listener>(std::move(acceptor), clock_, random_, options_.connection, crowd_));
    }
  } catch (const boost::system::system_error& failed) {
    throw std::runtime_error("http.port: cannot listen on " + options_.address + ":" + std::to_string(options_.port) +
                             ": " + failed.code().message());
  }
  port_ = endpoint.port();
  metrics.gauge("zhonglou_http_connections", "Open connections", {},
                [crowd = crowd_] { return static_cast<double>(crowd->limits.open()); });
  metrics.gauge("zhonglou_http_unsent_bytes", "Answers that clients have not taken yet", {},
                [crowd = crowd_] { return static_cast<double>(crowd->unsent.held()); });
  metrics.counter("zhonglou_http_unsent_refused_total", "Connections ended as too much was not taken by clients", {},
                  [crowd = crowd_] { return static_cast<double>(crowd->unsent.refused()); });
}

/// What waits elsewhere ends with its loop.
Server::~Server() {
  for (const auto& listener : listeners_) listener->abandon();
}

std::size_t Server::open_connections() const {
  return crowd_->limits.open();
}

void Server::start(Dispatcher& dispatcher) {
  for (const auto& listener : listeners_) listener->start(dispatcher);
}

asio::awaitable<bool> Server::drain(base::Milliseconds limit) {
  for (const auto& listener : listeners_) listener->drain();
  asio::steady_timer timer(co_await asio::this_coro::executor);
  const auto end = std::chrono::steady_clock::now() + limit;
  while (open_connections() > 0 && std::chrono::steady_clock::now() < end) {
    timer.expires_after(std::chrono::milliseconds(10));
    co_await timer.async_wait(as_result);
  }
  co_return open_connections() == 0;
}

}  // namespace zl::http
