// One connection on its loop: bytes to requests, answers to bytes, and how long each may take.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <string>

#include "base/clock.hpp"
#include "http/connection_limits.hpp"
#include "http/dispatcher.hpp"

namespace zl::http {

struct ConnectionOptions {
  std::uint32_t header_limit_bytes = 8192;
  std::uint64_t body_limit_bytes = 65'536;
  base::Milliseconds header_timeout{10'000};  ///< from a request's first byte to the end of its header
  base::Milliseconds body_timeout{10'000};
  base::Milliseconds idle_timeout{60'000};
  base::Milliseconds write_timeout{10'000};
  std::size_t output_limit_bytes =
      262'144;  ///< answers to pipelined requests are written at the latest when they reach this
};

/// What the connections of one loop share. Used on that loop only.
struct LoopShare {
  Dispatcher* dispatcher = nullptr;  ///< set before the first connection
  const base::Clock& clock;
  const ConnectionOptions& options;
  bool draining = false;
  std::list<class Connection*> connections;
  std::uint64_t request_prefix = 0;  ///< random
  std::uint64_t requests = 0;
};

class Connection {
 public:
  Connection(boost::asio::ip::tcp::socket socket, ConnectionLimits::Place place, LoopShare& share);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Serves until the client is done, errs, or takes too long.
  asio::awaitable<void> serve();

  /// Ends what has taken too long: a slow sender is told so (408), others are closed.
  void check_deadline(base::SteadyTime now);

  /// Closes an idle connection at once; a busy one behind the answer that it is waiting for.
  void drain();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  enum class Phase { idle = 1, header, body, handling, writing };
  enum class Read { complete = 1, failed, ended };

  void enter(Phase phase);
  asio::awaitable<bool> fill();
  asio::awaitable<Read> read_request(Parser& parser, int& failed_status);
  std::size_t feed(Parser& parser, std::span<const char> bytes, boost::system::error_code& error);
  asio::awaitable<bool> handle(const Parser& parser);
  asio::awaitable<bool> flush();
  asio::awaitable<void> refuse(int status);
  asio::awaitable<void> linger();

  boost::asio::ip::tcp::socket socket_;
  ConnectionLimits::Place place_;
  LoopShare& share_;
  std::list<Connection*>::iterator self_;

  Phase phase_ = Phase::idle;
  base::SteadyTime deadline_;
  bool timed_out_ = false;
  std::array<char, 1024> chunk_;  ///< of one read
  std::string input_;             ///< received and not yet parsed; empty while idle
  std::string output_;            ///< answered and not yet written; empty while idle
};

}  // namespace zl::http
