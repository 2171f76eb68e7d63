#include "wechat/http_date.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace zl::wechat {

std::optional<base::Instant> parse_http_date(std::string_view text) {
  static constexpr std::string_view form = "Sun, 06 Nov 1994 08:49:37 GMT";
  static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != form.size() || !text.ends_with(" GMT")) return std::nullopt;
  const auto* const month = std::ranges::find(months, text.substr(8, 3));
  if (month == months.end()) return std::nullopt;
  const auto number = static_cast<std::size_t>(month - months.begin()) + 1;
  std::string written(text.substr(12, 4));
  written.append(number < 10 ? "-0" : "-").append(std::to_string(number)).append("-").append(text.substr(5, 2));
  written.append("T").append(text.substr(17, 8)).append("Z");
  return base::parse_instant(written);
}

}  // namespace zl::wechat
