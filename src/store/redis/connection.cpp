// The adapter between hiredis 0.14 and Asio. Its rules, each for a measured crash: hiredis frees the context itself
// whenever a connection ends, so it is looked at again after every call into the library; it must not be freed while it
// reports a connect; the descriptor is released before hiredis closes it; handlers in flight keep the adapter alive.
#include "store/redis/connection.hpp"

#include <fcntl.h>
#include <hiredis/async.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <csignal>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace zl::redis {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Bounds how long one connection keeps the loop: a megabyte.
constexpr int reads_per_turn = 64;

constexpr std::chrono::microseconds busy_turn{200};
constexpr std::chrono::milliseconds long_awaited{50};

Reply copy(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      return Reply::of_integer(reply.integer);
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      return Reply::of_text(std::string(reply.str, reply.len));
    case REDIS_REPLY_ERROR:
      return Reply::of_error(std::string(reply.str, reply.len));
    case REDIS_REPLY_ARRAY: {
      std::vector<Reply> items;
      items.reserve(reply.elements);
      for (std::size_t i = 0; i < reply.elements; ++i) items.push_back(copy(*reply.element[i]));
      return Reply::of_array(std::move(items));
    }
    default:  // the types are ints of a C library; RESP2 has no others
      return {};
  }
}

class HiredisConnection final : public Connection, public std::enable_shared_from_this<HiredisConnection> {
 public:
  HiredisConnection(const asio::any_io_executor& executor, ConnectionEvents& events)
      : executor_(executor), descriptor_(executor), resolver_(executor), events_(&events) {}

  void start(const Endpoint& endpoint);

  bool send(std::string_view command) override;
  void write_now() override;
  void ping_subscribed() override;
  base::SteadyTime last_read() const override { return last_read_; }
  void close() override;

 private:
  using Holder = std::shared_ptr<HiredisConnection>;

  // Called by hiredis. `data` of the event functions is a Holder of its own, so that no order of endings matters.
  static HiredisConnection& of(void* data) { return **static_cast<Holder*>(data); }
  static HiredisConnection* of(const redisAsyncContext* context);
  static void add_read(void* data) { of(data).want_read(); }
  static void add_write(void* data) { of(data).want_write(); }
  static void delete_read(void* data) { of(data).wants_read_ = false; }
  static void delete_write(void* data) { of(data).wants_write_ = false; }
  static void clean_up(void* data);
  static void on_connect(const redisAsyncContext* context, int status);
  static void on_disconnect(const redisAsyncContext* context, int status);
  static void on_reply(redisAsyncContext* context, void* reply, void* data) noexcept;

  void resolve(const std::string& host);
  void connect_next(std::string failure);
  void give_address_up(std::string failure);
  void attach(redisAsyncContext* context);
  void want_read();
  void want_write();
  void readable();
  void look_later();
  void look(base::SteadyTime asked_at);
  std::size_t bytes_waiting();
  void flush();
  void wait_writable();
  void tell_connected();
  void tell_closed(std::string reason);

  asio::any_io_executor executor_;
  asio::posix::stream_descriptor descriptor_;  ///< borrows the descriptor of context_
  asio::ip::tcp::resolver resolver_;
  std::deque<std::string> addresses_;  ///< still to be tried, in the resolver's order
  int port_ = 0;
  ConnectionEvents* events_;              ///< null once closed
  redisAsyncContext* context_ = nullptr;  ///< null before attach() and after hiredis has cleaned up
  base::SteadyTime last_read_ = base::SteadyTime::clock::now();

  bool connected_ = false;
  bool wants_read_ = false;
  bool wants_write_ = false;
  bool waiting_read_ = false;
  bool waiting_write_ = false;
  bool flush_posted_ = false;
  bool flushing_ = false;
  bool looking_ = false;
  std::size_t awaited_ = 0;  ///< replies
  base::SteadyTime awaited_since_;
};

void HiredisConnection::start(const Endpoint& endpoint) {
  if (!endpoint.unix_socket.empty()) return attach(redisAsyncConnectUnix(endpoint.unix_socket.c_str()));
  error_code not_an_address;
  asio::ip::make_address(endpoint.host, not_an_address);
  port_ = endpoint.port;
  if (not_an_address) return resolve(endpoint.host);
  addresses_ = {endpoint.host};
  connect_next("no address");
}

void HiredisConnection::resolve(const std::string& host) {
  // hiredis would resolve while the loop stands still, so it is given addresses only.
  resolver_.async_resolve(
      host, std::to_string(port_),
      [self = shared_from_this()](const error_code& error, const asio::ip::tcp::resolver::results_type& results) {
        if (self->events_ == nullptr) return;
        if (error) return self->tell_closed("can't resolve the host: " + error.message());
        for (const auto& result : results) self->addresses_.push_back(result.endpoint().address().to_string());
        self->connect_next("no address");
      });
}

void HiredisConnection::connect_next(std::string failure) {
  if (addresses_.empty()) return tell_closed(std::move(failure));
  const std::string address = std::move(addresses_.front());
  addresses_.pop_front();
  attach(redisAsyncConnect(address.c_str(), port_));
}

void HiredisConnection::give_address_up(std::string failure) {
  // Posted: hiredis still has to free the context of this attempt.
  asio::post(executor_, [self = shared_from_this(), failure = std::move(failure)] {
    if (self->events_ != nullptr) self->connect_next(failure);
  });
}

void HiredisConnection::attach(redisAsyncContext* context) {
  if (context == nullptr) return tell_closed("out of memory");
  if (context->err != 0) {
    give_address_up(std::string("can't connect: ") + context->errstr);
    redisAsyncFree(context);
    return;
  }
  error_code error;
  descriptor_.assign(context->c.fd, error);
  if (error) {
    tell_closed("can't watch the socket: " + error.message());
    redisAsyncFree(context);
    return;
  }
  context_ = context;
  ::fcntl(context->c.fd, F_SETFD, FD_CLOEXEC);
  context->data = this;
  context->ev.data = new Holder(shared_from_this());
  context->ev.addRead = add_read;
  context->ev.delRead = delete_read;
  context->ev.addWrite = add_write;
  context->ev.delWrite = delete_write;
  context->ev.cleanup = clean_up;
  redisAsyncSetDisconnectCallback(context, on_disconnect);
  redisAsyncSetConnectCallback(context, on_connect);  // last: it asks for the first write event
}

bool HiredisConnection::send(std::string_view command) {
  if (context_ == nullptr || events_ == nullptr) return false;
  if (redisAsyncFormattedCommand(context_, on_reply, nullptr, command.data(), command.size()) != REDIS_OK) return false;
  if (awaited_++ == 0) awaited_since_ = base::SteadyTime::clock::now();
  return true;
}

void HiredisConnection::write_now() {
  if (connected_ && flush_posted_) flush();
}

void HiredisConnection::ping_subscribed() {
  if (context_ == nullptr || events_ == nullptr) return;
  // Past hiredis's list of callbacks: it expects no answer to a command of a subscribed connection, and what comes
  // (an array, like a message) finds no channel of its name.
  static constexpr std::string_view ping = "*1\r\n$4\r\nPING\r\n";
  if (redisAppendFormattedCommand(&context_->c, ping.data(), ping.size()) == REDIS_OK) want_write();
}

void HiredisConnection::close() {
  events_ = nullptr;
  resolver_.cancel();
  if (context_ != nullptr) redisAsyncFree(context_);  // inside a callback hiredis puts it off until that returns
}

HiredisConnection* HiredisConnection::of(const redisAsyncContext* context) {
  return static_cast<HiredisConnection*>(context->data);
}

void HiredisConnection::clean_up(void* data) {
  const std::unique_ptr<Holder> holder(static_cast<Holder*>(data));
  HiredisConnection& self = **holder;
  self.context_->ev = {};
  self.context_ = nullptr;
  self.descriptor_.release();  // hiredis closes it next
}

void HiredisConnection::on_connect(const redisAsyncContext* context, int status) {
  HiredisConnection* self = of(context);
  if (status != REDIS_OK) return self->give_address_up(std::string("can't connect: ") + context->c.errstr);
  self->connected_ = true;
  self->tell_connected();
}

void HiredisConnection::on_disconnect(const redisAsyncContext* context, int status) {
  // After clean_up; the caller of hiredis (a handler of ours, or close()) still holds the adapter.
  of(context)->tell_closed(status == REDIS_OK ? "closed" : context->errstr);
}

void HiredisConnection::on_reply(redisAsyncContext* context, void* reply, void*) noexcept {
  HiredisConnection* self = of(context);
  if (reply == nullptr || self->events_ == nullptr) return;  // the owner is told of the end once, by on_closed
  if (self->awaited_ > 0) --self->awaited_;
  self->events_->on_reply(copy(*static_cast<const redisReply*>(reply)));
}

void HiredisConnection::want_read() {
  wants_read_ = true;
  if (waiting_read_) return;
  waiting_read_ = true;
  descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this()](const error_code& error) {
                           self->waiting_read_ = false;
                           if (!error) self->readable();
                         });
}

void HiredisConnection::readable() {
  // hiredis takes 16 KiB a call. In a rush a turn of the loop is long, and one call a turn would leave answers lying
  // here until their callers had given them up.
  for (int reads = 0; reads < reads_per_turn && context_ != nullptr && wants_read_; ++reads) {
    last_read_ = base::SteadyTime::clock::now();
    redisAsyncHandleRead(context_);
    if (context_ == nullptr || bytes_waiting() == 0) return;
  }
}

/// The kernel tells of ready sockets in their order, so on a loop that is late a reply waits behind everybody who has
/// come meanwhile, and those whom it lets go on wait with it. What has been awaited for long is looked for in each
/// turn: not sooner, since few wishes that come while calls are on their way wait for these, and many small calls cost
/// Redis more.
void HiredisConnection::look_later() {
  if (looking_ || awaited_ == 0) return;
  looking_ = true;
  asio::post(executor_, [self = shared_from_this(), now = base::SteadyTime::clock::now()] { self->look(now); });
}

void HiredisConnection::look(base::SteadyTime asked_at) {
  looking_ = false;
  if (context_ == nullptr) return;
  const base::SteadyTime now = base::SteadyTime::clock::now();
  // After a turn so short the loop waits for the kernel, which tells of a reply at once.
  if (now - asked_at < busy_turn) return;
  if (now - std::max(awaited_since_, last_read_) >= long_awaited) readable();
  look_later();
}

std::size_t HiredisConnection::bytes_waiting() {
  asio::posix::stream_descriptor::bytes_readable waiting;
  error_code error;
  descriptor_.io_control(waiting, error);
  return error ? 0 : waiting.get();
}

void HiredisConnection::want_write() {
  wants_write_ = true;
  if (!connected_) return wait_writable();  // hiredis takes any write event for the end of connecting
  if (flush_posted_ || flushing_ || waiting_write_) return;
  flush_posted_ = true;
  asio::post(executor_, [self = shared_from_this()] { self->flush(); });
}

void HiredisConnection::flush() {
  flush_posted_ = false;
  if (context_ == nullptr || !wants_write_) return;
  flushing_ = true;
  redisAsyncHandleWrite(context_);
  flushing_ = false;
  look_later();
  // Still wanted: the socket didn't take all, or isn't connected yet.
  if (context_ != nullptr && wants_write_) wait_writable();
}

void HiredisConnection::wait_writable() {
  if (waiting_write_) return;
  waiting_write_ = true;
  descriptor_.async_wait(asio::posix::stream_descriptor::wait_write,
                         [self = shared_from_this()](const error_code& error) {
                           self->waiting_write_ = false;
                           if (!error) self->flush();
                         });
}

void HiredisConnection::tell_connected() {
  // Posted, because a context must not be freed while it reports its connect.
  asio::post(executor_, [self = shared_from_this()] {
    if (self->events_ != nullptr && self->context_ != nullptr) self->events_->on_connected();
  });
}

void HiredisConnection::tell_closed(std::string reason) {
  asio::post(executor_, [self = shared_from_this(), reason = std::move(reason)] {
    if (self->events_ != nullptr) std::exchange(self->events_, nullptr)->on_closed(reason);
  });
}

/// hiredis writes without MSG_NOSIGNAL: a peer that is gone would end the process.
void ignore_broken_pipes() {
  [[maybe_unused]] static const auto before = std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

std::shared_ptr<Connection> Connection::open(const asio::any_io_executor& executor, const Endpoint& endpoint,
                                             ConnectionEvents& events) {
  ignore_broken_pipes();
  auto connection = std::make_shared<HiredisConnection>(executor, events);
  connection->start(endpoint);
  return connection;
}

}  // namespace zl::redis
