#include "server/message_side.hpp"

#include <utility>

namespace zl::server {
namespace {

using domain::MessageKind;

void set(app::MessageSetup::Templates& templates, MessageKind kind, const std::string& text) {
  templates.at(static_cast<std::size_t>(kind)) = domain::MessageTemplate::parse(text);
}

app::MessageSetup::Templates by_kind(const MessageTemplates& texts) {
  app::MessageSetup::Templates templates;
  set(templates, MessageKind::booked, texts.booked);
  set(templates, MessageKind::cancelled_by_station, texts.cancelled);
  set(templates, MessageKind::session_changed, texts.changed);
  set(templates, MessageKind::reminder, texts.reminder);
  set(templates, MessageKind::offer, texts.offer);
  return templates;
}

std::unique_ptr<wechat::SmsHook> make_sms(const WechatConfig& config) {
  if (config.sms_url.empty()) return nullptr;
  return wechat::create_sms_hook(config.sms_url, config.sms_token, base::Milliseconds(config.call_timeout_ms));
}

app::SendingRules rules_of(const WechatConfig& config, int offset_minutes, std::string page_url) {
  return {message_setup(config), static_cast<int>(config.send_per_s), config.reminder_hour, offset_minutes,
          std::move(page_url)};
}

}  // namespace

app::MessageSetup message_setup(const WechatConfig& config) {
  return {by_kind(config.templates), by_kind(config.notices), !config.sms_url.empty()};
}

mysql::NoticeTemplates notice_templates(const WechatConfig& config) {
  mysql::NoticeTemplates ids;
  const app::MessageSetup::Templates notices = by_kind(config.notices);
  for (std::size_t kind = 0; kind < ids.size(); ++kind) {
    if (notices.at(kind)) ids.at(kind) = notices.at(kind)->id;
  }
  return ids;
}

MessageSide::MessageSide(const WechatConfig& config, Parts parts)
    : store_(std::move(parts.store)),
      sms_(make_sms(config)),
      sender_(parts.platform.api(), parts.platform.alarms()),
      metrics_(parts.metrics),
      track_(*store_, metrics_),
      send_({*store_, sender_, sms_.get(), parts.clock, parts.tasks, metrics_,
             rules_of(config, parts.offset_minutes, std::move(parts.page_url))}) {}

}  // namespace zl::server
