// Where the account's two credentials come from: its access token and the ticket for pages.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/random.hpp"
#include "wechat/alarms.hpp"
#include "wechat/credential_keeper.hpp"
#include "wechat/http_client.hpp"
#include "wechat/platform_api.hpp"
#include "wechat/quota_stops.hpp"

namespace zl::wechat {

struct AccountSecret {
  std::string appid;
  std::string secret;
};

/// The stable token in normal mode: asking again gives the same token while it is valid, and voids none. Source:
/// "getStableAccessToken", developers.weixin.qq.com.
class AccessTokenSource final : public CredentialSource {
 public:
  static constexpr std::string_view path = "/cgi-bin/stable_token";

  AccessTokenSource(HttpClient& http, QuotaStops& stops, Alarms& alarms, AccountSecret account)
      : http_(http), stops_(stops), alarms_(alarms), account_(std::move(account)) {}

  boost::asio::awaitable<FetchAnswer> fetch() override;

 private:
  FetchFault fault_of(const ApiReply& reply);

  HttpClient& http_;
  QuotaStops& stops_;
  Alarms& alarms_;
  const AccountSecret account_;
};

/// The jsapi_ticket. Source: "JS-SDK", appendix 1, developers.weixin.qq.com.
class PageTicketSource final : public CredentialSource {
 public:
  static constexpr std::string_view path = "/cgi-bin/ticket/getticket";

  explicit PageTicketSource(PlatformApi& api) : api_(api) {}

  boost::asio::awaitable<FetchAnswer> fetch() override;

 private:
  PlatformApi& api_;
};

/// The names under which an account's credentials are stored.
std::string access_token_name(std::string_view appid);
std::string page_ticket_name(std::string_view appid);

}  // namespace zl::wechat
