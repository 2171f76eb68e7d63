#include "http/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

#include "base/crash_point.hpp"
#include "http/client_address.hpp"
#include "http/problem.hpp"

namespace zl::http {
namespace {

// Awaited without a coroutine frame of the operation's own.
constexpr auto as_result = asio::as_tuple(asio::deferred);

// What a refused client may still be sending is read away up to here, so that it gets to read why.
constexpr std::size_t linger_bytes = 1 << 20;
constexpr base::Milliseconds linger_time{1000};

// Exchanges that a loop keeps for later: more are at work at a time only in a flood, and large ones are rare.
constexpr std::size_t spare_exchanges = 256;
constexpr std::size_t spare_exchange_bytes = 16'384;

// Each so many bytes of answers have the time of an answer to be taken.
constexpr std::size_t large_output_bytes = 1 << 20;

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

void put_hex(std::uint64_t number, char* out) {
  static constexpr char digits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) *out++ = digits[(number >> shift) & 15U];
}

void set_request_id(LoopShare& share, Request& request) {
  request.request_id.resize(32);
  put_hex(share.request_prefix, request.request_id.data());
  put_hex(++share.requests, request.request_id.data() + 16);
}

}  // namespace

std::string farewell(LoopShare& share, base::Code code) {
  Request request;
  set_request_id(share, request);
  std::string bytes;
  append_bytes(problem(request, code), request.request_id, false, false, share.options.fixed_lines, bytes);
  return bytes;
}

Connection::Connection(runtime::Descriptor socket, ConnectionLimits::Place place, LoopShare& share)
    : socket_(share.ready, std::move(socket)), place_(std::move(place)), share_(share), now_(share.clock.steady_now()) {
  self_ = share_.connections.insert(share_.connections.end(), this);
  enter(Phase::idle);
}

Connection::~Connection() {
  give_exchange_back();
  share_.connections.erase(self_);
}

void Connection::enter(Phase phase) {
  phase_ = phase;
  switch (phase) {
    case Phase::idle:
      deadline_ = now_ + share_.options.idle_timeout;
      break;
    case Phase::header:
      deadline_ = now_ + share_.options.header_timeout;
      break;
    case Phase::body:
      deadline_ = now_ + share_.options.body_timeout;
      break;
    case Phase::handling:
      deadline_ = base::SteadyTime::max();
      break;
    case Phase::writing:
      deadline_ = now_ + share_.options.write_timeout;
      break;
  }
}

void Connection::check_deadline(base::SteadyTime now) {
  if (now < deadline_ || timed_out_) return;
  timed_out_ = true;
  socket_.cancel();
}

/// Half of a hang-up counts too: otherwise whoever comes and goes would fill the places of others.
void Connection::check_peer() {
  if (pausing_ == nullptr || !socket_.peer_has_ended()) return;
  hung_up_ = true;
  pausing_->cancel();
}

void Connection::drain() {
  if (pausing_ != nullptr) pausing_->cancel();
  if (phase_ != Phase::idle) return;
  timed_out_ = true;
  socket_.cancel();
}

void Connection::take_exchange() {
  if (exchange_) return;
  if (share_.spare.empty()) {
    exchange_ = std::make_unique<Exchange>();
  } else {
    exchange_ = std::move(share_.spare.back());
    share_.spare.pop_back();
  }
}

void Connection::give_exchange_back() {
  if (!exchange_) return;
  Exchange& done = *exchange_;
  done.parser.reset();
  done.input.clear();
  done.output.clear();
  done.written = 0;
  const std::size_t bytes = done.text.header.capacity() + done.text.forwarded_for.capacity() +
                            done.text.body.capacity() + done.input.capacity() + done.output.capacity();
  if (share_.spare.size() < spare_exchanges && bytes <= spare_exchange_bytes) {
    share_.spare.push_back(std::move(exchange_));
  }
  exchange_.reset();
}

asio::awaitable<void> Connection::serve() {
  if (!has_turn() && !co_await wait_for_turn()) co_return;
  while (true) {
    const Parsed parsed = parse();
    if (parsed == Parsed::wrong) {
      co_await refuse();
      co_return;
    }
    if (parsed == Parsed::part) {
      keep_rest();
      tell_to_continue();
      // What is answered goes out before more is waited for.
      Written written = write_some();
      if (written == Written::part && co_await flush()) written = Written::all;
      if (written != Written::all || !begin_waiting()) break;
      if (!timed_out_) {
        auto [error] = co_await socket_.wait_readable(as_result);
        if (!error) error = receive();
        if (!error || error == asio::error::would_block) continue;
      }
      if (!timed_out_ || phase_ == Phase::idle) break;
      failed_status_ = 408;
      co_await refuse();
      co_return;
    }
    Reply reply = begin_answer();
    if (auto* later = std::get_if<asio::awaitable<Answer>>(&reply)) reply = co_await std::move(*later);
    const bool goes_on = put_answer(std::get<Answer>(reply));
    const bool too_fast = std::get<Answer>(reply).pause && came_by_itself();
    if (!goes_on || too_fast || exchange_->output.size() >= share_.options.output_limit_bytes) {
      if (!co_await flush()) co_return;
    }
    if (!goes_on) {
      co_await linger();
      co_return;
    }
    if (too_fast && !co_await wait_for_turn()) co_return;
  }
  socket_.shutdown();
}

Connection::Parsed Connection::wrong(int status) {
  failed_status_ = status;
  return Parsed::wrong;
}

/// Parses what has come in, up to the end of one request.
Connection::Parsed Connection::parse() {
  if (unread_.empty()) return Parsed::part;
  take_exchange();
  if (!exchange_->parser) {
    exchange_->parser.emplace(exchange_->text, share_.options.header_limit_bytes, share_.options.body_limit_bytes);
    header_checked_ = false;
    header_bytes_ = 0;
  }
  RequestParser& parser = *exchange_->parser;
  while (!unread_.empty() && !parser.is_done()) {
    boost::beast::error_code error;
    const std::size_t used = parser.put(asio::buffer(unread_.data(), unread_.size()), error);
    unread_.remove_prefix(used);
    const bool incomplete = error == boost::beast::http::error::need_more;
    if (error && !incomplete) return wrong(status_of_parse_error(error));
    if (!header_checked_) {
      header_bytes_ += used;
      // Beast holds its limit against what one call brings, and a header may come in many.
      const std::size_t unparsed = parser.is_header_done() ? 0 : unread_.size();
      if (header_bytes_ + unparsed > share_.options.header_limit_bytes) return wrong(431);
      if (parser.is_header_done()) {
        header_checked_ = true;
        if (!parser.framing_holds()) return wrong(400);
        parser.eager(true);
      }
    }
    if (incomplete) break;
  }
  // Beast sets no limit to a chunk's extensions or to trailers, which it parses only when they are there in full.
  if (header_checked_ && !parser.is_done() && unread_.size() > share_.options.header_limit_bytes) return wrong(413);
  return parser.is_done() ? Parsed::whole : Parsed::part;
}

void Connection::tell_to_continue() {
  const bool body_is_missing = exchange_ && exchange_->parser && header_checked_ && phase_ != Phase::body;
  if (body_is_missing && exchange_->parser->expects_continue()) exchange_->output += "HTTP/1.1 100 Continue\r\n\r\n";
}

/// Says what is waited for now; false where the connection ends instead.
bool Connection::begin_waiting() {
  const bool begun = exchange_ && exchange_->parser;
  if (!begun) {
    if (share_.draining) return false;
    give_exchange_back();
    enter(Phase::idle);
    return true;
  }
  if (header_checked_ && phase_ != Phase::body) {
    enter(Phase::body);
  } else if (!header_checked_ && phase_ != Phase::header) {
    enter(Phase::header);
  }
  return true;
}

/// Before anything is waited for: the chunk is another's then.
void Connection::keep_rest() {
  if (!exchange_) return;
  std::string rest(unread_);
  exchange_->input = std::move(rest);
  unread_ = exchange_->input;
  in_chunk_ = false;
}

boost::system::error_code Connection::receive() {
  boost::system::error_code error;
  const std::size_t size = socket_.read_some(share_.chunk, error);
  if (error) return error;
  now_ = share_.clock.steady_now();
  if (phase_ == Phase::idle) enter(Phase::header);
  if (unread_.empty()) {
    unread_ = {share_.chunk.data(), size};
    in_chunk_ = true;
  } else {
    exchange_->input.append(share_.chunk.data(), size);
    unread_ = exchange_->input;
  }
  return error;
}

Reply Connection::begin_answer() {
  if (in_chunk_ && !unread_.empty()) keep_rest();
  enter(Phase::handling);
  Request& request = exchange_->request;
  exchange_->parser->fill(request);
  set_request_id(share_, request);
  request.received_at = now_;
  request.address = share_.dispatcher->client_address(place_.address(), exchange_->parser->forwarded_for());
  return share_.dispatcher->answer(request);
}

/// Adds the answer to the output; false where the connection ends behind it.
bool Connection::put_answer(Answer& answer) {
  const Request& request = exchange_->request;
  const bool goes_on = request.keep_alive && !answer.close && !answer.silent && !share_.draining;
  if (!answer.silent) {
    append_bytes(answer, request.request_id, goes_on, request.method == Method::head, share_.options.fixed_lines,
                 exchange_->output);
    std::string().swap(answer.body);  // or a large one is there twice while it is sent
  }
  exchange_->parser.reset();
  now_ = request.answered_at;
  enter(Phase::writing);
  return goes_on;
}

/// Writes what the socket takes at once.
Connection::Written Connection::write_some() {
  if (!exchange_) return Written::all;
  ZL_CRASH_POINT("http.answer_ready");
  std::string& output = exchange_->output;
  std::size_t& written = exchange_->written;
  while (written < output.size()) {
    boost::system::error_code error;
    written += socket_.write_some(std::string_view(output).substr(written), error);
    if (!error) continue;
    return error == asio::error::would_block && !timed_out_ ? Written::part : Written::failed;
  }
  ZL_CRASH_POINT("http.answer_sent");
  // A large one is not kept for the next: who goes on asking for those would hold it as long as they like.
  if (output.capacity() > spare_exchange_bytes) std::string().swap(output);
  output.clear();
  written = 0;
  return Written::all;
}

asio::awaitable<bool> Connection::flush() {
  now_ = share_.clock.steady_now();
  enter(Phase::writing);
  deadline_ += share_.options.write_timeout * static_cast<std::int64_t>(exchange_->output.size() / large_output_bytes);
  std::optional<UnsentLimit::Share> held;
  while (true) {
    const Written written = write_some();
    if (written != Written::part) co_return written == Written::all;
    if (!held) {
      // Without room for it the connection ends here, within its answer: whoever does not read is not told more.
      std::optional<UnsentLimit::Share> share = share_.unsent.take(place_.address(), exchange_->output.capacity());
      if (!share) co_return false;
      held.emplace(*std::move(share));
    }
    const auto [error] = co_await socket_.wait_writable(as_result);
    if (error) co_return false;
  }
}

/// Not through a proxy, whose connection carries others as well.
bool Connection::came_by_itself() const {
  return exchange_->request.address == place_.address() && !share_.dispatcher->is_proxy(place_.address());
}

/// Whether this connection may be read now. An address has so many turns as it may have connections at once, and new
/// ones at the rate of its requests: who is told 429 and comes on another connection gains nothing by it.
bool Connection::has_turn() {
  if (share_.options.pause == base::Milliseconds(0) || share_.dispatcher->is_proxy(place_.address())) return true;
  return share_.turns.take(limit_key(place_.address()), 1, now_) == 0;
}

/// Whoever asks or comes faster than allowed waits for it: else telling them so, again and again, would be at the cost
/// of others. False where nobody is there any more, or has waited for as long as anybody may be idle.
asio::awaitable<bool> Connection::wait_for_turn() {
  const base::SteadyTime end = now_ + share_.options.idle_timeout;
  while (true) {
    co_await pause();
    if (hung_up_ || share_.draining) co_return false;
    if (has_turn()) break;
    if (now_ >= end) co_return false;
  }
  enter(Phase::idle);
  co_return true;
}

asio::awaitable<void> Connection::pause() {
  enter(Phase::handling);
  asio::steady_timer timer(share_.ready.executor(), share_.options.pause);
  pausing_ = &timer;
  co_await timer.async_wait(as_result);
  pausing_ = nullptr;
  now_ = share_.clock.steady_now();
}

/// A request that could not be read to its end: nobody knows where the next one begins, so the connection ends.
asio::awaitable<void> Connection::refuse() {
  timed_out_ = false;
  exchange_->output += farewell(share_, code_of_status(failed_status_));
  if (co_await flush()) co_await linger();
}

asio::awaitable<void> Connection::linger() {
  socket_.shutdown_send();
  deadline_ = share_.clock.steady_now() + linger_time;
  for (std::size_t discarded = 0; discarded < linger_bytes && !timed_out_;) {
    auto [error] = co_await socket_.wait_readable(as_result);
    if (!error) discarded += socket_.read_some(share_.chunk, error);
    if (error && error != asio::error::would_block) co_return;
  }
}

}  // namespace zl::http
