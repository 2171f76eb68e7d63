// What a browser is shown that came back from the chat platform and is not let in.
#pragma once

#include <string>

#include "app/platform_sign_in.hpp"
#include "http/request.hpp"

namespace zl::http {

/// A page in plain words, with a link to begin anew where that can help.
std::string login_page(const app::LoginTurnedAway& turned_away, Language language);

}  // namespace zl::http
