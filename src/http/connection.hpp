// One connection on its loop: bytes to requests, answers to bytes, and how long each may take.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "http/answer.hpp"
#include "http/connection_limits.hpp"
#include "http/dispatcher.hpp"
#include "http/rate_limit.hpp"
#include "http/request_parser.hpp"
#include "http/unsent_limit.hpp"
#include "runtime/ready_set.hpp"

namespace zl::http {

struct ConnectionOptions {
  std::string_view fixed_lines = security_lines(false);  ///< in every answer
  std::uint32_t header_limit_bytes = 8192;
  std::uint64_t body_limit_bytes = 65'536;
  base::Milliseconds header_timeout{10'000};  ///< from a request's first byte to the end of its header
  base::Milliseconds body_timeout{10'000};
  base::Milliseconds idle_timeout{60'000};
  base::Milliseconds write_timeout{10'000};  ///< and as much again for each MiB
  base::Milliseconds pause{1000};            ///< before somebody who comes too often is read; zero: nobody waits
  std::size_t output_limit_bytes = 65'536;   ///< answers to pipelined requests are written when they reach this
};

/// What a connection needs from a request's first byte to its answer's last. Idle ones have none.
struct Exchange {
  RequestText text;
  std::optional<RequestParser> parser;  ///< of the request that is being read or answered
  Request request;
  std::string input;        ///< received and not yet parsed, where the rest is still to come
  std::string output;       ///< answered and not yet written
  std::size_t written = 0;  ///< of the output
};

/// What the connections of one loop share. Used on that loop only.
struct LoopShare {
  Dispatcher* dispatcher = nullptr;  ///< set before the first connection
  runtime::ReadySet& ready;
  RateLimit& turns;     ///< by address: its connections that are new, or were told 429, and are then read
  UnsentLimit& unsent;  ///< of all loops: answers that were not taken at once
  const base::Clock& clock;
  const ConnectionOptions& options;
  bool draining = false;
  std::list<class Connection*> connections;
  std::vector<std::unique_ptr<Exchange>> spare;  ///< to be used again, the last one first
  std::uint64_t request_prefix = 0;              ///< random
  std::uint64_t requests = 0;
  std::array<char, 4096> chunk{};  ///< of one read, until its reader waits for something
};

/// The bytes of a last answer to somebody whose request was not read, with the headers that all answers have.
std::string farewell(LoopShare& share, base::Code code);

class Connection {
 public:
  /// Throws boost::system::system_error where the system can't watch one more socket.
  Connection(runtime::Descriptor socket, ConnectionLimits::Place place, LoopShare& share);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Serves until the client is done, errs, or takes too long.
  asio::awaitable<void> serve();

  /// Ends what has taken too long: a slow sender is told so (408), others are closed.
  void check_deadline(base::SteadyTime now);

  /// Ends the pause of somebody who has hung up: the place is another's.
  void check_peer();

  /// Closes an idle connection at once; a busy one behind the answer that it is waiting for.
  void drain();

  /// Leaves the coroutine that serves it, if it waits for the client, to the end of its loop.
  void abandon() { socket_.abandon(); }

 private:
  enum class Phase { idle = 1, header, body, handling, writing };
  enum class Parsed { whole = 1, part, wrong };
  enum class Written { all = 1, part, failed };

  void enter(Phase phase);
  Parsed parse();
  Parsed wrong(int status);
  void tell_to_continue();
  bool begin_waiting();
  boost::system::error_code receive();
  void keep_rest();
  Reply begin_answer();
  bool put_answer(Answer& answer);
  Written write_some();
  asio::awaitable<bool> flush();
  bool came_by_itself() const;
  bool has_turn();
  asio::awaitable<bool> wait_for_turn();
  asio::awaitable<void> pause();
  asio::awaitable<void> refuse();
  asio::awaitable<void> linger();
  void take_exchange();
  void give_exchange_back();

  runtime::ReadySocket socket_;
  ConnectionLimits::Place place_;
  LoopShare& share_;
  std::list<Connection*>::iterator self_;

  Phase phase_ = Phase::idle;
  base::SteadyTime now_;  ///< when the last bytes came or the last answer was made
  base::SteadyTime deadline_;
  asio::steady_timer* pausing_ = nullptr;  ///< while it is awaited
  bool timed_out_ = false;
  bool hung_up_ = false;
  bool header_checked_ = false;
  int failed_status_ = 0;  ///< what a request that could not be read is answered with
  std::size_t header_bytes_ = 0;
  std::unique_ptr<Exchange> exchange_;
  std::string_view unread_;  ///< received and not yet parsed, in the loop's chunk or in the exchange's input
  bool in_chunk_ = false;    ///< where the unread is
};

}  // namespace zl::http
