#include "wechat/platform_ports.hpp"

#include "wechat/js_signature.hpp"
#include "wechat/url.hpp"

namespace zl::wechat {
namespace {

using base::Outcome;
using boost::asio::awaitable;

constexpr std::int64_t ms_per_s = 1000;

app::PlatformRefusal refusal_of(LoginRefusal refusal) {
  switch (refusal) {
    case LoginRefusal::restart:
      return app::PlatformRefusal::restart;
    case LoginRefusal::virtual_user:
      return app::PlatformRefusal::virtual_user;
    case LoginRefusal::blocked:
      return app::PlatformRefusal::blocked;
  }
  return app::PlatformRefusal::restart;
}

/// What leaves this layer: a mini-program's session key does not.
Outcome<app::PlatformAnswer> answer_of(const Outcome<LoginAnswer>& outcome, const std::string& appid) {
  if (!outcome) return outcome.as<app::PlatformAnswer>();
  if (const auto* refusal = std::get_if<LoginRefusal>(&*outcome)) return app::PlatformAnswer(refusal_of(*refusal));
  const auto& identity = std::get<PlatformIdentity>(*outcome);
  return app::PlatformAnswer(app::PlatformIdentity{appid, identity.openid, identity.unionid});
}

}  // namespace

std::string WechatLogin::authorize_url(const std::string& state) const {
  return wechat::authorize_url(
      {accounts_.authorize_origin, accounts_.service.appid, accounts_.redirect_uri, accounts_.ask_profile, state});
}

awaitable<Outcome<app::PlatformAnswer>> WechatLogin::exchange_web_code(std::string code) {
  const auto outcome = co_await api_.exchange_web_code(accounts_.service, code);
  co_return answer_of(outcome, accounts_.service.appid);
}

awaitable<Outcome<app::PlatformAnswer>> WechatLogin::exchange_mini_code(std::string code) {
  const auto outcome = co_await api_.exchange_mini_code(accounts_.mini, code);
  co_return answer_of(outcome, accounts_.mini.appid);
}

awaitable<Outcome<app::PageSignature>> WechatPageSigner::sign(std::string url) {
  const auto page = origin_of(url);
  // Asked first: the pages of others cost no ticket.
  if (!page || page != origin_of(public_url_)) {
    co_return base::Refused{base::Code::forbidden, "only pages of this site are signed", {}, 0};
  }
  const auto ticket = co_await tickets_.get();
  if (!ticket) co_return ticket.as<app::PageSignature>();
  auto config = sign_page(appid_, *ticket, url, public_url_, clock_.wall_now().unix_ms / ms_per_s, random_);
  if (!config) co_return base::Refused{base::Code::forbidden, "only pages of this site are signed", {}, 0};
  co_return app::PageSignature{std::move(config->appid), config->timestamp, std::move(config->nonce),
                               std::move(config->signature)};
}

}  // namespace zl::wechat
