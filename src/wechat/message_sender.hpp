// Template messages and subscription notices of the service account.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "app/message_channel.hpp"
#include "wechat/alarms.hpp"
#include "wechat/platform_api.hpp"

namespace zl::wechat {

/// What the platform's answer to a message means. Pure.
app::SendAnswer send_answer(const ApiReply& reply);

/// The body of either call; a notice has no id of ours.
std::string message_json(const app::PlatformMessage& message, bool is_notice);

/// Thread-safe. Tries once: the outbox repeats. Content that the platform refuses raises an alarm, since every value
/// was made to fit before. Source: "Template messages" and "Subscription notices", developers.weixin.qq.com.
class MessageSender final : public app::MessageChannel {
 public:
  static constexpr std::string_view template_path = "/cgi-bin/message/template/send";
  static constexpr std::string_view notice_path = "/cgi-bin/message/subscribe/bizsend";

  MessageSender(PlatformApi& api, Alarms& alarms) : api_(api), alarms_(alarms) {}

  boost::asio::awaitable<app::SendAnswer> send_template(app::PlatformMessage message) override;
  boost::asio::awaitable<app::SendAnswer> send_notice(app::PlatformMessage message) override;

 private:
  boost::asio::awaitable<app::SendAnswer> send(std::string_view path, std::string json);

  PlatformApi& api_;
  Alarms& alarms_;
};

}  // namespace zl::wechat
