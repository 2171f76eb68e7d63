#include "wechat/url.hpp"

#include <algorithm>
#include <charconv>

#include "base/invariant.hpp"

namespace zl::wechat {
namespace {

constexpr std::size_t state_length_max = 128;
constexpr int port_max = 65'535;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_host(std::string_view host, bool in_brackets) {
  return !host.empty() && std::ranges::all_of(host, [in_brackets](char c) {
    return is_alphanumeric(c) || c == '.' || c == '-' || (in_brackets && c == ':');
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

/// Of ":8080"; the scheme's where there is none.
std::optional<int> port_of(std::string_view text, int usual) {
  if (text.empty()) return usual;
  if (!text.starts_with(':')) return std::nullopt;
  text.remove_prefix(1);
  int port = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (fault != std::errc() || end != text.data() + text.size() || port < 1 || port > port_max) return std::nullopt;
  return port;
}

}  // namespace

std::optional<Origin> origin_of(std::string_view url) {
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  const std::string scheme = lower(url.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") return std::nullopt;
  std::string_view authority = url.substr(scheme_end + 3);
  authority = authority.substr(0, authority.find_first_of("/?#\\"));
  const bool in_brackets = authority.starts_with('[');
  const std::size_t host_end = in_brackets ? authority.find(']') : authority.find(':');
  if (in_brackets && host_end == std::string_view::npos) return std::nullopt;
  const std::string_view host = authority.substr(in_brackets ? 1 : 0, in_brackets ? host_end - 1 : host_end);
  const std::string_view rest =
      host_end == std::string_view::npos ? std::string_view() : authority.substr(host_end + (in_brackets ? 1 : 0));
  const auto port = port_of(rest, scheme == "https" ? 443 : 80);
  if (!is_host(host, in_brackets) || !port) return std::nullopt;
  return Origin{scheme == "https", lower(host), *port};
}

std::string url_encoded(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.append({'%', digits[byte >> 4U], digits[byte & 15U]});
  }
  return out;
}

std::string authorize_url(const AuthorizeRequest& request) {
  base::invariant(!request.state.empty() && request.state.size() <= state_length_max &&
                      std::ranges::all_of(request.state, is_alphanumeric),
                  "the state of a login is of letters and digits");
  std::string url = request.base_url;
  url.append("/connect/oauth2/authorize?appid=").append(url_encoded(request.appid));
  url.append("&redirect_uri=").append(url_encoded(request.redirect_uri));
  url.append("&response_type=code&scope=").append(request.with_profile ? "snsapi_userinfo" : "snsapi_base");
  return url.append("&state=").append(request.state).append("#wechat_redirect");
}

}  // namespace zl::wechat
