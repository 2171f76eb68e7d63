// The link: hands commands to its session and the answers to those who wait for them.
#include "store/redis/link.hpp"

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/outcome.hpp"
#include "runtime/resumption.hpp"
#include "store/redis/pending_calls.hpp"
#include "store/redis/session.hpp"

namespace zl::redis {

namespace asio = boost::asio;

namespace {

using Caller = std::unique_ptr<ReplyReceiver>;
using Stopper = runtime::Resumption<base::Done>;

/// A coroutine that waits for a reply.
class WaitingCoroutine final : public ReplyReceiver {
 public:
  explicit WaitingCoroutine(runtime::Resumption<Reply> caller) : caller_(std::move(caller)) {}
  void on_reply(Reply reply) override { std::move(caller_)(std::move(reply)); }

 private:
  runtime::Resumption<Reply> caller_;
};

/// Written by the link's loop only, read by any thread.
class Counter {
 public:
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add_one() { set(get() + 1); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

SessionOptions session_options(const LinkOptions& options) {
  return {options.endpoint,        options.libraries,   Greeting::Purpose::commands,
          options.connect_timeout, options.backoff_min, options.backoff_max};
}

}  // namespace

class Link::Core final : public SessionEvents, public std::enable_shared_from_this<Link::Core> {
 public:
  Core(const asio::any_io_executor& executor, const LinkOptions& options, base::Random& random,
       std::function<void()> on_up)
      : executor_(executor),
        max_pending_(options.max_pending),
        on_up_(std::move(on_up)),
        session_(std::make_shared<Session>(executor, session_options(options), random, *this)),
        calls_(options.command_timeout),
        timer_(executor) {}

  void start() { session_->start(); }

  /// Sends where it can; `caller` is told in any case.
  bool issue(Command command, std::optional<Caller> caller);

  /// Sends nothing any more; `stopper` is resumed when nobody waits for an answer.
  void drain(Stopper stopper);

  /// Disconnects at once; who still waits is answered `lost`.
  void end();

  void write_now() { session_->write_now(); }

  const asio::any_io_executor& executor() const { return executor_; }
  bool up() const { return up_.load(std::memory_order_relaxed); }
  const std::string& run_id() const { return run_id_; }
  std::optional<base::SteadyTime> waits_since() const { return calls_.oldest(); }
  LinkStats stats() const;

 private:
  void on_ready(const std::string& run_id) override;
  void on_reply(Reply reply) override;
  void on_down(const std::string& reason) override;

  void watch_deadlines();
  void on_deadline();
  void lose_calls(const std::string& reason);
  void finish_if_idle();

  const asio::any_io_executor executor_;
  const std::size_t max_pending_;
  const std::function<void()> on_up_;
  const std::shared_ptr<Session> session_;
  PendingCalls<Caller> calls_;
  std::string run_id_;
  std::string renewal_;  ///< why the connection is to end as soon as all calls are answered; empty where it isn't
  bool stopping_ = false;
  std::vector<Stopper> stoppers_;

  asio::steady_timer timer_;  ///< one for all calls: they share their timeout, so the oldest is always the next
  bool watching_ = false;

  std::atomic<bool> up_ = false;
  Counter pending_;
  Counter connects_;
  Counter timeouts_;
  Counter lost_;
  Counter unsent_;
  Counter errors_;
};

bool Link::Core::issue(Command command, std::optional<Caller> caller) {
  const char* obstacle = nullptr;
  if (!up()) {
    obstacle = "no connection to Redis";
  } else if (calls_.size() >= max_pending_) {
    obstacle = "too many calls wait for Redis";
  } else if (!session_->send(command.encode())) {
    obstacle = "the connection to Redis is ending";
  }
  if (obstacle != nullptr) {
    unsent_.add_one();
    if (caller) (*caller)->on_reply(Reply::unsent(obstacle));
    return false;
  }
  calls_.push(std::move(caller), base::SteadyTime::clock::now());
  pending_.set(calls_.size());
  if (!watching_) watch_deadlines();
  return true;
}

void Link::Core::on_ready(const std::string& run_id) {
  if (stopping_) return;
  run_id_ = run_id;
  connects_.add_one();
  up_.store(true, std::memory_order_relaxed);
  if (on_up_) on_up_();
}

void Link::Core::on_reply(Reply reply) {
  if (reply.is_error()) {
    errors_.add_one();
    if (renewal_.empty() && needs_new_greeting(reply)) {
      // What was sent before gets its answers first: nobody's outcome becomes unknown for this.
      renewal_ = reply.text();
      up_.store(false, std::memory_order_relaxed);
    }
  }
  if (const auto [caller, given_up] = calls_.pop(); caller && given_up) {
    (*caller)->on_late_reply(reply);
  } else if (caller) {
    (*caller)->on_reply(std::move(reply));
  }
  pending_.set(calls_.size());
  if (!renewal_.empty() && calls_.empty()) session_->reconnect(renewal_);
  finish_if_idle();
}

void Link::Core::on_down(const std::string& reason) {
  up_.store(false, std::memory_order_relaxed);
  renewal_.clear();
  lose_calls(reason);
  finish_if_idle();
}

void Link::Core::lose_calls(const std::string& reason) {
  while (!calls_.empty()) {
    lost_.add_one();
    const auto [caller, given_up] = calls_.pop();
    if (caller && !given_up) (*caller)->on_reply(Reply::lost(reason));
  }
  pending_.set(0);
}

void Link::Core::watch_deadlines() {
  const std::optional<base::SteadyTime> deadline = calls_.next_deadline();
  watching_ = deadline.has_value();
  if (!watching_) return;
  timer_.expires_at(*deadline);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->on_deadline();
  });
}

void Link::Core::on_deadline() {
  const base::SteadyTime now = base::SteadyTime::clock::now();
  calls_.expire(now, [this](const Caller& caller) {
    timeouts_.add_one();
    caller->on_reply(Reply::lost("no answer in time"));
  });
  if (calls_.stuck(now)) session_->reconnect("no answer for twice the command timeout");
  watch_deadlines();
  finish_if_idle();
}

void Link::Core::drain(Stopper stopper) {
  stopping_ = true;
  up_.store(false, std::memory_order_relaxed);
  stoppers_.push_back(std::move(stopper));
  finish_if_idle();
}

void Link::Core::finish_if_idle() {
  if (stopping_ && !calls_.waited_for()) end();
}

void Link::Core::end() {
  stopping_ = true;
  up_.store(false, std::memory_order_relaxed);
  timer_.cancel();
  session_->stop();
  lose_calls("the link was stopped");
  for (Stopper& stopper : std::exchange(stoppers_, {})) std::move(stopper)(base::Done{});
}

LinkStats Link::Core::stats() const {
  LinkStats stats;
  stats.up = up();
  stats.pending = pending_.get();
  stats.connects = connects_.get();
  stats.timeouts = timeouts_.get();
  stats.lost = lost_.get();
  stats.unsent = unsent_.get();
  stats.errors = errors_.get();
  return stats;
}

Link::Link(const asio::any_io_executor& executor, const LinkOptions& options, base::Random& random,
           std::function<void()> on_up)
    : core_(std::make_shared<Core>(executor, options, random, std::move(on_up))) {}

Link::~Link() {
  core_->end();
}

void Link::start() {
  core_->start();
}

asio::awaitable<void> Link::stop() {
  return stop_core(core_);
}

asio::awaitable<void> Link::stop_core(std::shared_ptr<Core> core) {
  auto drain = [core](Stopper stopper) { core->drain(std::move(stopper)); };
  co_await runtime::suspend<base::Done>(std::move(drain));
}

bool Link::up() const {
  return core_->up();
}

const std::string& Link::run_id() const {
  return core_->run_id();
}

std::optional<base::SteadyTime> Link::waits_since() const {
  return core_->waits_since();
}

asio::awaitable<Reply> Link::call(Command command) {
  auto issue = [core = core_.get(), command = std::move(command)](runtime::Resumption<Reply> caller) mutable {
    core->issue(std::move(command), std::make_unique<WaitingCoroutine>(std::move(caller)));
  };
  return runtime::suspend<Reply>(std::move(issue));
}

void Link::call(Command command, std::unique_ptr<ReplyReceiver> receiver) {
  core_->issue(std::move(command), std::move(receiver));
}

void Link::write_now() {
  core_->write_now();
}

bool Link::send(Command command) {
  return core_->issue(std::move(command), std::nullopt);
}

const asio::any_io_executor& Link::executor() const {
  return core_->executor();
}

LinkStats Link::stats() const {
  return core_->stats();
}

}  // namespace zl::redis
