// The listening side: one acceptor a loop, the sweep that ends what takes too long, and the drain.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "http/connection.hpp"
#include "http/connection_limits.hpp"
#include "http/dispatcher.hpp"
#include "runtime/loops.hpp"

namespace zl::http {

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0 picks a free one
  bool reuse_port = false;    ///< share the port with other processes
  std::size_t max_connections = 20'000;
  std::size_t max_connections_per_address = 16'384;
  Rate turns{500, 16'384};  ///< of an address: see LoopShare
  std::size_t unsent_limit_bytes = 256 << 20;
  std::size_t turn_keys = 65'536;
  ConnectionOptions connection;
};

/// Serves on every loop. Made before the loops start; destroyed after their threads have ended and before the
/// loops are.
class Server {
 public:
  /// Binds and listens; throws std::runtime_error with a sentence where the address can't be had.
  Server(runtime::Loops& loops, const base::Clock& clock, base::Random& random, ServerOptions options,
         runtime::Metrics& metrics);
  ~Server();

  /// Begins to accept.
  void start(Dispatcher& dispatcher);

  /// Stops accepting, closes idle connections, waits for busy ones; true where none is left after `limit`.
  asio::awaitable<bool> drain(base::Milliseconds limit);

  std::uint16_t port() const { return port_; }
  std::size_t open_connections() const;

 private:
  class Listener;
  struct Crowd;

  const ServerOptions options_;
  const base::Clock& clock_;
  base::Random& random_;
  std::shared_ptr<Crowd> crowd_;
  std::uint16_t port_ = 0;
  std::vector<std::shared_ptr<Listener>> listeners_;
};

}  // namespace zl::http
