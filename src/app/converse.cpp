#include "app/converse.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <utility>

#include "app/reply_text.hpp"
#include "app/scenes.hpp"

namespace zl::app {
namespace {

// A user's newest bookings are looked at; who has more of them ahead finds the rest on the pages.
constexpr std::size_t bookings_looked_at = 200;
constexpr std::size_t choices_max = 20;
constexpr std::chrono::minutes choices_hold{30};

/// As the audit table names the way.
constexpr const char* way = "wechat";

Actor actor_of(const domain::User& user, std::string request_id) {
  return {base::AccountId{user.id.bytes}, "user", way, std::move(request_id)};
}

std::vector<std::string> numbered(const std::vector<std::string>& lines) {
  std::vector<std::string> items;
  items.reserve(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) items.push_back(std::to_string(i + 1) + ". " + lines[i]);
  return items;
}

const domain::Session* next_session(const domain::Activity& activity, base::Instant now) {
  const auto next = std::ranges::find_if(activity.sessions,
                                         [now](const domain::Session& session) { return session.time.ends_at > now; });
  return next == activity.sessions.end() ? nullptr : &*next;
}

std::string refusal_words(base::Code code, const std::string& what) {
  if (code == base::Code::closed) return what + " 已经过了可以取消的时间。如有急事，请联系服务站。";
  if (code == base::Code::not_found) return "没有查到这个预约。发送“取消”可以重新查看。";
  return "没能取消，请过一会儿再试。";
}

}  // namespace

Converse::Words Converse::said(const Push& push, std::string_view text, std::string request_id) {
  const SaidWish said = wish_of(text);
  switch (said.wish) {
    case Wish::my_bookings:
      co_return co_await my_bookings(push);
    case Wish::list_for_cancelling:
      co_return co_await list_for_cancelling(push);
    case Wish::cancel:
      co_return co_await cancel(push, said.number, std::move(request_id));
    case Wish::today:
      co_return today(std::nullopt);
    case Wish::help:
      co_return help();
  }
  co_return help();
}

Converse::Words Converse::pressed(const Push& push, std::string_view key) {
  if (key == menu_my_bookings) co_return co_await my_bookings(push);
  if (key == menu_today) co_return today(std::nullopt);
  if (key == menu_help) co_return help();
  co_return std::string();  // of a menu that is no longer ours
}

Converse::Words Converse::scanned(const Push& push, std::string_view scene, std::string request_id) {
  const std::optional<Scene> known = parse_scene(scene);
  if (!known) co_return std::string(words::code_is_void);
  if (const auto* session = std::get_if<base::SessionId>(&*known)) {
    co_return co_await check_in(push, *session, std::move(request_id));
  }
  const base::StationId station = std::get<base::StationId>(*known);
  if (parts_.catalogue.current().station(station) == nullptr) co_return std::string(words::code_is_void);
  co_return today(station);
}

Converse::Words Converse::followed(const Push& push, std::string_view scene, std::string request_id) {
  if (scene.empty()) co_return words::welcome(parts_.page_url);
  const std::string words = co_await scanned(push, scene, std::move(request_id));
  co_return list_text("欢迎关注！", {words}, words::help(parts_.page_url));
}

std::string Converse::help() const {
  return words::help(parts_.page_url);
}

std::string Converse::known_scene(std::string_view scene) const {
  const std::optional<Scene> known = parse_scene(scene);
  if (!known) return {};
  const Catalogue& catalogue = parts_.catalogue.current();
  if (const auto* session = std::get_if<base::SessionId>(&*known)) {
    return catalogue.activity_of(*session) != nullptr ? scene_name(*session) : std::string();
  }
  const base::StationId& station = std::get<base::StationId>(*known);
  return catalogue.station(station) != nullptr ? scene_name(station) : std::string();
}

asio::awaitable<std::optional<domain::User>> Converse::user_of(const Push& push, std::string& why_not) {
  const base::Outcome<std::optional<base::UserId>> id = co_await parts_.identities.user_of(push.openid);
  if (id && !*id) {
    why_not = words::please_sign_in(parts_.page_url);
    co_return std::nullopt;
  }
  base::Outcome<std::optional<domain::User>> found =
      id.is_done() ? co_await parts_.people.find_user(**id) : id.as<std::optional<domain::User>>();
  if (!found || !*found) {
    why_not = words::busy;
  } else if ((*found)->blocked) {
    why_not = words::blocked;
  } else {
    co_return **found;
  }
  co_return std::nullopt;
}

asio::awaitable<std::optional<std::vector<Converse::Ahead>>> Converse::ahead_of(base::UserId user) {
  const base::Outcome<BookingPage> page = co_await parts_.ledger.of_user(user, std::nullopt, bookings_looked_at);
  if (!page) co_return std::nullopt;
  const base::Outcome<std::vector<domain::Attendee>> attendees = co_await parts_.people.attendees_of(user);
  if (!attendees) co_return std::nullopt;
  std::unordered_map<base::AttendeeId, std::string> names;
  for (const domain::Attendee& attendee : *attendees) names.emplace(attendee.id, attendee.name);

  std::vector<Ahead> found;
  const base::Instant now = parts_.time.now();
  const Catalogue& catalogue = parts_.catalogue.current();
  for (const domain::Booking& booking : page->items) {
    std::optional<Ahead> one = ahead(catalogue, booking, now);
    if (!one) continue;
    const auto name = names.find(booking.attendee_id);
    if (name != names.end()) one->line += "，" + name->second;
    found.push_back(*std::move(one));
  }
  std::ranges::sort(found, {}, [](const Ahead& one) { return std::pair(one.starts_at, one.booking.id); });
  co_return found;
}

std::optional<Converse::Ahead> Converse::ahead(const Catalogue& catalogue, const domain::Booking& booking,
                                               base::Instant now) const {
  const ActivityEntry* entry = catalogue.activity(booking.activity_id);
  if (!domain::is_active(booking.state) || entry == nullptr) return std::nullopt;
  const domain::Session* session = next_session(entry->activity, now);
  if (session == nullptr) return std::nullopt;
  const bool can_be_cancelled = now < domain::cancel_until(*entry->programme, entry->activity);
  return Ahead{booking, meeting_text(entry->activity, *session, parts_.offset_minutes), session->time.starts_at,
               can_be_cancelled};
}

Converse::Words Converse::my_bookings(const Push& push) {
  std::string why_not;
  const std::optional<domain::User> user = co_await user_of(push, why_not);
  if (!user) co_return why_not;
  const std::optional<std::vector<Ahead>> booked = co_await ahead_of(user->id);
  if (!booked) co_return std::string(words::busy);
  if (booked->empty()) co_return "您现在没有即将开始的预约。发送“今日活动”看看今天有什么。";
  std::vector<std::string> lines;
  for (const Ahead& one : *booked) lines.push_back(one.line);
  co_return list_text("您的预约：", numbered(lines), "要取消请发送“取消”。");
}

Converse::Words Converse::list_for_cancelling(const Push& push) {
  std::string why_not;
  const std::optional<domain::User> user = co_await user_of(push, why_not);
  if (!user) co_return why_not;
  const std::optional<std::vector<Ahead>> booked = co_await ahead_of(user->id);
  if (!booked) co_return std::string(words::busy);
  std::vector<std::string> lines;
  std::vector<base::BookingId> choices;
  for (const Ahead& one : *booked) {
    if (!one.can_be_cancelled || choices.size() == choices_max) continue;
    lines.push_back(one.line);
    choices.push_back(one.booking.id);
  }
  // A number stands for what was last listed, so a list that can't be remembered is not told.
  if (!co_await parts_.pushes.remember_choices(push.openid, choices)) co_return std::string(words::busy);
  if (lines.empty()) co_return "您现在没有可以取消的预约。";
  co_return list_text("可以取消的预约：", numbered(lines), "取消第 1 个请发送“取消 1”，半小时内有效。");
}

Converse::Words Converse::cancel(const Push& push, int number, std::string request_id) {
  std::string why_not;
  const std::optional<domain::User> user = co_await user_of(push, why_not);
  if (!user) co_return why_not;
  const auto choices = co_await parts_.pushes.choices(push.openid, parts_.clock.wall_now() - choices_hold);
  if (!choices) co_return std::string(words::busy);
  if (choices->empty()) co_return co_await list_for_cancelling(push);
  const auto index = static_cast<std::size_t>(number) - 1;
  if (index >= choices->size()) {
    co_return "没有第 " + std::to_string(number) + " 个。发送“取消”可以重新查看序号。";
  }
  const base::Outcome<domain::Booking> cancelled =
      co_await parts_.cancel(user->id, (*choices)[index], actor_of(*user, std::move(request_id)));
  if (cancelled.is_unknown()) co_return "没能确认是否已取消，请发送“我的预约”看一看。";
  if (!cancelled) co_return refusal_words(cancelled.refused().code, "这个预约");
  const std::string name = co_await name_of(user->id, cancelled->attendee_id);
  const ActivityEntry* entry = parts_.catalogue.current().activity(cancelled->activity_id);
  std::string what = "这个预约";
  if (entry != nullptr) {
    what = meeting_text(entry->activity, entry->activity.sessions.front(), parts_.offset_minutes) + name;
  }
  co_return "已取消：" + what + "。名额会让给别的孩子，谢谢您提前告诉我们。";
}

asio::awaitable<std::string> Converse::name_of(base::UserId user, base::AttendeeId attendee) {
  const base::Outcome<std::vector<domain::Attendee>> attendees = co_await parts_.people.attendees_of(user);
  if (!attendees) co_return std::string();
  const auto found = std::ranges::find(*attendees, attendee, &domain::Attendee::id);
  co_return found == attendees->end() ? std::string() : "，" + found->name;
}

Converse::Words Converse::check_in(const Push& push, base::SessionId session, std::string request_id) {
  std::string why_not;
  const std::optional<domain::User> user = co_await user_of(push, why_not);
  if (!user) co_return why_not;
  co_return co_await parts_.check_in(user->id, session, push.key, actor_of(*user, std::move(request_id)));
}

std::string Converse::today(std::optional<base::StationId> station) const {
  const Catalogue& catalogue = parts_.catalogue.current();
  const base::Date day = base::civil_day(parts_.time.now(), parts_.offset_minutes);
  const base::Instant begins_at = base::start_of_day(day, parts_.offset_minutes);
  const base::Instant ends_at = begins_at + std::chrono::hours(24);
  std::vector<std::pair<base::Instant, std::string>> found;
  for (const auto& entry : catalogue.activities()) {
    if (entry->activity.publication != domain::Publication::published) continue;
    if (station && !catalogue.within(entry->programme->station_id, *station)) continue;
    for (const domain::Session& session : entry->activity.sessions) {
      if (session.time.starts_at < begins_at || session.time.starts_at >= ends_at) continue;
      std::string line =
          time_of_day(session.time.starts_at, parts_.offset_minutes) + "《" + entry->activity.title + "》";
      if (!session.venue.empty()) line += "，" + session.venue;
      if (!station && entry->station) line += "，" + entry->station->name;
      found.emplace_back(session.time.starts_at, std::move(line));
    }
  }
  std::ranges::sort(found);
  const std::string where = station ? catalogue.station(*station)->name : std::string();
  if (found.empty()) return where + "今天没有活动，改天再来看看吧。";
  std::vector<std::string> lines;
  lines.reserve(found.size());
  for (const auto& [starts_at, line] : found) lines.push_back(line);
  return list_text(where + "今天的活动：", lines, parts_.page_url.empty() ? "" : "报名请打开：" + parts_.page_url);
}

}  // namespace zl::app
