// What a browser is shown that came back from the chat platform and is not let in.
#pragma once

#include <string>
#include <string_view>

#include "app/platform_sign_in.hpp"
#include "http/request.hpp"

namespace zl::http {

inline constexpr std::string_view login_page_path = "/api/v1/login/wechat/ended";

/// Where the page is, without anything of the address to which the platform sent the browser: a code and a state that
/// stand in the bar are passed on with the page, and are tried again when it is loaded again.
std::string login_page_address(const app::LoginTurnedAway& turned_away);

/// A page in plain words, with a link to begin anew where that can help.
std::string login_page(const app::LoginTurnedAway& turned_away, Language language);

}  // namespace zl::http
