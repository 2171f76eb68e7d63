#include "wechat/sms_hook.hpp"

#include <chrono>
#include <utility>

#include "wechat/json.hpp"

namespace zl::wechat {
namespace {

using app::SendAnswer;
using app::SendVerdict;
using boost::asio::awaitable;

constexpr std::chrono::seconds wait_where_none_is_told{30};

std::string json_of(const app::SmsMessage& message) {
  return R"({"id":)" + json_text(message.id.hex()) + R"(,"kind":)" + json_text(domain::name(message.kind)) +
         R"(,"user_id":)" + json_text(message.user_id.hex()) + R"(,"booking_id":)" +
         json_text(message.booking_id.hex()) + R"(,"text":)" + json_text(message.text) + "}";
}

/// By the status, which also stands as the error.
SendAnswer answer_of(int status) {
  if (status >= 200 && status < 300) return {SendVerdict::accepted, {}, 0, {}};
  switch (status) {
    case 404:
      return {SendVerdict::unknown_person, {}, status, {}};
    case 408:
    case 429:
    case 503:
      return {SendVerdict::later, {}, status, wait_where_none_is_told};
    case 401:
    case 403:
      return {SendVerdict::misconfigured, {}, status, {}};
    default:
      break;
  }
  if (status >= 400 && status < 500) return {SendVerdict::refused, {}, status, {}};
  return {SendVerdict::unknown, {}, status, {}};
}

}  // namespace

awaitable<SendAnswer> SmsHook::send(app::SmsMessage message) {
  HttpRequest request{target_, json_of(message), token_};
  const base::Outcome<HttpAnswer> answer = co_await http_->fetch(std::move(request));
  if (answer.is_refused()) co_return SendAnswer{SendVerdict::later, {}, 0, wait_where_none_is_told};
  if (answer.is_unknown()) co_return SendAnswer{};
  co_return answer_of(answer->status);
}

std::unique_ptr<SmsHook> create_sms_hook(const std::string& url, std::string token, base::Milliseconds timeout) {
  const std::size_t scheme = url.find("://");
  const std::size_t path = scheme == std::string::npos ? scheme : url.find('/', scheme + 3);
  HttpClientConfig config;
  config.base_url = url.substr(0, path);
  config.timeout = timeout;
  std::string target = path == std::string::npos ? "/" : url.substr(path);
  return std::make_unique<SmsHook>(create_http_client(config), std::move(target), std::move(token));
}

}  // namespace zl::wechat
