// The hook for a provider of text messages: a small POST to an address of the operator's.
//
// POST <url>, "Authorization: Bearer <token>" where there is a token, and
//   {"id": "<32 hex>", "kind": "offer", "user_id": "<32 hex>", "booking_id": "<32 hex>", "text": "…"}
// Zhonglou knows no phone numbers: the hook finds the parent's by `user_id`, the id that /api/v1/me shows. The same
// `id` is the same message, which may come again where an answer was lost. Answers: 2xx it is taken on; 404 nobody is
// known by that id; another 4xx it will not be sent (a hook refuses so the kinds that it isn't paid for); 408, 429 and
// 5xx later.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "app/message_channel.hpp"
#include "wechat/http_client.hpp"

namespace zl::wechat {

/// `target` is the path and query that is posted to. Thread-safe.
class SmsHook final : public app::SmsChannel {
 public:
  SmsHook(std::unique_ptr<HttpClient> http, std::string target, std::string token)
      : http_(std::move(http)), target_(std::move(target)), token_(std::move(token)) {}

  boost::asio::awaitable<app::SendAnswer> send(app::SmsMessage message) override;

 private:
  const std::unique_ptr<HttpClient> http_;
  const std::string target_;
  const std::string token_;  ///< a secret
};

/// A hook at `url`. Throws std::invalid_argument where that is no http or https address.
std::unique_ptr<SmsHook> create_sms_hook(const std::string& url, std::string token, base::Milliseconds timeout);

}  // namespace zl::wechat
