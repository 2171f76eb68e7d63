// Addresses: their parts, and what is written into them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace zl::wechat {

struct Origin {
  bool secure = true;
  std::string host;  ///< lower case, without the brackets of an IPv6 address
  int port = 0;

  bool operator==(const Origin&) const = default;
};

/// The origin of an http or https address; nothing where it is none, or names a user.
std::optional<Origin> origin_of(std::string_view url);

/// Every byte but [A-Za-z0-9-._~] as %XX (RFC 3986).
std::string url_encoded(std::string_view text);

/// The page that asks a user for leave. The platform matches it by its order, so the order is fixed. `state` is of 1 to
/// 128 letters and digits: others come back broken. Source: "Web page authorization", developers.weixin.qq.com.
struct AuthorizeRequest {
  std::string base_url = "https://open.weixin.qq.com";
  std::string appid;
  std::string redirect_uri;
  bool with_profile = false;  ///< snsapi_userinfo, which asks, instead of the silent snsapi_base
  std::string state;
};
std::string authorize_url(const AuthorizeRequest& request);

}  // namespace zl::wechat
