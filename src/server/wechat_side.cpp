#include "server/wechat_side.hpp"

#include <utility>

namespace zl::server {
namespace {

constexpr std::string_view login_return_path = "/api/v1/login/wechat/callback";

wechat::CredentialKeeperConfig keeper_of(std::string name) {
  wechat::CredentialKeeperConfig keeper;
  keeper.name = std::move(name);
  return keeper;
}

wechat::LoginAccounts login_accounts(const WechatConfig& config, const std::string& public_url) {
  return {{config.appid, config.secret},
          {config.mini_appid, config.mini_secret},
          config.authorize_url,
          public_url + std::string(login_return_path),
          config.ask_profile};
}

wechat::CallbackMode callback_mode(const std::string& name) {
  if (name == "plain") return wechat::CallbackMode::plain;
  return name == "compatible" ? wechat::CallbackMode::compatible : wechat::CallbackMode::safe;
}

}  // namespace

wechat::HttpClientConfig client_config(const WechatConfig& config, const std::string& origin) {
  wechat::HttpClientConfig client;
  client.base_url = origin;
  client.timeout = base::Milliseconds(config.call_timeout_ms);
  client.calls_limit = config.max_calls;
  return client;
}

std::optional<wechat::Callback> make_callback(const WechatConfig& config) {
  if (config.callback_token.empty()) return std::nullopt;
  return wechat::Callback::create(
      {callback_mode(config.callback_mode), config.callback_token, config.encoding_aes_key, config.appid});
}

WechatSide::WechatSide(const WechatConfig& config, const std::string& public_url, Parts parts)
    : http_(wechat::create_http_client(client_config(config, config.api_url))),
      stops_(parts.clock, parts.random),
      alarms_(parts.clock, parts.metrics),
      token_source_(*http_, stops_, alarms_, {config.appid, config.secret}),
      tokens_({parts.credentials, token_source_, parts.tasks, parts.tasks.sleeper(), parts.clock, parts.random},
              keeper_of(wechat::access_token_name(config.appid))),
      api_({*http_, tokens_, stops_, alarms_, parts.tasks.sleeper()}),
      ticket_source_(api_),
      tickets_({parts.credentials, ticket_source_, parts.tasks, parts.tasks.sleeper(), parts.clock, parts.random},
               keeper_of(wechat::page_ticket_name(config.appid))),
      login_api_(*http_, stops_, alarms_),
      callback_(make_callback(config)),
      login_(login_api_, login_accounts(config, public_url)),
      pages_(tickets_, parts.clock, parts.random, config.appid, public_url),
      codes_({api_, parts.credentials, parts.tasks.sleeper(), parts.clock}, config.appid, config.code_url) {}

}  // namespace zl::server
