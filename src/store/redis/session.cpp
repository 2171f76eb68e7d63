// The life of a session: connecting, ready, pausing, and again.
#include "store/redis/session.hpp"

#include <utility>

#include "runtime/log.hpp"

namespace zl::redis {

namespace {

namespace asio = boost::asio;
namespace log = runtime::log;

std::string_view name(Greeting::Purpose purpose) {
  switch (purpose) {
    case Greeting::Purpose::commands:
      return "commands";
    case Greeting::Purpose::listens:
      return "listens";
  }
  return {};
}

}  // namespace

Session::Session(const asio::any_io_executor& executor, SessionOptions options, base::Random& random,
                 SessionEvents& events)
    : executor_(executor),
      options_(std::move(options)),
      random_(random),
      events_(&events),
      backoff_(options_.backoff_min, options_.backoff_max),
      timer_(executor) {}

void Session::start() {
  if (state_ == State::idle) connect();
}

void Session::stop() {
  state_ = State::stopped;
  events_ = nullptr;
  ++timer_use_;
  timer_.cancel();
  if (connection_) connection_->close();
}

void Session::reconnect(const std::string& reason) {
  if (state_ == State::ready) pause(reason);
}

bool Session::send(std::string_view command) {
  return state_ == State::ready && connection_->send(command);
}

void Session::write_now() {
  if (state_ == State::ready) connection_->write_now();
}

void Session::ping_subscribed() {
  if (state_ == State::ready) connection_->ping_subscribed();
}

base::SteadyTime Session::last_read() const {
  return connection_ ? connection_->last_read() : base::SteadyTime{};
}

void Session::connect() {
  state_ = State::connecting;
  greeting_.emplace(options_.endpoint, options_.libraries, options_.purpose);
  after(options_.connect_timeout, &Session::connect_timed_out);
  connection_ = Connection::open(executor_, options_.endpoint, *this);
}

void Session::connect_timed_out() {
  pause("no connection, or no answer to the greeting, in time");
}

void Session::on_connected() {
  send_greeting();
}

void Session::send_greeting() {
  for (Command& command : greeting_->take_commands()) {
    if (!connection_->send(command.encode())) return;  // on_closed comes
  }
}

void Session::on_reply(Reply reply) {
  if (state_ == State::ready) {
    events_->on_reply(std::move(reply));
  } else if (state_ == State::connecting) {
    greet(reply);
  }
}

void Session::greet(const Reply& reply) {
  greeting_->on_reply(reply);
  switch (greeting_->state()) {
    case Greeting::State::talking:
      return send_greeting();
    case Greeting::State::done:
      return be_ready();
    case Greeting::State::failed:
      return pause(greeting_->failure());
  }
}

void Session::be_ready() {
  state_ = State::ready;
  ready_since_ = base::SteadyTime::clock::now();
  last_failure_.clear();
  ++timer_use_;
  timer_.cancel();
  for (const std::string& warning : greeting_->warnings()) log::warning("redis_greeting", {{"warning", warning}});
  log::info("redis_up", {{"purpose", name(options_.purpose)}, {"run_id", greeting_->run_id()}});
  events_->on_ready(greeting_->run_id());
}

void Session::on_closed(const std::string& reason) {
  pause(reason);
}

void Session::pause(const std::string& reason) {
  const bool was_ready = state_ == State::ready;
  state_ = State::pausing;
  connection_->close();
  // A connection that fails as soon as it is used must not be made again at full speed.
  if (was_ready && base::SteadyTime::clock::now() - ready_since_ >= options_.backoff_max) backoff_.reset();
  if (reason != last_failure_) {
    log::warning("redis_down", {{"purpose", name(options_.purpose)}, {"reason", reason}});
    last_failure_ = reason;
  }
  after(backoff_.next(random_), &Session::connect);
  if (was_ready) events_->on_down(reason);
}

void Session::after(base::Milliseconds duration, void (Session::*step)()) {
  const std::uint64_t use = ++timer_use_;
  timer_.expires_after(duration);
  timer_.async_wait([self = shared_from_this(), use, step](const boost::system::error_code&) {
    if (use == self->timer_use_) (self.get()->*step)();
  });
}

}  // namespace zl::redis
