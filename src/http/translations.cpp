// What the inner layers and the readers say about fields and states, in Chinese. They write English, for logs too.
#include <utility>

#include "http/problem_texts.hpp"

namespace zl::http {
namespace {

constexpr std::pair<std::string_view, std::string_view> translations[] = {
    // The readers of bodies and queries.
    {"is missing", "缺少此项"},
    {"has the wrong type", "类型不对"},
    {"is not an id", "不是有效的编号"},
    {"is none of the known values", "不是可选的值"},
    {"is not an instant with an offset", "不是带时区的时间"},
    {"is not a day of the calendar", "不是有效的日期"},
    {"is not known here", "这里没有此项"},
    {"stands there twice", "重复出现"},
    {"is not well-formed JSON", "不是有效的 JSON"},
    {"the JSON is nested too deeply", "JSON 嵌套过深"},
    {"is not a cursor of this list", "不是此列表的游标"},
    {"is no key", "不是有效的键"},
    {"no body is taken here", "这里不接受正文"},
    {"is not a ticket", "不是有效的票码"},
    {"either a ticket or a booking is needed", "需要票码或预约编号，二选一"},
    {"is no openid", "不是有效的 openid"},
    {"is no action", "不是有效的操作名"},
    {"is no code", "不是有效的登录码"},
    {"is no page of this site", "不是本站的页面"},
    // Bounds of fields.
    {"is not well-formed UTF-8", "不是有效的 UTF-8"},
    {"control characters are not allowed", "不能含有控制字符"},
    {"the text is too long or too short", "文字过长或过短"},
    {"the number is out of bounds", "数值超出范围"},
    {"a session ends after it starts", "场次的结束时间必须晚于开始时间"},
    {"a session is too long", "场次时间过长"},
    {"a class has too many or too few sessions", "场次过多或过少"},
    {"a camp has too many or too few sessions", "场次过多或过少"},
    {"a station is not its own parent", "服务站不能隶属于自己"},
    {"a programme closes after it opens", "截止时间必须晚于开始时间"},
    {"the ages are reversed", "年龄上下限颠倒"},
    {"nobody is born in the future", "出生日期不能晚于今天"},
    {"the age is out of bounds", "年龄超出范围"},
    {"a user name is made of a-z, 0-9, '.', '_' and '-'", "用户名只能由小写字母、数字、“.”“_”“-”组成"},
    {"the password is too long or too short", "密码过长或过短"},
    {"this role belongs to a station", "此角色必须属于一个服务站"},
    {"a town admin belongs to no station", "镇管理员不属于任何服务站"},
    {"there is no such station", "没有这个服务站"},
    {"there is no such thing", "没有这个编号"},
    {"a child of this name and birth date was entered already", "已经有同名同生日的参加人"},
    // Reasons of refusals.
    {"a user has at most 10 attendees", "每位用户最多有 10 位参加人"},
    {"the attendee has active bookings", "这位参加人还有有效的预约"},
    {"the attendee has active bookings, which rest on the birth date", "这位参加人还有有效的预约，不能修改出生日期"},
    {"the user name is taken", "用户名已被使用"},
    {"nobody blocks or demotes their own account", "不能停用或降级自己的账号"},
    {"the activity has active bookings", "本活动已有预约"},
    {"somebody was checked in to a session that would go", "要删除的场次已有人签到"},
    {"the programme has as many activities as allowed", "本期的活动数已达上限"},
    {"the programme has as many activities as it may have", "本期的活动数已达上限"},
    {"the programme has active bookings", "本期已有预约"},
    {"more seats are taken", "名额不能少于已预约人数"},
    {"the activity is cancelled", "活动已取消"},
    {"the session is over", "场次已经结束"},
    {"the account's permanent QR codes are used up", "公众号的永久二维码已用完"},
    {"cancelling ended at cancel_until", "取消预约的截止时间已过"},
    {"check-in has not begun", "签到还没有开始"},
    {"this is another station's", "这属于别的服务站"},
    {"this account is blocked", "账号已停用"},
    {"user name and password do not fit", "用户名或密码不正确"},
    {"the code is spent or stale: ask for a new one", "登录码已用过或已过期，请重新获取"},
    {"the platform does not vouch for this user", "微信限制了这个账号登录"},
    {"too many logins of this address are on their way", "同一网络正在登录的人太多，请稍后再试"},
    {"only pages of this site are signed", "只为本站的页面签名"},
    {"too many failed logins", "登录失败次数过多，请稍后再试"},
    {"this Idempotency-Key was used for another booking", "这个 Idempotency-Key 已用于另一个预约"},
};

}  // namespace

std::string_view translated(std::string_view english, Language language) {
  for (const auto& [en, zh] : translations) {
    if (en == english) return language == Language::en ? en : zh;
  }
  return {};
}

}  // namespace zl::http
