// The Redis side of the process: a link on every loop, the subscriber on the first, and the gate on top.
#pragma once

#include <memory>
#include <vector>

#include "app/gate.hpp"
#include "base/random.hpp"
#include "runtime/loops.hpp"
#include "runtime/metrics.hpp"
#include "server/config.hpp"
#include "store/redis/gate.hpp"
#include "store/redis/link.hpp"
#include "store/redis/subscriber.hpp"

namespace zl::server {

class RedisSide {
 public:
  /// Registers its metrics. Links are made by start().
  RedisSide(const RedisConfig& config, base::Milliseconds hold_ttl, runtime::Loops& loops, base::Random& random,
            runtime::Metrics& metrics);
  RedisSide(const RedisSide&) = delete;
  RedisSide& operator=(const RedisSide&) = delete;
  ~RedisSide();

  /// After the loops were started: connects, and hands what is published to `news` from now on.
  void start(app::SeatNews& news);
  /// Before the loops are stopped: waits for the answers in flight and disconnects.
  void stop();

  redis::RedisGate& gate() { return *gate_; }
  /// Any thread: every loop's link is up.
  bool up() const;

 private:
  void register_metrics(runtime::Metrics& metrics);

  const redis::Endpoint endpoint_;
  const RedisConfig config_;
  runtime::Loops& loops_;
  base::Random& random_;
  std::vector<std::unique_ptr<redis::Link>> links_;  ///< by loop; made, used and destroyed there
  std::unique_ptr<redis::Subscriber> subscriber_;    ///< on the first loop
  std::unique_ptr<redis::RedisGate> gate_;
  std::atomic<bool> started_ = false;
};

}  // namespace zl::server
