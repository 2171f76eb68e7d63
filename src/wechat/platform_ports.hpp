// The platform behind the ports that the use cases have for it.
#pragma once

#include <string>
#include <utility>

#include "app/page_signer.hpp"
#include "app/platform_login.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "wechat/credential_keeper.hpp"
#include "wechat/login_api.hpp"

namespace zl::wechat {

struct LoginAccounts {
  AccountSecret service;
  AccountSecret mini;            ///< an empty appid: there is none
  std::string authorize_origin;  ///< "https://open.weixin.qq.com"
  std::string redirect_uri;      ///< of our own, where browsers come back
  bool ask_profile = false;      ///< asks for leave, which tells the unionid
};

/// Thread-safe.
class WechatLogin final : public app::PlatformLogin {
 public:
  WechatLogin(LoginApi& api, LoginAccounts accounts) : api_(api), accounts_(std::move(accounts)) {}

  std::string authorize_url(const std::string& state) const override;
  bool has_mini_program() const override { return !accounts_.mini.appid.empty(); }
  boost::asio::awaitable<base::Outcome<app::PlatformAnswer>> exchange_web_code(std::string code) override;
  boost::asio::awaitable<base::Outcome<app::PlatformAnswer>> exchange_mini_code(std::string code) override;

 private:
  LoginApi& api_;
  const LoginAccounts accounts_;
};

/// Thread-safe. Signs pages of `public_url`'s origin and no others.
class WechatPageSigner final : public app::PageSigner {
 public:
  WechatPageSigner(CredentialKeeper& tickets, const base::Clock& clock, base::Random& random, std::string appid,
                   std::string public_url)
      : tickets_(tickets),
        clock_(clock),
        random_(random),
        appid_(std::move(appid)),
        public_url_(std::move(public_url)) {}

  boost::asio::awaitable<base::Outcome<app::PageSignature>> sign(std::string url) override;

 private:
  CredentialKeeper& tickets_;
  const base::Clock& clock_;
  base::Random& random_;
  const std::string appid_;
  const std::string public_url_;
};

}  // namespace zl::wechat
