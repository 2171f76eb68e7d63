#include "app/message_texts.hpp"

namespace zl::app {
namespace {

using domain::MessageKind;
using domain::MessageSlot;

/// At most five characters.
std::string state_text(MessageKind kind) {
  switch (kind) {
    case MessageKind::booked:
      return "已预约";
    case MessageKind::cancelled_by_user:
    case MessageKind::cancelled_by_station:
      return "已取消";
    case MessageKind::session_changed:
      return "有变更";
    case MessageKind::reminder:
      return "待参加";
    case MessageKind::offer:
      return "待确认";
  }
  return {};
}

std::string reason_text(const MessageContent& content) {
  return content.reason.empty() ? "活动已取消，敬请谅解" : content.reason;
}

std::string note_text(const ClaimedMessage& message) {
  switch (message.kind) {
    case MessageKind::booked:
      return "预约成功，请准时参加";
    case MessageKind::cancelled_by_user:
      return "您已取消预约";
    case MessageKind::cancelled_by_station:
      return reason_text(message.content);
    case MessageKind::session_changed:
      return "地点有变更，请留意";
    case MessageKind::reminder:
      return "明天有活动，请准时参加";
    case MessageKind::offer:
      return "有名额了，请尽快确认";
  }
  return {};
}

std::string text_of(const ClaimedMessage& message, MessageSlot slot, int offset_minutes) {
  const MessageContent& content = message.content;
  switch (slot) {
    case MessageSlot::activity:
      return content.activity;
    case MessageSlot::station:
      return content.station;
    case MessageSlot::attendee:
      return domain::masked_name(content.attendee);
    case MessageSlot::starts_at:
      return domain::time_text(content.session.starts_at, offset_minutes);
    case MessageSlot::period:
      return domain::period_text(content.session, offset_minutes);
    case MessageSlot::venue:
      return content.venue;
    case MessageSlot::note:
      return note_text(message);
    case MessageSlot::state:
      return state_text(message.kind);
    case MessageSlot::until:
      return domain::time_text(content.until.value_or(content.session.starts_at), offset_minutes);
    case MessageSlot::number:
      return content.booking_id.hex();
  }
  return {};
}

std::string where(const MessageContent& content) {
  return content.venue.empty() ? content.station : content.venue;
}

}  // namespace

std::vector<domain::MessageField> fields_of(const ClaimedMessage& message, const domain::MessageTemplate& shape,
                                            int offset_minutes) {
  std::vector<domain::MessageField> fields;
  fields.reserve(shape.fields.size());
  for (const domain::MessageTemplate::Field& field : shape.fields) {
    fields.push_back({field.name, domain::fitted(field.name, text_of(message, field.slot, offset_minutes))});
  }
  return fields;
}

std::string sentence_of(const ClaimedMessage& message, int offset_minutes) {
  const MessageContent& content = message.content;
  std::string what = "【" + content.station + "】" + domain::masked_name(content.attendee) + "的“" + content.activity +
                     "”（" + domain::time_text(content.session.starts_at, offset_minutes) + "，" + where(content) +
                     "）";
  switch (message.kind) {
    case MessageKind::booked:
      return what + "预约成功，请准时参加。";
    case MessageKind::cancelled_by_user:
      return what + "已按您的要求取消。";
    case MessageKind::cancelled_by_station:
      return what + "已由服务站取消。原因：" + reason_text(content) + "。";
    case MessageKind::session_changed:
      return what + "地点有变更，以本消息为准。";
    case MessageKind::reminder:
      return what + "明天举行，请准时参加。";
    case MessageKind::offer:
      return what + "有名额了，请在" + text_of(message, MessageSlot::until, offset_minutes) +
             "前确认，过时名额将让给下一位。";
  }
  return what;
}

}  // namespace zl::app
