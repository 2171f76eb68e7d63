// Listens to Redis channels on a connection of its own.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "store/redis/endpoint.hpp"

namespace zl::redis {

struct SubscriberOptions {
  Endpoint endpoint;
  std::vector<std::string> channels;         ///< at least one
  base::Milliseconds connect_timeout{1000};  ///< to resolve, connect, greet and subscribe
  base::Milliseconds silence_limit{3000};    ///< without a sign of life, pings included, the connection is dropped
  base::Milliseconds backoff_min{10};
  base::Milliseconds backoff_max{200};
};

/// Keeps itself subscribed from start() to stop(). Made, used and destroyed on the loop of its executor. Messages
/// published while it is not up never arrive: who listens also polls.
class Subscriber {
 public:
  using OnMessage = std::function<void(std::string_view channel, std::string_view payload)>;

  /// `on_up` is told each time that all channels are subscribed: look then for what was missed. `random` outlives this.
  Subscriber(const boost::asio::any_io_executor& executor, const SubscriberOptions& options, base::Random& random,
             OnMessage on_message, std::function<void()> on_up = {});
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;
  ~Subscriber();

  void start();

  /// Disconnects; neither callback is called any more.
  void stop();

  /// Callable from any thread.
  bool up() const;

 private:
  class Core;

  std::shared_ptr<Core> core_;  ///< shared with timers in flight
};

}  // namespace zl::redis
