// What the platform pushes to, in a test.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>

#include "app/platform_callback.hpp"
#include "wechat/callback.hpp"

namespace zl::test {

/// Where the emulator pushes to, in plain mode: a thread that takes one request at a time.
class PushReceiver {
 public:
  using Take = std::function<void(app::Push)>;

  /// `token` as the account has it.
  PushReceiver(std::string_view token, std::string_view appid, Take take)
      : take_(std::move(take)),
        callback_(wechat::Callback::create({wechat::CallbackMode::plain, std::string(token), "", std::string(appid)})
                      .value()),
        thread_([this] { serve(); }) {}
  PushReceiver(const PushReceiver&) = delete;
  PushReceiver& operator=(const PushReceiver&) = delete;
  ~PushReceiver() {
    stopping_ = true;
    boost::system::error_code ignored;
    tcp::socket waker(context_);
    waker.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/push"; }

 private:
  using tcp = boost::asio::ip::tcp;

  static app::PushQuery query_of(std::string_view target) {
    std::map<std::string, std::string, std::less<>> values;
    for (std::string_view rest = target.substr(target.find('?') + 1); !rest.empty();) {
      const std::string_view pair = rest.substr(0, rest.find('&'));
      values.emplace(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
      rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    }
    app::PushQuery query;
    query.signature = values["signature"];
    query.timestamp = values["timestamp"];
    query.nonce = values["nonce"];
    query.echostr = values["echostr"];
    return query;
  }

  void serve() {
    namespace http = boost::beast::http;
    while (!stopping_) {
      boost::system::error_code error;
      tcp::socket socket(context_);
      acceptor_.accept(socket, error);
      if (error || stopping_) continue;
      boost::beast::flat_buffer buffer;
      http::request<http::string_body> request;
      http::read(socket, buffer, request, error);
      if (error) continue;
      const app::PushQuery query = query_of(std::string_view(request.target()));
      http::response<http::string_body> response(http::status::ok, request.version());
      response.body() = request.method() == http::verb::get ? callback_.check_url(query).value_or("forged")
                                                            : taken(query, request.body());
      response.prepare_payload();
      http::write(socket, response, error);
    }
  }
  std::string taken(const app::PushQuery& query, const std::string& body) {
    auto received = callback_.receive(query, body);
    if (auto* push = std::get_if<wechat::Received>(&received)) take_(std::move(push->push));
    return std::string(wechat::Callback::no_words);
  }

  Take take_;
  const wechat::Callback callback_;
  std::atomic<bool> stopping_ = false;
  boost::asio::io_context context_{1};
  tcp::acceptor acceptor_{context_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};
  std::thread thread_;
};

}  // namespace zl::test
