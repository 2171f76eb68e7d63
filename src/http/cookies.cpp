#include "http/cookies.hpp"

#include <algorithm>

namespace zl::http {
namespace {

constexpr std::int64_t login_max_age_s = 600;

std::string cookie(std::string_view name, std::string_view value, bool is_secure, std::int64_t max_age_s) {
  std::string text(name);
  text.append("=").append(value).append(is_secure ? "; Path=/; Secure" : "; Path=/");
  return text.append("; HttpOnly; SameSite=Lax; Max-Age=").append(std::to_string(max_age_s));
}

}  // namespace

std::string_view cookie_value(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    const std::size_t end = std::min(cookies.find(';'), cookies.size());
    std::string_view one = cookies.substr(0, end);
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.size() > name.size() && one.starts_with(name) && one[name.size()] == '=')
      return one.substr(name.size() + 1);
  }
  return {};
}

std::string_view session_cookie_name(bool is_secure) {
  return is_secure ? "__Host-zl" : "zl";
}

std::string_view login_cookie_name(bool is_secure) {
  return is_secure ? "__Host-zl-login" : "zl-login";
}

void keep_session(const Api& api, const app::SignedIn& signed_in, Answer& answer) {
  const base::Milliseconds lasts = signed_in.expires_at - api.clock.wall_now();
  answer.with("Set-Cookie", cookie(session_cookie_name(api.cookie_is_secure), signed_in.token, api.cookie_is_secure,
                                   std::max<std::int64_t>(lasts.count() / 1000, 1)));
}

void drop_session(const Api& api, Answer& answer) {
  answer.with("Set-Cookie", cookie(session_cookie_name(api.cookie_is_secure), "", api.cookie_is_secure, 0));
}

void keep_login(const Api& api, std::string_view browser, Answer& answer) {
  answer.with("Set-Cookie",
              cookie(login_cookie_name(api.cookie_is_secure), browser, api.cookie_is_secure, login_max_age_s));
}

}  // namespace zl::http
