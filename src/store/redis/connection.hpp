// One connection to Redis: hiredis's asynchronous context on an Asio loop, behind an interface without its traps.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "store/redis/endpoint.hpp"
#include "store/redis/reply.hpp"

namespace zl::redis {

/// What a connection tells its owner, always on the loop. The owner may do anything in these calls, close()
/// included, but throw.
class ConnectionEvents {
 public:
  virtual ~ConnectionEvents() = default;
  virtual void on_connected() = 0;
  /// One for each command, in the order of sending, then one for each message of subscribed channels.
  virtual void on_reply(Reply reply) = 0;
  /// The connection is gone, or could not be made. Commands without a reply get none.
  virtual void on_closed(const std::string& reason) = 0;
};

/// Connects once. Used on one loop only.
class Connection {
 public:
  /// Starts to connect; never blocks, names are resolved without the loop. No event before this has returned.
  static std::shared_ptr<Connection> open(const boost::asio::any_io_executor& executor, const Endpoint& endpoint,
                                          ConnectionEvents& events);

  virtual ~Connection() = default;

  /// False where the connection can't take it any more; then no reply comes.
  virtual bool send(std::string_view command) = 0;

  /// Commands of one turn of the loop leave together at its end; these now.
  virtual void write_now() = 0;

  /// Sends a PING on a connection that has subscribed; its answer only moves last_read().
  virtual void ping_subscribed() = 0;

  /// When bytes last came in, or the connection was made.
  virtual base::SteadyTime last_read() const = 0;

  /// Ends it at once; no event comes after. May be called again.
  virtual void close() = 0;
};

}  // namespace zl::redis
