#include "wechat/message_sender.hpp"

#include <chrono>
#include <utility>

#include "wechat/json.hpp"

namespace zl::wechat {
namespace {

using app::SendAnswer;
using app::SendVerdict;
using boost::asio::awaitable;

constexpr int concurrent_sends = 43108;
constexpr int not_following = 43004;
constexpr int no_consent = 43101;
/// After a quota's first refusal; the next call is told how long it lasts.
constexpr std::chrono::minutes minute_quota_wait{1};
constexpr std::chrono::hours day_quota_wait{1};
constexpr std::chrono::seconds token_wait{30};
constexpr std::chrono::seconds concurrent_wait{2};

SendAnswer later(const ApiReply& reply, base::Milliseconds wait) {
  return {SendVerdict::later, {}, reply.errcode, wait};
}

SendVerdict verdict_on_person(int errcode) {
  if (errcode == not_following) return SendVerdict::not_following;
  return errcode == no_consent ? SendVerdict::no_consent : SendVerdict::unknown_person;
}

}  // namespace

SendAnswer send_answer(const ApiReply& reply) {
  switch (reply.reaction) {
    case Reaction::proceed: {
      const auto json = JsonObject::parse(reply.body);
      return {SendVerdict::accepted, json ? json->text("msgid") : std::string(), 0, {}};
    }
    case Reaction::back_off:
      if (reply.errcode == concurrent_sends) return later(reply, concurrent_wait);
      // A busy platform has now and then done what it was too busy to answer.
      return {SendVerdict::unknown, {}, reply.errcode, {}};
    case Reaction::refresh_token:
      return later(reply, token_wait);
    case Reaction::wait_for_minute:
      return later(reply, minute_quota_wait);
    case Reaction::wait_for_day:
      return later(reply, day_quota_wait);
    case Reaction::refuse_person:
      return {verdict_on_person(reply.errcode), {}, reply.errcode, {}};
    case Reaction::refuse_message:
      return {SendVerdict::refused, {}, reply.errcode, {}};
    case Reaction::alarm:
    case Reaction::restart_login:
    case Reaction::authorize_again:
      return {SendVerdict::misconfigured, {}, reply.errcode, {}};
  }
  return {SendVerdict::unknown, {}, reply.errcode, {}};
}

std::string message_json(const app::PlatformMessage& message, bool is_notice) {
  std::string json =
      R"({"touser":)" + json_text(message.openid) + R"(,"template_id":)" + json_text(message.template_id);
  if (!message.url.empty()) json += (is_notice ? R"(,"page":)" : R"(,"url":)") + json_text(message.url);
  if (!is_notice) json += R"(,"client_msg_id":)" + json_text(message.id.hex());
  json += R"(,"data":{)";
  bool first = true;
  for (const domain::MessageField& field : message.fields) {
    json += std::string(first ? "" : ",") + json_text(field.name) + R"(:{"value":)" + json_text(field.value) + "}";
    first = false;
  }
  return json + "}}";
}

awaitable<SendAnswer> MessageSender::send_template(app::PlatformMessage message) {
  co_return co_await send(template_path, message_json(message, false));
}

awaitable<SendAnswer> MessageSender::send_notice(app::PlatformMessage message) {
  co_return co_await send(notice_path, message_json(message, true));
}

awaitable<SendAnswer> MessageSender::send(std::string_view path, std::string json) {
  ApiCall call{path, {}, std::move(json), false};
  const base::Outcome<ApiReply> reply = co_await api_.call(std::move(call));
  if (reply.is_refused()) {
    const std::chrono::seconds wait(reply.refused().retry_after_s);
    co_return SendAnswer{SendVerdict::later, {}, 0, wait};
  }
  if (reply.is_unknown()) co_return SendAnswer{};
  const SendAnswer answer = send_answer(*reply);
  if (answer.verdict == SendVerdict::refused) alarms_.raise(path, reply->errcode, reply->rid);
  co_return answer;
}

}  // namespace zl::wechat
