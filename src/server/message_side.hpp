// What sends messages to parents, and keeps what the platform tells of them. Made only where WeChat is enabled.
#pragma once

#include <memory>
#include <string>

#include "app/send_messages.hpp"
#include "app/track_messages.hpp"
#include "base/clock.hpp"
#include "runtime/metrics.hpp"
#include "runtime/task_group.hpp"
#include "server/config.hpp"
#include "server/wechat_side.hpp"
#include "store/mysql/message_store.hpp"
#include "wechat/message_sender.hpp"
#include "wechat/sms_hook.hpp"

namespace zl::server {

/// By kind, from the texts of the configuration, which were checked before.
app::MessageSetup message_setup(const WechatConfig& config);

mysql::NoticeTemplates notice_templates(const WechatConfig& config);

class MessageSide {
 public:
  struct Parts {
    std::unique_ptr<app::MessageStore> store;
    WechatSide& platform;
    runtime::TaskGroup& tasks;
    const base::Clock& clock;
    runtime::Metrics& metrics;
    int offset_minutes = 0;
    std::string page_url;  ///< what a tap on a message opens
  };

  MessageSide(const WechatConfig& config, Parts parts);
  MessageSide(const MessageSide&) = delete;
  MessageSide& operator=(const MessageSide&) = delete;

  /// Receipts, consents, and who follows.
  app::TrackMessages& track() { return track_; }

  app::SendMessages& sender() { return send_; }

 private:
  const std::unique_ptr<app::MessageStore> store_;
  const std::unique_ptr<wechat::SmsHook> sms_;  ///< null where none is configured
  wechat::MessageSender sender_;
  app::MessageMetrics metrics_;
  app::TrackMessages track_;
  app::SendMessages send_;
};

}  // namespace zl::server
