#include "wechat/login_api.hpp"

#include <chrono>
#include <utility>

#include "wechat/json.hpp"
#include "wechat/platform_api.hpp"
#include "wechat/url.hpp"

namespace zl::wechat {
namespace {

using base::Outcome;
using boost::asio::awaitable;

constexpr std::string_view web_path = "/sns/oauth2/access_token";
constexpr std::string_view mini_path = "/sns/jscode2session";

base::Refused unavailable(base::Milliseconds wait) {
  const auto wait_s = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return {base::Code::unavailable, "the platform's login", {}, static_cast<int>(wait_s)};
}

std::string target_of(std::string_view path, const AccountSecret& account, std::string_view code_name,
                      std::string_view code) {
  std::string target(path);
  target.append("?appid=").append(url_encoded(account.appid));
  target.append("&secret=").append(url_encoded(account.secret));
  target.append("&").append(code_name).append("=").append(url_encoded(code));
  return target.append("&grant_type=authorization_code");
}

Outcome<LoginAnswer> identity_in(std::string_view body) {
  const auto json = JsonObject::parse(body);
  if (!json) return LoginAnswer(LoginRefusal::restart);
  if (json->integer("is_snapshotuser").value_or(0) != 0) return LoginAnswer(LoginRefusal::virtual_user);
  PlatformIdentity identity{json->text("openid"), json->text("unionid"), json->text("session_key")};
  if (identity.openid.empty()) return LoginAnswer(LoginRefusal::restart);
  return LoginAnswer(std::move(identity));
}

/// Of a code's exchange, by what the answer asks for.
Outcome<LoginAnswer> login_of(const ApiReply& reply) {
  switch (reply.reaction) {
    case Reaction::proceed:
      return identity_in(reply.body);
    case Reaction::back_off:  // the code may be spent all the same
    case Reaction::restart_login:
    case Reaction::authorize_again:
      return LoginAnswer(LoginRefusal::restart);
    case Reaction::refuse_person:
      return LoginAnswer(LoginRefusal::blocked);
    case Reaction::refresh_token:
    case Reaction::wait_for_minute:
    case Reaction::wait_for_day:
    case Reaction::alarm:
    case Reaction::refuse_message:
      return unavailable(std::chrono::minutes(1));
  }
  return LoginAnswer(LoginRefusal::restart);
}

}  // namespace

awaitable<Outcome<LoginAnswer>> LoginApi::exchange_web_code(const AccountSecret& account, std::string_view code) {
  return exchange(web_path, target_of(web_path, account, "code", code));
}

awaitable<Outcome<LoginAnswer>> LoginApi::exchange_mini_code(const AccountSecret& account, std::string_view code) {
  return exchange(mini_path, target_of(mini_path, account, "js_code", code));
}

awaitable<Outcome<LoginAnswer>> LoginApi::exchange(std::string_view path, std::string target) {
  if (const auto wait = stops_.wait_of(path); wait > base::Milliseconds(0)) co_return unavailable(wait);
  HttpRequest request{std::move(target), {}};
  const auto answer = co_await http_.fetch(std::move(request));
  if (answer.is_refused()) co_return answer.as<LoginAnswer>();
  const auto reply = answer ? read_reply(*answer) : std::nullopt;
  if (!reply) co_return LoginAnswer(LoginRefusal::restart);
  if (reply->reaction == Reaction::wait_for_day) stops_.stop_for_day(path);
  // The minute's quota of 45011 is each user's own, so it stops nobody else.
  const bool alarming = reply->reaction == Reaction::alarm || reply->reaction == Reaction::refresh_token ||
                        reply->reaction == Reaction::wait_for_day;
  if (alarming) alarms_.raise(path, reply->errcode, reply->rid);
  co_return login_of(*reply);
}

}  // namespace zl::wechat
