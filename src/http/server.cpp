#include "http/server.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "http/client_address.hpp"
#include "runtime/log.hpp"

namespace zl::http {
namespace {

using boost::asio::ip::tcp;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr int backlog = 4096;
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
        crowd_(std::move(crowd)),
        share_{.turns = crowd_->turns,
               .unsent = crowd_->unsent,
               .clock = clock,
               .options = options,
               .connections = {},
               .spare = {}} {
    random.fill({reinterpret_cast<std::uint8_t*>(&share_.request_prefix), sizeof share_.request_prefix});
  }

  void start(Dispatcher& dispatcher) {
    share_.dispatcher = &dispatcher;
    asio::co_spawn(acceptor_.get_executor(), accept(shared_from_this()), asio::detached);
    asio::co_spawn(acceptor_.get_executor(), sweep(shared_from_this()), asio::detached);
  }

  /// Any thread.
  void drain() {
    asio::post(acceptor_.get_executor(), [self = shared_from_this()] { self->begin_draining(); });
  }

 private:
  static asio::awaitable<void> accept(std::shared_ptr<Listener> self) {
    while (!self->share_.draining) {
      auto [error, socket] = co_await self->acceptor_.async_accept(as_result);
      if (self->share_.draining && error) co_return;
      if (error == asio::error::connection_aborted) continue;
      if (error) {
        runtime::log::warning("accept_failed", {{"cause", error.message()}});
        asio::steady_timer pause(self->acceptor_.get_executor(), accept_pause);
        co_await pause.async_wait(as_result);
        continue;
      }
      self->admit(std::move(socket));
    }
  }

  void admit(Socket socket) {
    boost::system::error_code error;
    const tcp::endpoint peer = socket.remote_endpoint(error);
    if (error) return;
    std::optional<ConnectionLimits::Place> place = crowd_->limits.take(address_text(peer.address()));
    socket.non_blocking(true, error);
    if (!place) return turn_away(std::move(socket));
    socket.set_option(tcp::no_delay(true), error);
    asio::co_spawn(acceptor_.get_executor(), serve(shared_from_this(), std::move(socket), std::move(*place)),
                   asio::detached);
  }

  /// Without waiting for anything: there is no place to wait in.
  void turn_away(Socket socket) {
    boost::system::error_code ignored;
    socket.write_some(asio::buffer(farewell(share_, base::Code::overloaded)), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    // Closing would take the answer back where something is unread; most have sent no more than this by now.
    std::array<char, 4096> discarded;
    socket.read_some(asio::buffer(discarded), ignored);
  }

  static asio::awaitable<void> serve(std::shared_ptr<Listener> self, Socket socket, ConnectionLimits::Place place) {
    Connection connection(std::move(socket), std::move(place), self->share_);
    try {
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

Server::~Server() = default;

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
