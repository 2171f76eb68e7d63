#include "wechat/push_reader.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "base/id.hpp"
#include "base/limits.hpp"
#include "runtime/sha256.hpp"
#include "wechat/xml.hpp"

namespace zl::wechat {
namespace {

using app::PushContent;

constexpr std::string_view scene_prefix = "qrscene_";
constexpr std::size_t account_length_max = 64;
constexpr std::size_t number_length_max = 20;

bool is_name(std::string_view text, std::size_t length_max) {
  return !text.empty() && text.size() <= length_max && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= number_length_max &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::int64_t> seconds_of(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (fault != std::errc() || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return seconds;
}

app::Delivery delivery_of(std::string_view status) {
  if (status == "success") return app::Delivery::delivered;
  if (status.find("user block") != std::string_view::npos) return app::Delivery::blocked_by_user;
  return app::Delivery::failed;
}

PushContent template_report(const XmlElement& push) {
  const std::string status = push.text("Status");
  return app::Delivered{{{push.text("MsgID"), {}, delivery_of(status), status}}};
}

PushContent subscription_reports(const XmlElement& push) {
  app::Delivered delivered;
  for (const XmlElement& item : push.child("SubscribeMsgSentEvent").children("List", push_list_limit)) {
    const std::string status = item.text("ErrorStatus");
    const bool done = item.text("ErrorCode") == "0";
    delivered.reports.push_back(
        {item.text("MsgID"), item.text("TemplateId"), done ? app::Delivery::delivered : delivery_of(status), status});
    // An error code beside the word "success" is an error.
    if (!done && delivered.reports.back().delivery == app::Delivery::delivered) {
      delivered.reports.back().delivery = app::Delivery::failed;
    }
  }
  return delivered;
}

PushContent consents(const XmlElement& list, app::Consent where_rejected) {
  app::ConsentChanged changed;
  for (const XmlElement& item : list.children("List", push_list_limit)) {
    const std::string status = item.text("SubscribeStatusString");
    // Agreeing in the settings is no consent to one more notice; only the pop-up's word is.
    const bool given = status == "accept" && where_rejected == app::Consent::refused;
    if (!given && status != "reject") continue;
    changed.changes.push_back({item.text("TemplateId"), given ? app::Consent::given : where_rejected});
  }
  return changed;
}

/// The documentation's sample of a change spells its list like that of the pop-up.
XmlElement change_list(const XmlElement& push) {
  return push.child(push.has("SubscribeMsgChangeEvent") ? "SubscribeMsgChangeEvent" : "SubscribeMsgPopupEvent");
}

PushContent event_of(const XmlElement& push) {
  std::string event = push.text("Event");
  std::string event_key = push.text("EventKey");
  if (event == "subscribe") {
    const bool scanned = event_key.starts_with(scene_prefix);
    return app::Followed{scanned ? event_key.substr(scene_prefix.size()) : std::string()};
  }
  if (event == "unsubscribe") return app::Unfollowed{};
  if (event == "SCAN") return app::Scanned{std::move(event_key)};
  if (event == "CLICK") return app::MenuPressed{std::move(event_key)};
  if (event == "TEMPLATESENDJOBFINISH") return template_report(push);
  if (event == "subscribe_msg_sent_event") return subscription_reports(push);
  if (event == "subscribe_msg_popup_event") {
    return consents(push.child("SubscribeMsgPopupEvent"), app::Consent::refused);
  }
  if (event == "subscribe_msg_change_event") return consents(change_list(push), app::Consent::withdrawn);
  return app::OtherPush{std::move(event)};
}

/// The lengths keep two lists of fields with the same letters apart.
void append_field(std::string& fields, std::string_view field) {
  fields.append(std::to_string(field.size())).append(":").append(field);
}

/// The platform's own rule is sender and second; more than one event can happen in a second, so all that a repetition
/// repeats is taken in.
std::string event_key(const XmlElement& push, const app::Push& read) {
  std::string fields;
  for (const std::string_view name : {"ToUserName", "FromUserName", "CreateTime", "Event", "EventKey", "MsgID"}) {
    append_field(fields, push.text(name));
  }
  if (const auto* delivered = std::get_if<app::Delivered>(&read.content)) {
    for (const app::DeliveryReport& report : delivered->reports) append_field(fields, report.message_id);
  } else if (const auto* changed = std::get_if<app::ConsentChanged>(&read.content)) {
    for (const app::ConsentChange& change : changed->changes) append_field(fields, change.template_id);
  }
  return "e" + base::to_hex(runtime::view(runtime::sha256(fields)).substr(0, 16));
}

}  // namespace

std::optional<app::Push> read_push(std::string_view xml) {
  const std::optional<XmlElement> push = XmlElement::parse(xml);
  if (!push) return std::nullopt;
  const auto created_at_s = seconds_of(push->text("CreateTime"));
  const std::string kind = push->text("MsgType");
  app::Push read{{}, push->text("FromUserName"), push->text("ToUserName"), created_at_s.value_or(0), {}};
  if (!created_at_s || kind.empty() || !is_name(read.openid, base::limits::openid_length) ||
      !is_name(read.account, account_length_max)) {
    return std::nullopt;
  }
  if (kind == "event") {
    read.content = event_of(*push);
    read.key = event_key(*push, read);
    return read;
  }
  const std::string message_id = push->text("MsgId");
  if (!is_number(message_id)) return std::nullopt;
  read.key = "m" + message_id;
  read.content = kind == "text" ? PushContent(app::Said{push->text("Content")}) : PushContent(app::OtherPush{kind});
  return read;
}

}  // namespace zl::wechat
