// The cookies of our pages: one for the session, and one for a login that is on its way to the chat platform and back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/sign_in.hpp"
#include "http/api.hpp"

namespace zl::http {

/// The value of a cookie in a Cookie header, empty where it is not sent.
std::string_view cookie_value(std::string_view cookies, std::string_view name);

/// The names that the cookies have; with the prefix that keeps other hosts from setting them, where that is possible.
std::string_view session_cookie_name(bool is_secure);
std::string_view login_cookie_name(bool is_secure);

/// Lets the browser keep the session, for as long as its token is good.
void keep_session(const Api& api, const app::SignedIn& signed_in, Answer& answer);
/// Lets it forget the session.
void drop_session(const Api& api, Answer& answer);
/// Lets the browser keep what it has to show when it comes back from the platform.
void keep_login(const Api& api, std::string_view browser, Answer& answer);

}  // namespace zl::http
