// One keep-alive connection of a parent: requests one after the other, each with a timeout, reconnecting when it must.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace zl::rush {

using SteadyTime = std::chrono::steady_clock::time_point;

struct Server {
  boost::asio::ip::tcp::endpoint endpoint;
  std::string host;  ///< for the Host field
};

/// Resolves "http://host:port"; throws std::runtime_error with what is wrong.
Server resolve_server(const std::string& url);

struct Request {
  std::string_view method = "GET";
  std::string target;
  std::string token;            ///< of the Authorization field; none if empty
  std::string idempotency_key;  ///< none if empty
  std::string body;             ///< JSON; none if empty
};

enum class Delivery {
  answered = 1,
  not_sent,   ///< no connection: the server surely knows nothing of it
  unanswered  ///< sent, perhaps carried out
};

struct Answer {
  Delivery delivery = Delivery::not_sent;
  unsigned status = 0;
  std::string body;
  std::optional<double> retry_after_s;
  std::string failure;  ///< why there is no answer: "no connection", "timeout" or "connection lost"
  int sends = 0;
  SteadyTime first_sent;
};

class HttpClient {
 public:
  HttpClient(boost::asio::io_context& io, Server server, std::chrono::milliseconds timeout);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Waits until the requests before it are answered. A kept connection that turns out to have been closed before any
  /// byte of the answer is replaced once: all our requests may be repeated.
  boost::asio::awaitable<Answer> send(Request request);

 private:
  class Turn;

  boost::asio::awaitable<void> take_turn();
  void end_turn();
  boost::asio::awaitable<bool> connect();
  boost::asio::awaitable<bool> exchange(const std::string& bytes, Answer& answer);
  void close();
  void start_deadline();
  std::string serialise(const Request& request) const;

  boost::asio::io_context& io_;
  Server server_;
  std::chrono::milliseconds timeout_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  boost::beast::flat_buffer buffer_;
  unsigned exchange_ = 0;  ///< tells a deadline's handler whether its exchange still runs
  bool timed_out_ = false;
  bool answer_began_ = false;
  bool busy_ = false;
  std::deque<boost::asio::steady_timer*> waiting_;
};

}  // namespace zl::rush
