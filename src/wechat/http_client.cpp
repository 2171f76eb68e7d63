#include "wechat/http_client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/clock.hpp"
#include "runtime/event.hpp"
#include "runtime/guard.hpp"
#include "wechat/http_date.hpp"
#include "wechat/url.hpp"

namespace zl::wechat {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using asio::awaitable;
using asio::ip::tcp;
using base::Outcome;
using base::SteadyTime;
using boost::system::error_code;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t header_limit_bytes = 16U * 1024;

base::Refused not_sent(const error_code& error) {
  return {base::Code::unavailable, "the platform can't be reached: " + error.message(), {}, 1};
}

/// The addresses of a host. Looking up blocks a thread of Asio's that can't be interrupted, so the caller may go on
/// without it.
struct LookUp {
  explicit LookUp(const asio::any_io_executor& executor) : resolver(executor) {}

  tcp::resolver resolver;
  tcp::resolver::results_type found;
  error_code error;
  runtime::Event done;
};

awaitable<void> look_up(std::shared_ptr<LookUp> task, std::string host, std::string port) {
  auto [error, found] = co_await task->resolver.async_resolve(host, port, as_result);
  task->error = error;
  task->found = std::move(found);
  task->done.set();
}

class BeastHttpClient final : public HttpClient {
 public:
  BeastHttpClient(const HttpClientConfig& config, Origin origin)
      : config_(config),
        origin_(std::move(origin)),
        calls_(std::make_shared<runtime::BoundedCount>(config.calls_limit)),
        tls_(ssl::context::tls_client) {
    tls_.set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
    tls_.set_verify_mode(ssl::verify_peer);
    tls_.set_verify_callback(ssl::host_name_verification(origin_.host));
    if (!origin_.secure) return;
    error_code error;
    if (config.ca_file.empty()) {
      tls_.set_default_verify_paths(error);
    } else {
      tls_.load_verify_file(config.ca_file, error);
    }
    if (error) throw std::runtime_error("the certificates of trusted authorities can't be read: " + error.message());
  }

  awaitable<Outcome<HttpAnswer>> fetch(HttpRequest request) override {
    // Held here too: a call that is cut off by the end of the loops gives its place back after the client is gone.
    const std::shared_ptr<runtime::BoundedCount> calls = calls_;
    const std::optional<runtime::CountGuard> place = calls->try_take();
    if (!place) co_return base::Refused{base::Code::overloaded, "too many calls of the platform are under way", {}, 1};
    const SteadyTime deadline = SteadyTime::clock::now() + config_.timeout;
    const auto task = std::make_shared<LookUp>(co_await asio::this_coro::executor);
    asio::co_spawn(task->resolver.get_executor(), look_up(task, origin_.host, std::to_string(origin_.port)),
                   asio::detached);
    if (!co_await task->done.wait(config_.timeout)) co_return not_sent(asio::error::timed_out);
    if (task->error) co_return not_sent(task->error);

    beast::tcp_stream stream(co_await asio::this_coro::executor);
    stream.expires_at(deadline);
    const auto [error, endpoint] = co_await stream.async_connect(task->found, as_result);
    if (error) co_return not_sent(error);
    stream.socket().set_option(tcp::no_delay(true));
    if (!origin_.secure) co_return co_await exchange(stream, message(std::move(request)));
    co_return co_await exchange_securely(std::move(stream), message(std::move(request)));
  }

 private:
  using Message = http::request<http::string_body>;

  Message message(HttpRequest request) const {
    Message made(request.json.empty() ? http::verb::get : http::verb::post, request.target, 11);
    const bool usual_port = origin_.port == (origin_.secure ? 443 : 80);
    made.set(http::field::host, usual_port ? origin_.host : origin_.host + ":" + std::to_string(origin_.port));
    made.set(http::field::connection, "close");
    made.set(http::field::accept, "application/json");
    if (!request.bearer.empty()) made.set(http::field::authorization, "Bearer " + request.bearer);
    if (!request.json.empty()) {
      made.set(http::field::content_type, "application/json; charset=utf-8");
      made.body() = std::move(request.json);
      made.prepare_payload();
    }
    return made;
  }

  awaitable<Outcome<HttpAnswer>> exchange_securely(beast::tcp_stream connected, Message message) {
    beast::ssl_stream<beast::tcp_stream> stream(std::move(connected), tls_);
    if (SSL_set_tlsext_host_name(stream.native_handle(), origin_.host.c_str()) != 1) {
      throw std::runtime_error("OpenSSL failed to set the server's name");
    }
    const auto [error] = co_await stream.async_handshake(ssl::stream_base::client, as_result);
    if (error) co_return not_sent(error);
    co_return co_await exchange(stream, std::move(message));
  }

  /// From the first byte on the platform may have acted, whatever comes back.
  template <class Stream>
  awaitable<Outcome<HttpAnswer>> exchange(Stream& stream, Message message) {
    const auto [write_error, written] = co_await http::async_write(stream, message, as_result);
    if (write_error) co_return base::Unknown{"sending to the platform: " + write_error.message()};
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(config_.answer_limit_bytes);
    parser.header_limit(header_limit_bytes);
    const auto [read_error, read] = co_await http::async_read(stream, buffer, parser, as_result);
    if (read_error) co_return base::Unknown{"the platform's answer: " + read_error.message()};
    auto& response = parser.get();
    const auto date = parse_http_date(response[http::field::date]);
    co_return HttpAnswer{static_cast<int>(response.result_int()), std::move(response.body()), date};
  }

  const HttpClientConfig config_;
  const Origin origin_;
  const std::shared_ptr<runtime::BoundedCount> calls_;
  ssl::context tls_;
};

}  // namespace

std::unique_ptr<HttpClient> create_http_client(const HttpClientConfig& config) {
  auto origin = origin_of(config.base_url);
  const std::size_t path = config.base_url.find('/', config.base_url.find("://") + 3);
  if (!origin || path != std::string::npos) {
    throw std::invalid_argument("the platform's address is of the form https://host or http://host:port");
  }
  return std::make_unique<BeastHttpClient>(config, *std::move(origin));
}

}  // namespace zl::wechat
