// Signatures with which a page may use the platform's JS-SDK.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"

namespace zl::wechat {

/// What a page hands to wx.config, where the nonce is spelled `nonceStr`.
struct JsConfig {
  std::string appid;
  std::int64_t timestamp = 0;
  std::string nonce;
  std::string signature;
};

/// Hex SHA-1 over the four values as they are, the address without its fragment. Source: "JS-SDK", appendix 1,
/// developers.weixin.qq.com.
std::string js_signature(std::string_view ticket, std::string_view nonce, std::int64_t timestamp, std::string_view url);

/// Signs a page of `public_url`'s origin; nothing for any other page, or we would sign for anybody.
std::optional<JsConfig> sign_page(std::string_view appid, std::string_view ticket, std::string_view page_url,
                                  std::string_view public_url, std::int64_t now_s, base::Random& random);

}  // namespace zl::wechat
