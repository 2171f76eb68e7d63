#include "app/self_check_in.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "app/reply_text.hpp"

namespace zl::app {
namespace {

constexpr std::string_view not_sure = "没能确认是否签上，请再扫一次，或找现场工作人员";

/// Why a booking was not checked in, as the family is told.
std::string_view reason_of(base::Code code) {
  if (code == base::Code::invalid_state) return "预约没有生效，不能签到";
  if (code == base::Code::not_found || code == base::Code::wrong_session) return "没有查到这一场的预约";
  return not_sure;
}

}  // namespace

asio::awaitable<std::string> SelfCheckIn::operator()(base::UserId user, base::SessionId session, std::string key,
                                                     Actor actor) {
  const std::shared_ptr<const Catalogue> catalogue = catalogue_.share();
  const ActivityEntry* entry = catalogue->activity_of(session);
  if (entry == nullptr || entry->activity.publication == domain::Publication::draft) {
    co_return std::string(words::code_is_void);
  }
  const domain::Activity& activity = entry->activity;
  const domain::Session& meeting = *std::ranges::find(activity.sessions, session, &domain::Session::id);
  std::string closed = closed_because(activity, meeting);
  if (!closed.empty()) co_return closed;

  const base::Outcome<std::vector<FamilySeat>> seats =
      co_await family_.seats_in(user, activity.programme_id, activity.id);
  if (!seats) co_return std::string(words::busy);
  const std::string name = meeting_text(activity, meeting, offset_minutes_);
  if (seats->empty()) {
    co_return "没有查到您家孩子在" + name + "这一场的预约。如有疑问，请找现场工作人员。";
  }
  std::vector<std::string> lines;
  for (const FamilySeat& seat : *seats) lines.push_back(co_await enter(seat, session, key, actor));
  co_return list_text(name + "：", lines, "");
}

asio::awaitable<std::string> SelfCheckIn::enter(FamilySeat seat, base::SessionId session, std::string key,
                                                Actor actor) {
  const base::Outcome<CheckInAnswer> entered =
      co_await door_.check_in_own(session, seat.booking_id, key + ":" + seat.booking_id.hex(), std::move(actor));
  std::string line = seat.attendee_name + "：";
  if (entered.is_refused()) co_return line.append(reason_of(entered.refused().code));
  if (!entered) co_return line.append(not_sure);
  if (!entered->earlier) co_return line + "签到成功";
  co_return line + time_of_day(entered->check_in.at, offset_minutes_) + " 已签到，不用再签";
}

std::string SelfCheckIn::closed_because(const domain::Activity& activity, const domain::Session& meeting) const {
  const std::string name = meeting_text(activity, meeting, offset_minutes_);
  if (activity.publication == domain::Publication::cancelled) {
    return name + " 已经取消了：" + activity.cancel_reason;
  }
  const base::Instant now = time_.now();
  const base::Instant begins_at = door_.begins_at(meeting.time.starts_at);
  if (now < begins_at) {
    return name + " 还没到签到时间，" + day_and_time(begins_at, offset_minutes_) + " 起可以签到，请到时再扫一次。";
  }
  if (now >= meeting.time.ends_at) return name + " 这一场已经结束，不能再签到了。如有疑问，请找现场工作人员。";
  return {};
}

}  // namespace zl::app
