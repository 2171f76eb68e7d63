#include "http/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

#include "http/framing.hpp"
#include "http/problem.hpp"

namespace zl::http {
namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

// What a refused client may still be sending is read away up to here, so that it gets to read why.
constexpr std::size_t linger_bytes = 1 << 20;
constexpr base::Milliseconds linger_time{1000};

base::Code code_of_status(int status) {
  switch (status) {
    case 408:
      return base::Code::request_timeout;
    case 413:
      return base::Code::too_large;
    case 431:
      return base::Code::header_too_large;
    default:
      return base::Code::invalid_request;
  }
}

void put_hex(std::uint64_t number, std::string& out) {
  static constexpr char digits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out.push_back(digits[(number >> shift) & 15U]);
}

std::string next_request_id(LoopShare& share) {
  std::string id;
  id.reserve(32);
  put_hex(share.request_prefix, id);
  put_hex(++share.requests, id);
  return id;
}

}  // namespace

Connection::Connection(boost::asio::ip::tcp::socket socket, ConnectionLimits::Place place, LoopShare& share)
    : socket_(std::move(socket)), place_(std::move(place)), share_(share) {
  self_ = share_.connections.insert(share_.connections.end(), this);
  enter(Phase::idle);
}

Connection::~Connection() {
  share_.connections.erase(self_);
}

void Connection::enter(Phase phase) {
  phase_ = phase;
  const base::SteadyTime now = share_.clock.steady_now();
  switch (phase) {
    case Phase::idle:
      deadline_ = now + share_.options.idle_timeout;
      break;
    case Phase::header:
      deadline_ = now + share_.options.header_timeout;
      break;
    case Phase::body:
      deadline_ = now + share_.options.body_timeout;
      break;
    case Phase::handling:
      deadline_ = base::SteadyTime::max();
      break;
    case Phase::writing:
      deadline_ = now + share_.options.write_timeout;
      break;
  }
}

void Connection::check_deadline(base::SteadyTime now) {
  if (now < deadline_ || timed_out_) return;
  timed_out_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Connection::drain() {
  if (phase_ != Phase::idle) return;
  timed_out_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

asio::awaitable<void> Connection::serve() {
  while (true) {
    Parser parser;
    parser.header_limit(share_.options.header_limit_bytes);
    parser.body_limit(share_.options.body_limit_bytes);
    int failed_status = 0;
    const Read read = co_await read_request(parser, failed_status);
    if (read == Read::ended) break;
    if (read == Read::failed) {
      co_await refuse(failed_status);
      co_return;
    }
    enter(Phase::handling);
    const bool goes_on = co_await handle(parser);
    const bool must_write = input_.empty() || !goes_on || output_.size() >= share_.options.output_limit_bytes;
    if (must_write && !co_await flush()) co_return;
    if (!goes_on) {
      co_await linger();
      co_return;
    }
    enter(input_.empty() ? Phase::idle : Phase::header);
  }
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_both, ignored);
}

/// More bytes into input_; false where none come any more. A read and not a wait for one: Asio arms a wait with a
/// system call of its own each time.
asio::awaitable<bool> Connection::fill() {
  if (timed_out_) co_return false;
  const auto [error, size] = co_await socket_.async_read_some(asio::buffer(chunk_), as_result);
  if (error) co_return false;
  input_.append(chunk_.data(), size);
  co_return true;
}

/// Parses what it can; the number of bytes used up. need_more is no error here.
std::size_t Connection::feed(Parser& parser, std::span<const char> bytes, boost::system::error_code& error) {
  std::size_t used = 0;
  while (used < bytes.size() && !parser.is_done()) {
    boost::beast::error_code parse_error;
    const bool had_header = parser.is_header_done();
    used += parser.put(asio::buffer(bytes.data() + used, bytes.size() - used), parse_error);
    if (parse_error == boost::beast::http::error::need_more) break;
    if (parse_error) {
      error = parse_error;
      break;
    }
    if (!had_header && parser.is_header_done()) {
      parser.eager(true);
      break;
    }
  }
  return used;
}

asio::awaitable<Connection::Read> Connection::read_request(Parser& parser, int& failed_status) {
  bool header_checked = false;
  std::size_t header_bytes = 0;
  while (true) {
    boost::system::error_code error;
    const std::size_t used = feed(parser, input_, error);
    input_.erase(0, used);
    if (!header_checked) {
      header_bytes += used;
      // Beast holds its limit against what one call brings, and a header may come in many.
      const std::size_t unparsed = parser.is_header_done() ? 0 : input_.size();
      failed_status = 431;
      if (header_bytes + unparsed > share_.options.header_limit_bytes) co_return Read::failed;
    }
    if (!header_checked && parser.is_header_done()) {
      header_checked = true;
      failed_status = check_framing(parser.get());
      if (failed_status != 0) co_return Read::failed;
    }
    if (error) {
      failed_status = status_of_parse_error(error);
      co_return Read::failed;
    }
    if (parser.is_done()) co_return Read::complete;
    if (used > 0 && !input_.empty()) continue;

    if (!output_.empty() && !co_await flush()) co_return Read::ended;
    if (header_checked && phase_ != Phase::body) {
      enter(Phase::body);
      if (parser.get()[boost::beast::http::field::expect] == "100-continue") {
        output_ += "HTTP/1.1 100 Continue\r\n\r\n";
        if (!co_await flush()) co_return Read::ended;
        enter(Phase::body);
      }
    } else if (!header_checked && !input_.empty() && phase_ == Phase::idle) {
      enter(Phase::header);
    }
    const bool was_idle = phase_ == Phase::idle;
    if (was_idle && share_.draining) co_return Read::ended;
    if (!co_await fill()) {
      const bool slow = timed_out_ && !was_idle;
      failed_status = 408;
      co_return slow ? Read::failed : Read::ended;
    }
    if (was_idle) enter(Phase::header);
  }
}

/// Adds the answer to output_; false where the connection ends behind it.
asio::awaitable<bool> Connection::handle(const Parser& parser) {
  const auto& message = parser.get();
  Request request = make_request(message, message.body());
  request.keep_alive = parser.keep_alive();
  request.request_id = next_request_id(share_);
  request.address = share_.dispatcher->client_address(place_.address(), forwarded_for(message));

  const Answer answer = co_await share_.dispatcher->answer(request);
  const bool goes_on = request.keep_alive && !answer.close && !share_.draining;
  append_bytes(answer, request.request_id, goes_on, request.method == Method::head, output_);
  co_return goes_on;
}

asio::awaitable<bool> Connection::flush() {
  enter(Phase::writing);
  std::size_t written = 0;
  while (written < output_.size()) {
    boost::system::error_code error;
    written += socket_.write_some(asio::buffer(output_.data() + written, output_.size() - written), error);
    if (!error) continue;
    if (error != asio::error::would_block || timed_out_) co_return false;
    const auto [wait_error] = co_await socket_.async_wait(boost::asio::ip::tcp::socket::wait_write, as_result);
    if (wait_error) co_return false;
  }
  output_.clear();
  if (output_.capacity() > 1024) output_.shrink_to_fit();
  if (input_.empty()) input_.shrink_to_fit();
  co_return true;
}

/// A request that could not be read to its end: nobody knows where the next one begins, so the connection ends.
asio::awaitable<void> Connection::refuse(int status) {
  timed_out_ = false;
  Request request;
  request.request_id = next_request_id(share_);
  append_bytes(problem(request, code_of_status(status)), request.request_id, false, false, output_);
  if (co_await flush()) co_await linger();
}

asio::awaitable<void> Connection::linger() {
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  deadline_ = share_.clock.steady_now() + linger_time;
  std::size_t discarded = 0;
  while (discarded < linger_bytes && co_await fill()) {
    discarded += input_.size();
    input_.clear();
  }
}

}  // namespace zl::http
