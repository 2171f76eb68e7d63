// The pipelined link of one event loop to Redis. All commands issued in one turn of the loop leave in one write, unless
// they are in a hurry.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "store/redis/endpoint.hpp"
#include "store/redis/greeting.hpp"
#include "store/redis/reply.hpp"
#include "store/redis/resp.hpp"

namespace zl::redis {

struct LinkOptions {
  Endpoint endpoint;
  std::vector<Library> libraries;            ///< loaded where missing, before the link is up
  base::Milliseconds connect_timeout{1000};  ///< to resolve, connect and greet
  base::Milliseconds command_timeout{500};   ///< of each call; an answer that is twice as late ends the connection
  std::size_t max_pending = 4096;            ///< calls without an answer; beyond it they are not sent
  base::Milliseconds backoff_min{10};        ///< between attempts to connect, doubled up to the maximum
  base::Milliseconds backoff_max{200};
};

/// Counted since start().
struct LinkStats {
  bool up = false;
  std::size_t pending = 0;     ///< calls without an answer, those given up included
  std::uint64_t connects = 0;  ///< times the link came up
  std::uint64_t timeouts = 0;  ///< calls without an answer in time
  std::uint64_t lost = 0;      ///< calls whose connection ended before the answer
  std::uint64_t unsent = 0;    ///< calls that were never sent
  std::uint64_t errors = 0;    ///< answers that were errors
};

/// Is told what came of a command, on the loop and inside the link's own work: it must not throw, nor send on the link.
class ReplyReceiver {
 public:
  virtual ~ReplyReceiver() = default;
  /// Once; `lost` also where the answer takes too long.
  virtual void on_reply(Reply reply) = 0;
  /// The answer that took too long, where it comes in the end.
  virtual void on_late_reply(const Reply& /*reply*/) {}
};

/// Keeps itself connected from start() to stop(). Made, used and destroyed on the loop of its executor, except where a
/// member says otherwise; stop() before the end, or calls that still wait are answered `lost`.
class Link {
 public:
  /// `on_up` is told each time the link came up; `random` spreads the attempts of many links and outlives this.
  Link(const boost::asio::any_io_executor& executor, const LinkOptions& options, base::Random& random,
       std::function<void()> on_up = {});
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();

  void start();

  /// Sends nothing new, waits for the answers to what was sent (no longer than the command timeout) and disconnects.
  boost::asio::awaitable<void> stop();

  /// True where calls are sent. Callable from any thread.
  bool up() const;

  /// Redis's run_id, read when the link came up: it changes when Redis starts again. Empty before the first time.
  const std::string& run_id() const;

  /// When the oldest call without an answer was sent; nothing where there is none.
  std::optional<base::SteadyTime> waits_since() const;

  /// Sends a command and waits for its answer, at most the command timeout. Never throws for Redis's sake: `unsent`
  /// means not up or too many pending, `lost` that nobody knows whether it took effect. An error that
  /// needs_new_greeting() is returned too, and makes the link connect again.
  boost::asio::awaitable<Reply> call(Command command);

  /// The same for a receiver instead of a coroutine; where nothing is sent it is told inside this call.
  void call(Command command, std::unique_ptr<ReplyReceiver> receiver);

  /// Sends without waiting; its answer is only counted. False where it was not sent.
  bool send(Command command);

  /// What was issued in this turn leaves now.
  void write_now();

  /// Callable from any thread.
  LinkStats stats() const;

  /// Of its loop. Callable from any thread.
  const boost::asio::any_io_executor& executor() const;

 private:
  class Core;

  static boost::asio::awaitable<void> stop_core(std::shared_ptr<Core> core);

  std::shared_ptr<Core> core_;  ///< shared with timers in flight
};

}  // namespace zl::redis
