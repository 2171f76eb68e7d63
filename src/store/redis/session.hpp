// A connection that keeps coming back: connects, greets, tells its owner, and starts again with pauses when it ends.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "store/redis/backoff.hpp"
#include "store/redis/connection.hpp"
#include "store/redis/endpoint.hpp"
#include "store/redis/greeting.hpp"
#include "store/redis/reply.hpp"

namespace zl::redis {

struct SessionOptions {
  Endpoint endpoint;
  std::vector<Library> libraries;
  Greeting::Purpose purpose = Greeting::Purpose::commands;
  base::Milliseconds connect_timeout{1000};  ///< to resolve, connect and greet
  base::Milliseconds backoff_min{10};
  base::Milliseconds backoff_max{200};
};

/// What a session tells its owner, on the loop. None of these may throw.
class SessionEvents {
 public:
  virtual ~SessionEvents() = default;
  virtual void on_ready(const std::string& run_id) = 0;
  /// Only while ready, in the order of sending.
  virtual void on_reply(Reply reply) = 0;
  /// Follows each on_ready, unless stop() came first. Commands without a reply get none.
  virtual void on_down(const std::string& reason) = 0;
};

/// Used on one loop only. Always held by a shared_ptr, which handlers in flight share.
class Session final : private ConnectionEvents, public std::enable_shared_from_this<Session> {
 public:
  Session(const boost::asio::any_io_executor& executor, SessionOptions options, base::Random& random,
          SessionEvents& events);

  void start();

  /// Disconnects for good; no event comes after.
  void stop();

  /// Drops the connection and connects again after a pause; on_down is told inside. Nothing where it is not ready.
  void reconnect(const std::string& reason);

  bool ready() const { return state_ == State::ready; }

  /// False where it was not sent: not ready, or the connection is ending.
  bool send(std::string_view command);

  /// What was sent in this turn leaves now.
  void write_now();

  // For a session that listens, while ready: see Connection.
  void ping_subscribed();
  base::SteadyTime last_read() const;

 private:
  enum class State { idle = 1, connecting, ready, pausing, stopped };

  void on_connected() override;
  void on_reply(Reply reply) override;
  void on_closed(const std::string& reason) override;

  void connect();
  void send_greeting();
  void greet(const Reply& reply);
  void be_ready();
  void pause(const std::string& reason);
  void after(base::Milliseconds duration, void (Session::*step)());
  void connect_timed_out();

  boost::asio::any_io_executor executor_;
  const SessionOptions options_;
  base::Random& random_;
  SessionEvents* events_;  ///< null once stopped

  State state_ = State::idle;
  std::shared_ptr<Connection> connection_;
  std::optional<Greeting> greeting_;
  Backoff backoff_;
  base::SteadyTime ready_since_;
  std::string last_failure_;  ///< logged already

  boost::asio::steady_timer timer_;
  std::uint64_t timer_use_ = 0;  ///< tells the timer's present use from one that was cancelled too late
};

}  // namespace zl::redis
