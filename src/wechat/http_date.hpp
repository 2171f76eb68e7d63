// The Date header of HTTP answers.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.hpp"

namespace zl::wechat {

/// Of the one form that is sent today, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7); nothing for any
/// other.
std::optional<base::Instant> parse_http_date(std::string_view text);

}  // namespace zl::wechat
