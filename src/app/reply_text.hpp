// What is said in the chat: plain words, within what the platform takes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "domain/catalogue.hpp"

namespace zl::app {

/// Of a text that answers a push.
inline constexpr std::size_t reply_limit_bytes = 2048;

/// At most `limit` bytes, without half a character at the end.
std::string cut_text(std::string_view text, std::size_t limit);

/// Head, items and tail, each on a line of its own. Items that find no room are counted in a line before the tail.
/// Empty parts are left out.
std::string list_text(std::string_view head, const std::vector<std::string>& items, std::string_view tail);

/// "7月6日周一 09:00" at the town's offset.
std::string day_and_time(base::Instant instant, int offset_minutes);
/// "09:00"
std::string time_of_day(base::Instant instant, int offset_minutes);

/// "《书法》7月6日周一 09:00，二楼教室"
std::string meeting_text(const domain::Activity& activity, const domain::Session& session, int offset_minutes);

/// The words that stand alone. `page_url` may be empty.
namespace words {

std::string help(std::string_view page_url);
std::string welcome(std::string_view page_url);
/// To somebody whom we don't know by this account.
std::string please_sign_in(std::string_view page_url);
inline constexpr std::string_view blocked = "您的账号已停用，请联系服务站工作人员。";
inline constexpr std::string_view busy = "现在系统正忙，没能查到。请过一会儿再试。";
inline constexpr std::string_view code_is_void = "这个二维码已经失效，请找现场工作人员。";

}  // namespace words
}  // namespace zl::app
