// The WeChat side of the process: the platform's client with its token, and what stands on it. Made only where it is
// enabled. Has no tasks of its own: what it renews runs in the group that it is given.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/credential_store.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "runtime/metrics.hpp"
#include "runtime/task_group.hpp"
#include "server/config.hpp"
#include "wechat/alarms.hpp"
#include "wechat/callback.hpp"
#include "wechat/credential_keeper.hpp"
#include "wechat/credential_sources.hpp"
#include "wechat/http_client.hpp"
#include "wechat/login_api.hpp"
#include "wechat/platform_api.hpp"
#include "wechat/platform_ports.hpp"
#include "wechat/quota_stops.hpp"
#include "wechat/scene_codes.hpp"

namespace zl::server {

/// How `origin` is called: the platform's, or one of our own to look at it from outside.
wechat::HttpClientConfig client_config(const WechatConfig& config, const std::string& origin);

/// What pushes are opened with; nothing where no token is configured.
std::optional<wechat::Callback> make_callback(const WechatConfig& config);

class WechatSide {
 public:
  struct Parts {
    app::CredentialStore& credentials;
    runtime::TaskGroup& tasks;
    const base::Clock& clock;
    base::Random& random;
    runtime::Metrics& metrics;
  };

  /// `public_url` is the origin of our pages, as browsers see it. Throws std::runtime_error with a sentence where the
  /// authorities' certificates can't be read.
  WechatSide(const WechatConfig& config, const std::string& public_url, Parts parts);
  WechatSide(const WechatSide&) = delete;
  WechatSide& operator=(const WechatSide&) = delete;

  /// Calls with the account's token.
  wechat::PlatformApi& api() { return api_; }
  wechat::HttpClient& http() { return *http_; }
  wechat::Alarms& alarms() { return alarms_; }
  /// Null where no callback token is configured.
  const wechat::Callback* callback() const { return callback_ ? &*callback_ : nullptr; }

  app::PlatformLogin& login() { return login_; }
  app::PageSigner& pages() { return pages_; }
  app::SceneCodes& codes() { return codes_; }

 private:
  const std::unique_ptr<wechat::HttpClient> http_;
  wechat::QuotaStops stops_;
  wechat::Alarms alarms_;
  wechat::AccessTokenSource token_source_;
  wechat::CredentialKeeper tokens_;
  wechat::PlatformApi api_;
  wechat::PageTicketSource ticket_source_;
  wechat::CredentialKeeper tickets_;
  wechat::LoginApi login_api_;
  const std::optional<wechat::Callback> callback_;
  wechat::WechatLogin login_;
  wechat::WechatPageSigner pages_;
  wechat::WechatSceneCodes codes_;
};

}  // namespace zl::server
