// Who a login code stands for: web pages and mini-programs.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "base/outcome.hpp"
#include "wechat/alarms.hpp"
#include "wechat/credential_sources.hpp"
#include "wechat/http_client.hpp"
#include "wechat/quota_stops.hpp"

namespace zl::wechat {

struct PlatformIdentity {
  std::string openid;
  std::string unionid;      ///< joins the accounts of one person; often empty
  std::string session_key;  ///< of a mini-program; never leaves the server
};

enum class LoginRefusal {
  restart = 1,   ///< the code is spent, stale, or may be: begin the login anew, once
  virtual_user,  ///< a snapshot page's user, who is nobody
  blocked,       ///< the platform holds the user for a risk
};

using LoginAnswer = std::variant<PlatformIdentity, LoginRefusal>;

/// Thread-safe.
class LoginApi {
 public:
  LoginApi(HttpClient& http, QuotaStops& stops, Alarms& alarms) : http_(http), stops_(stops), alarms_(alarms) {}

  /// Exchanges the code of a web authorization. A code is good for one exchange whatever came of it, so a call is never
  /// repeated: where its outcome is unknown the answer is `restart`. Refused{unavailable, overloaded}: not asked.
  boost::asio::awaitable<base::Outcome<LoginAnswer>> exchange_web_code(const AccountSecret& account,
                                                                       std::string_view code);

  /// Likewise for the code of a mini-program's wx.login.
  boost::asio::awaitable<base::Outcome<LoginAnswer>> exchange_mini_code(const AccountSecret& account,
                                                                        std::string_view code);

 private:
  boost::asio::awaitable<base::Outcome<LoginAnswer>> exchange(std::string_view path, std::string target);

  HttpClient& http_;
  QuotaStops& stops_;
  Alarms& alarms_;
};

}  // namespace zl::wechat
