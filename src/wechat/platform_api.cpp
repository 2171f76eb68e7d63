#include "wechat/platform_api.hpp"

#include <chrono>
#include <limits>
#include <utility>

#include "wechat/json.hpp"
#include "wechat/url.hpp"

namespace zl::wechat {
namespace {

using base::Outcome;
using boost::asio::awaitable;

constexpr base::Milliseconds first_wait{1'000};  // while the platform is busy; doubled from try to try
constexpr int tries_max = 5;
constexpr int status_ok = 200;

base::Refused stopped(base::Milliseconds wait) {
  const auto wait_s = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return {base::Code::unavailable, "the platform's quota is used up", {}, static_cast<int>(wait_s)};
}

}  // namespace

std::optional<ApiReply> read_reply(const HttpAnswer& answer) {
  if (answer.status != status_ok) return std::nullopt;
  const auto json = JsonObject::parse(answer.body);
  if (!json) return std::nullopt;
  // Answers without an error leave the code out where they like.
  const std::int64_t errcode = json->integer("errcode").value_or(0);
  if (errcode < std::numeric_limits<int>::min() || errcode > std::numeric_limits<int>::max()) return std::nullopt;
  const int code = static_cast<int>(errcode);
  return ApiReply{reaction_to(code), code, code == 0 ? std::string() : rid_of(json->text("errmsg")), answer.body};
}

awaitable<Outcome<ApiReply>> PlatformApi::call(ApiCall call) {
  base::Milliseconds wait = first_wait;
  for (int tried = 1;; ++tried) {
    auto outcome = co_await call_with_token(call);
    const bool busy = outcome && outcome->reaction == Reaction::back_off;
    const bool again = busy || outcome.is_unknown();
    if (!again || !call.may_be_repeated || tried == tries_max) co_return outcome;
    co_await parts_.sleeper.sleep_for(wait);
    wait *= 2;
  }
}

awaitable<Outcome<ApiReply>> PlatformApi::call_with_token(const ApiCall& call) {
  if (const auto wait = parts_.stops.wait_of(call.path); wait > base::Milliseconds(0)) co_return stopped(wait);
  const auto token = co_await parts_.tokens.get();
  if (!token) co_return token.as<ApiReply>();
  auto outcome = co_await send(call, *token);
  if (!outcome || outcome->reaction != Reaction::refresh_token) co_return outcome;
  co_await parts_.tokens.discard(*token);
  const auto fresh = co_await parts_.tokens.get();
  // The platform refused the first one, so nothing has happened yet.
  if (!fresh) co_return fresh.as<ApiReply>();
  co_return co_await send(call, *fresh);
}

awaitable<Outcome<ApiReply>> PlatformApi::send(const ApiCall& call, const std::string& token) {
  HttpRequest request{std::string(call.path) + "?access_token=" + url_encoded(token), call.json};
  if (!call.query.empty()) request.target.append("&").append(call.query);
  const auto answer = co_await parts_.http.fetch(std::move(request));
  if (!answer) co_return answer.as<ApiReply>();
  auto reply = read_reply(*answer);
  if (!reply) co_return base::Unknown{"not an answer of the platform, status " + std::to_string(answer->status)};
  note(call, *reply);
  co_return *std::move(reply);
}

void PlatformApi::note(const ApiCall& call, const ApiReply& reply) {
  switch (reply.reaction) {
    case Reaction::wait_for_minute:
      return parts_.stops.stop_for_minute(call.path);
    case Reaction::wait_for_day:
      parts_.stops.stop_for_day(call.path);
      return parts_.alarms.raise(call.path, reply.errcode, reply.rid);
    case Reaction::alarm:
      return parts_.alarms.raise(call.path, reply.errcode, reply.rid);
    case Reaction::proceed:
    case Reaction::refresh_token:
    case Reaction::back_off:
    case Reaction::restart_login:
    case Reaction::authorize_again:
    case Reaction::refuse_person:
    case Reaction::refuse_message:
      return;
  }
}

}  // namespace zl::wechat
