#include "app/reply_text.hpp"

#include <array>
#include <chrono>

namespace zl::app {
namespace {

namespace chrono = std::chrono;

constexpr std::size_t item_limit_bytes = 600;
constexpr std::string_view days_of_week[] = {"周日", "周一", "周二", "周三", "周四", "周五", "周六"};

std::string two_digits(std::int64_t number) {
  return {static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10)};
}

void append_line(std::string& text, std::string_view line) {
  if (line.empty()) return;
  if (!text.empty()) text.push_back('\n');
  text.append(line);
}

std::string left_out(std::size_t count) {
  return "……还有 " + std::to_string(count) + " 项";
}

std::string at_page(std::string_view before, std::string_view page_url) {
  return page_url.empty() ? std::string() : std::string(before) + std::string(page_url);
}

}  // namespace

std::string cut_text(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  return std::string(text.substr(0, limit));
}

std::string list_text(std::string_view head, const std::vector<std::string>& items, std::string_view tail) {
  std::string text(head);
  // Room for the tail, for how many were left out, and for two line breaks.
  const std::size_t kept_free = tail.size() + left_out(items.size()).size() + 2;
  std::size_t shown = 0;
  for (const std::string& item : items) {
    const std::string line = cut_text(item, item_limit_bytes);
    const bool last = shown + 1 == items.size();
    const std::size_t reserve = last ? tail.size() + 1 : kept_free;
    if (text.size() + 1 + line.size() + reserve > reply_limit_bytes) break;
    append_line(text, line);
    ++shown;
  }
  if (shown < items.size()) append_line(text, left_out(items.size() - shown));
  append_line(text, tail);
  return cut_text(text, reply_limit_bytes);
}

std::string time_of_day(base::Instant instant, int offset_minutes) {
  const base::Instant midnight = base::start_of_day(base::civil_day(instant, offset_minutes), offset_minutes);
  const auto minutes = chrono::duration_cast<chrono::minutes>(instant - midnight).count();
  return two_digits(minutes / 60) + ":" + two_digits(minutes % 60);
}

std::string day_and_time(base::Instant instant, int offset_minutes) {
  const base::Date day = base::civil_day(instant, offset_minutes);
  const chrono::weekday weekday{chrono::sys_days(day)};
  return std::to_string(static_cast<unsigned>(day.month())) + "月" + std::to_string(static_cast<unsigned>(day.day())) +
         "日" + std::string(days_of_week[weekday.c_encoding()]) + " " + time_of_day(instant, offset_minutes);
}

std::string meeting_text(const domain::Activity& activity, const domain::Session& session, int offset_minutes) {
  std::string text = "《" + activity.title + "》" + day_and_time(session.time.starts_at, offset_minutes);
  if (!session.venue.empty()) text += "，" + session.venue;
  return text;
}

namespace words {

std::string help(std::string_view page_url) {
  return list_text("您可以这样问我们：",
                   {"发送“我的预约”，查看已约上的活动；", "发送“取消”，查看可以取消的预约，再按序号取消；",
                    "发送“今日活动”，查看今天有哪些活动。", "到了现场，扫一扫门口的二维码就能签到。"},
                   at_page("报名请打开：", page_url));
}

std::string welcome(std::string_view page_url) {
  return list_text("欢迎关注！", {}, help(page_url));
}

std::string please_sign_in(std::string_view page_url) {
  return list_text("我们还不认识您的微信号。请先登录一次，之后就能在这里查询、取消和签到了。", {},
                   at_page("登录请打开：", page_url));
}

}  // namespace words
}  // namespace zl::app
