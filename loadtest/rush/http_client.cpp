// Requests are written as text and answers read by Beast's parser. The deadline closes the socket, which ends whatever
// operation waits on it; nothing here races two operations against each other.
#include "rush/http_client.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace zl::rush {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
// Takes a booking's answer, header and all, in one read; reserved beforehand, not in the second of the release.
constexpr std::size_t usual_answer_bytes = 4096;

std::optional<double> read_retry_after(const http::response<http::string_body>& response) {
  const auto text = response[http::field::retry_after];
  int seconds = 0;
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return text.empty() || error != std::errc{} ? std::nullopt : std::optional<double>(seconds);
}

}  // namespace

Server resolve_server(const std::string& url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) {
    throw std::runtime_error(fmt::format("{}: only http:// is spoken here", url));
  }
  std::string authority = url.substr(scheme.size());
  authority = authority.substr(0, authority.find('/'));
  const auto colon = authority.rfind(':');
  const bool has_port = colon != std::string::npos && authority.find(']', colon) == std::string::npos;
  std::string host = has_port ? authority.substr(0, colon) : authority;
  const std::string port = has_port ? authority.substr(colon + 1) : "80";
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  asio::io_context io(1);
  boost::system::error_code error;
  const auto found = asio::ip::tcp::resolver(io).resolve(host, port, error);
  if (error || found.empty()) {
    throw std::runtime_error(fmt::format("{}: {}", url, error.message()));
  }
  return {.endpoint = found.begin()->endpoint(), .host = authority};
}

/// Holds the connection for one request and hands it to the next in line.
class HttpClient::Turn {
 public:
  explicit Turn(HttpClient& client) : client_(client) {}
  ~Turn() { client_.end_turn(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  HttpClient& client_;
};

HttpClient::HttpClient(asio::io_context& io, Server server, std::chrono::milliseconds timeout)
    : io_(io), server_(std::move(server)), timeout_(timeout), socket_(io), deadline_(io) {
  buffer_.reserve(usual_answer_bytes);
}

asio::awaitable<Answer> HttpClient::send(Request request) {
  co_await take_turn();
  const Turn turn(*this);
  const std::string bytes = serialise(request);
  Answer answer;
  bool again = true;
  while (again) {
    again = false;
    const bool kept = socket_.is_open();
    start_deadline();
    if (!kept && !co_await connect()) {
      answer.failure = timed_out_ ? "timeout" : "no connection";
      break;
    }
    if (answer.sends == 0) {
      answer.first_sent = std::chrono::steady_clock::now();
    }
    answer.sends += 1;
    answer.delivery = Delivery::unanswered;
    if (co_await exchange(bytes, answer)) {
      answer.delivery = Delivery::answered;
    } else {
      again = kept && !timed_out_ && !answer_began_;
      answer.failure = timed_out_ ? "timeout" : "connection lost";
      close();
    }
  }
  exchange_ += 1;
  deadline_.cancel();
  co_return answer;
}

asio::awaitable<void> HttpClient::take_turn() {
  if (!std::exchange(busy_, true)) {
    co_return;
  }
  asio::steady_timer line(io_, SteadyTime::max());
  waiting_.push_back(&line);
  co_await line.async_wait(as_result);
}

void HttpClient::end_turn() {
  if (waiting_.empty()) {
    busy_ = false;
    return;
  }
  asio::steady_timer* next = waiting_.front();
  waiting_.pop_front();
  next->cancel();
}

asio::awaitable<bool> HttpClient::connect() {
  buffer_.clear();
  const auto [error] = co_await socket_.async_connect(server_.endpoint, as_result);
  if (error) {
    close();
    co_return false;
  }
  boost::system::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  co_return true;
}

asio::awaitable<bool> HttpClient::exchange(const std::string& bytes, Answer& answer) {
  answer_began_ = false;
  const auto [write_error, written] = co_await asio::async_write(socket_, asio::buffer(bytes), as_result);
  if (write_error) {
    co_return false;
  }
  http::response_parser<http::string_body> parser;
  const auto [read_error, read] = co_await http::async_read(socket_, buffer_, parser, as_result);
  answer_began_ = parser.got_some();
  if (read_error) {
    co_return false;
  }
  answer.status = parser.get().result_int();
  answer.retry_after_s = read_retry_after(parser.get());
  answer.body = std::move(parser.get().body());
  if (!parser.get().keep_alive()) {
    close();
  }
  co_return true;
}

void HttpClient::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  buffer_.clear();
}

void HttpClient::start_deadline() {
  timed_out_ = false;
  exchange_ += 1;
  deadline_.expires_after(timeout_);
  deadline_.async_wait([this, exchange = exchange_](boost::system::error_code error) {
    if (!error && exchange == exchange_) {
      timed_out_ = true;
      close();
    }
  });
}

std::string HttpClient::serialise(const Request& request) const {
  std::string bytes = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nAccept-Language: en\r\nUser-Agent: zhonglou-rush\r\n",
                                  request.method, request.target, server_.host);
  if (!request.token.empty()) {
    bytes += fmt::format("Authorization: Bearer {}\r\n", request.token);
  }
  if (!request.idempotency_key.empty()) {
    bytes += fmt::format("Idempotency-Key: {}\r\n", request.idempotency_key);
  }
  if (!request.body.empty()) {
    bytes += "Content-Type: application/json\r\n";
  }
  if (request.method != "GET") {
    bytes += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  return bytes + "\r\n" + request.body;
}

}  // namespace zl::rush
