// Subscribing on a session of its own, and noticing when it fell silent.
#include "store/redis/subscriber.hpp"

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <utility>

#include "base/clock.hpp"
#include "base/invariant.hpp"
#include "store/redis/resp.hpp"
#include "store/redis/session.hpp"

namespace zl::redis {

namespace asio = boost::asio;

namespace {

constexpr int pings_per_silence = 3;

SessionOptions session_options(const SubscriberOptions& options) {
  return {options.endpoint,   {}, Greeting::Purpose::listens, options.connect_timeout, options.backoff_min,
          options.backoff_max};
}

}  // namespace

class Subscriber::Core final : public SessionEvents, public std::enable_shared_from_this<Subscriber::Core> {
 public:
  Core(const asio::any_io_executor& executor, const SubscriberOptions& options, base::Random& random,
       OnMessage on_message, std::function<void()> on_up)
      : channels_(options.channels),
        silence_limit_(options.silence_limit),
        on_message_(std::move(on_message)),
        on_up_(std::move(on_up)),
        session_(std::make_shared<Session>(executor, session_options(options), random, *this)),
        timer_(executor) {
    base::invariant(!channels_.empty(), "a subscriber has a channel");
  }

  void start() {
    session_->start();
    listen_for_life();
  }

  void stop() {
    stopped_ = true;
    up_.store(false, std::memory_order_relaxed);
    timer_.cancel();
    session_->stop();
  }

  bool up() const { return up_.load(std::memory_order_relaxed); }

 private:
  void on_ready(const std::string& run_id) override;
  void on_reply(Reply reply) override;
  void on_down(const std::string& reason) override;

  void listen_for_life();
  void look_for_life();

  const std::vector<std::string> channels_;
  const base::Milliseconds silence_limit_;
  const OnMessage on_message_;
  const std::function<void()> on_up_;
  const std::shared_ptr<Session> session_;
  std::size_t subscribed_ = 0;
  asio::steady_timer timer_;
  bool stopped_ = false;
  std::atomic<bool> up_ = false;
};

void Subscriber::Core::on_ready(const std::string&) {
  subscribed_ = 0;
  Command subscribe("SUBSCRIBE");
  for (const std::string& channel : channels_) subscribe.arg(channel);
  session_->send(subscribe.encode());
}

void Subscriber::Core::on_reply(Reply reply) {
  const std::string& kind = reply.item(0).text();
  if (kind == "message") {
    on_message_(reply.item(1).text(), reply.item(2).text());
  } else if (kind == "subscribe" && ++subscribed_ == channels_.size()) {
    up_.store(true, std::memory_order_relaxed);
    if (on_up_) on_up_();
  }
}

void Subscriber::Core::on_down(const std::string&) {
  up_.store(false, std::memory_order_relaxed);
}

void Subscriber::Core::listen_for_life() {
  timer_.expires_after(silence_limit_ / pings_per_silence);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && !self->stopped_) self->look_for_life();
  });
}

void Subscriber::Core::look_for_life() {
  if (base::SteadyTime::clock::now() - session_->last_read() >= silence_limit_) {
    session_->reconnect("no sign of life");
  } else if (up()) {
    session_->ping_subscribed();
  }
  listen_for_life();
}

Subscriber::Subscriber(const asio::any_io_executor& executor, const SubscriberOptions& options, base::Random& random,
                       OnMessage on_message, std::function<void()> on_up)
    : core_(std::make_shared<Core>(executor, options, random, std::move(on_message), std::move(on_up))) {}

Subscriber::~Subscriber() {
  core_->stop();
}

void Subscriber::start() {
  core_->start();
}

void Subscriber::stop() {
  core_->stop();
}

bool Subscriber::up() const {
  return core_->up();
}

}  // namespace zl::redis
