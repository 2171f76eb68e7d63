#include "server/redis_side.hpp"

#include <algorithm>

#include "runtime/run_on.hpp"
#include "store/redis/keys.hpp"

namespace zl::server {
namespace {

redis::LinkOptions link_options(const RedisConfig& config, const redis::Endpoint& endpoint) {
  redis::LinkOptions options;
  options.endpoint = endpoint;
  options.libraries = redis::gate_libraries();
  options.connect_timeout = base::Milliseconds(config.connect_timeout_ms);
  options.command_timeout = base::Milliseconds(config.command_timeout_ms);
  options.max_pending = config.max_pending;
  return options;
}

}  // namespace

RedisSide::RedisSide(const RedisConfig& config, base::Milliseconds hold_ttl, runtime::Loops& loops,
                     base::Random& random, runtime::Metrics& metrics)
    : endpoint_{config.unix_socket, config.host, config.port, config.username, config.password},
      config_(config),
      loops_(loops),
      random_(random),
      links_(loops.size()) {
  std::vector<redis::Link*> links;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    links_[i] = std::make_unique<redis::Link>(loops_.executor(i), link_options(config_, endpoint_), random_);
    links.push_back(links_[i].get());
  }
  gate_ = std::make_unique<redis::RedisGate>(std::move(links), hold_ttl, base::Milliseconds(config_.queue_target_ms));
  register_metrics(metrics);
}

RedisSide::~RedisSide() = default;

void RedisSide::start(app::SeatNews& news) {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    runtime::run_on(loops_, i, runtime::as_task([this, i] { links_[i]->start(); }));
  }
  const auto listen = [this, &news] {
    redis::SubscriberOptions options;
    options.endpoint = endpoint_;
    options.channels = {redis::news_channel};
    options.connect_timeout = base::Milliseconds(config_.connect_timeout_ms);
    const auto on_message = [&news](std::string_view, std::string_view payload) {
      redis::dispatch_news(payload, news);
    };
    subscriber_ = std::make_unique<redis::Subscriber>(loops_.executor(0), options, random_, on_message,
                                                      [&news] { news.on_change(); });
    subscriber_->start();
  };
  runtime::run_on(loops_, 0, runtime::as_task(listen));
  started_ = true;
}

void RedisSide::stop() {
  if (!started_.exchange(false)) return;
  runtime::run_on(loops_, 0, runtime::as_task([this] {
                    subscriber_->stop();
                    subscriber_.reset();
                  }));
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    runtime::run_on(loops_, i, links_[i]->stop());
    runtime::run_on(loops_, i, runtime::as_task([this, i] { links_[i].reset(); }));
  }
}

bool RedisSide::up() const {
  return started_ && std::ranges::all_of(links_, [](const auto& link) { return link->up(); });
}

void RedisSide::register_metrics(runtime::Metrics& metrics) {
  for (std::size_t i = 0; i < links_.size(); ++i) {
    const runtime::Labels loop{{"loop", std::to_string(i)}};
    const auto stat = [this, i](auto member) {
      return [this, i, member] { return started_ ? static_cast<double>(links_[i]->stats().*member) : 0.0; };
    };
    metrics.gauge("zhonglou_redis_up", "Whether the loop's link to Redis is up", loop, stat(&redis::LinkStats::up));
    metrics.gauge("zhonglou_redis_pending", "Calls to Redis without an answer", loop, stat(&redis::LinkStats::pending));
    metrics.counter("zhonglou_redis_connects_total", "Times the link came up", loop, stat(&redis::LinkStats::connects));
    metrics.counter("zhonglou_redis_timeouts_total", "Calls without an answer in time", loop,
                    stat(&redis::LinkStats::timeouts));
    metrics.counter("zhonglou_redis_lost_total", "Calls whose connection ended before the answer", loop,
                    stat(&redis::LinkStats::lost));
    metrics.counter("zhonglou_redis_errors_total", "Answers that were errors", loop, stat(&redis::LinkStats::errors));
  }
}

}  // namespace zl::server
