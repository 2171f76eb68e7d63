#include "wechat/js_signature.hpp"

#include <array>

#include "base/id.hpp"
#include "wechat/signature.hpp"
#include "wechat/url.hpp"

namespace zl::wechat {
namespace {

constexpr std::size_t page_url_limit_bytes = 4096;

}  // namespace

std::string js_signature(std::string_view ticket, std::string_view nonce, std::int64_t timestamp,
                         std::string_view url) {
  std::string text = "jsapi_ticket=";
  text.append(ticket).append("&noncestr=").append(nonce).append("&timestamp=").append(std::to_string(timestamp));
  return sha1_hex(text.append("&url=").append(url.substr(0, url.find('#'))));
}

std::optional<JsConfig> sign_page(std::string_view appid, std::string_view ticket, std::string_view page_url,
                                  std::string_view public_url, std::int64_t now_s, base::Random& random) {
  if (page_url.size() > page_url_limit_bytes) return std::nullopt;
  const auto page = origin_of(page_url);
  if (!page || page != origin_of(public_url)) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  JsConfig config{
      std::string(appid), now_s, base::to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()}), {}};
  config.signature = js_signature(ticket, config.nonce, now_s, page_url);
  return config;
}

}  // namespace zl::wechat
