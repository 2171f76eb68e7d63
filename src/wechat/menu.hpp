// The account's menu: checked against the platform's limits before it is sent. Source: "createCustomMenu",
// developers.weixin.qq.com.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zl::wechat {

inline constexpr std::string_view menu_path = "/cgi-bin/menu/create";

/// My bookings, today's programme, and a button that opens our pages. `public_url` is their origin.
std::string default_menu(std::string_view public_url);

struct CheckedMenu {
  std::string json;                 ///< as to be sent: UTF-8 unescaped, as the platform wants it
  std::vector<std::string> faults;  ///< sentences that name the button; none: it may be sent
};

/// `text` is in the platform's own form: {"button":[…]}.
CheckedMenu check_menu(std::string_view text);

}  // namespace zl::wechat
