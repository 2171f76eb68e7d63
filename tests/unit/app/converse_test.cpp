// What parents are told in the chat.
#include "app/converse.hpp"

#include "unit/app/chat_fixture.hpp"

namespace zl::app {
namespace {

using base::Code;
using test::Fate;
using test::id_of;
using testing::Test;

class ConverseTest : public test::ChatTest {};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_F(ConverseTest, lists_what_is_booked_with_time_place_and_child) {
  EXPECT_EQ(say("我的预约"),
            "您的预约：\n1. 《活动1》7月20日周一 10:00，一楼，小一\n2. 《活动2》7月20日周一 11:00，一楼，小一\n"
            "要取消请发送“取消”。");
  EXPECT_EQ(words(push(MenuPressed{"my_bookings"})), say("我的预约"));
  EXPECT_TRUE(has(say("我的预约", "o2"), "没有即将开始的预约"));
}

TEST_F(ConverseTest, what_is_over_or_cancelled_is_not_listed) {
  set_time(61);
  EXPECT_FALSE(has(say("我的预约"), "《活动1》"));
  EXPECT_TRUE(has(say("我的预约"), "1. 《活动2》"));
  set_time(0);
  EXPECT_TRUE(has(say("我的预约"), "《活动1》")) << "it goes on";
}

TEST_F(ConverseTest, a_number_cancels_what_was_listed_under_it) {
  const base::BookingId second = engine.booking_id(1, "key-of-2");
  EXPECT_TRUE(has(say("取消"), "2. 《活动2》7月20日周一 11:00，一楼，小一"));
  const std::string told = say("取消２");
  EXPECT_TRUE(told.starts_with("已取消：《活动2》7月20日周一 11:00，一楼，小一。")) << told;
  EXPECT_EQ(state_of(second), domain::BookingState::cancelled);
  EXPECT_EQ(engine.taken(2), 0);
  EXPECT_EQ(engine.at_gate(2).used, 0);
  EXPECT_EQ(engine.taken(1), 1);
}

TEST_F(ConverseTest, a_number_goes_on_meaning_the_same_when_the_list_has_changed) {
  say("取消");
  say("取消1");
  EXPECT_TRUE(say("取消1").starts_with("已取消：《活动1》"));
  EXPECT_EQ(engine.taken(2), 1) << "the second was never asked for";
  EXPECT_TRUE(say("取消 2").starts_with("已取消：《活动2》"));
}

TEST_F(ConverseTest, a_number_without_a_list_gets_the_list) {
  EXPECT_TRUE(has(say("取消1"), "可以取消的预约："));
  EXPECT_EQ(engine.taken(1), 1);
  EXPECT_EQ(pushes.asked_since, engine.clock.wall_now() - std::chrono::minutes(30));
  EXPECT_TRUE(has(say("取消3"), "没有第 3 个"));
  EXPECT_EQ(engine.taken(1) + engine.taken(2), 2);
}

TEST_F(ConverseTest, what_it_is_too_late_to_cancel_is_not_offered_and_not_cancelled) {
  say("取消");
  set_time(-24 * 60);
  EXPECT_TRUE(has(say("取消1"), "已经过了可以取消的时间"));
  const std::string offered = say("取消");
  EXPECT_TRUE(has(offered, "1. 《活动2》")) << offered;
  EXPECT_FALSE(has(offered, "《活动1》"));
  set_time(-60);
  EXPECT_EQ(say("取消"), "您现在没有可以取消的预约。");
  EXPECT_EQ(engine.taken(1) + engine.taken(2), 2);
}

TEST_F(ConverseTest, nobody_cancels_or_sees_what_is_anothers) {
  say("取消");
  pushes.told["o2"] = pushes.told["o1"];
  EXPECT_TRUE(has(say("取消1", "o2"), "没有查到这个预约"));
  EXPECT_EQ(engine.taken(1), 1);
}

TEST_F(ConverseTest, a_list_that_cannot_be_remembered_is_not_told) {
  pushes.remember_calls.always(Fate::refused);
  EXPECT_EQ(say("取消"), words::busy);
}

TEST_F(ConverseTest, an_outage_is_said_in_words) {
  engine.ledger.of_user_calls.always(Fate::refused);
  EXPECT_EQ(say("我的预约"), words::busy);
  engine.ledger.of_user_calls.forget_fates();
  people.attendees_calls.always(Fate::request_lost);
  EXPECT_EQ(say("取消"), words::busy);
  people.attendees_calls.forget_fates();
  say("取消");
  engine.ledger.cancel_calls.always(Fate::answer_lost);
  EXPECT_TRUE(has(say("取消1"), "没能确认是否已取消"));
  identities.user_calls.always(Fate::refused);
  EXPECT_EQ(say("我的预约"), words::busy);
}

TEST_F(ConverseTest, strangers_are_asked_to_sign_in_and_the_blocked_told_so) {
  for (const char* text : {"我的预约", "取消", "取消1"}) EXPECT_TRUE(has(say(text, "o9"), "请先登录一次")) << text;
  EXPECT_TRUE(has(scan_session(1, "o9"), "https://zl.example"));
  people.blocked.insert(id_of<base::UserId>(1));
  for (const char* text : {"我的预约", "取消", "取消1"}) EXPECT_EQ(say(text), words::blocked) << text;
  set_time(0);
  EXPECT_EQ(scan_session(1), words::blocked);
  EXPECT_TRUE(attendance.entered.empty());
}

TEST_F(ConverseTest, tells_todays_programme_in_the_order_of_time) {
  EXPECT_EQ(say("今日活动"), "今天没有活动，改天再来看看吧。");
  set_time(-10 * 60);  // midnight
  EXPECT_EQ(say("今天"),
            "今天的活动：\n10:00《活动1》，一楼，钟楼\n11:00《活动2》，一楼，钟楼\n报名请打开：https://zl.example");
  EXPECT_EQ(scan(station_scene),
            "钟楼今天的活动：\n10:00《活动1》，一楼\n11:00《活动2》，一楼\n报名请打开：https://zl.example");
  set_time(-10 * 60 - 1);
  EXPECT_EQ(scan(station_scene), "钟楼今天没有活动，改天再来看看吧。");
}

TEST_F(ConverseTest, a_day_full_of_activities_is_cut_at_the_platforms_limit) {
  for (std::uint64_t number = 3; number < 120; ++number) {
    domain::Activity activity = test::sample_activity(number, 1);
    activity.title.clear();
    for (int i = 0; i < 100; ++i) activity.title += "课";
    activity.sessions.front().time = {start, start + std::chrono::hours(1)};
    engine.put(activity);
  }
  engine.publish();
  set_time(0);
  const std::string told = say("今日活动");
  EXPECT_TRUE(has(told, "……还有 1")) << told;
  EXPECT_TRUE(told.ends_with("https://zl.example"));
}

TEST_F(ConverseTest, help_is_given_for_all_else) {
  EXPECT_EQ(say("你好"), words::help("https://zl.example"));
  EXPECT_EQ(say(""), words::help("https://zl.example"));
  EXPECT_EQ(words(push(OtherPush{"voice"})), words::help("https://zl.example"));
  EXPECT_EQ(words(push(OtherPush{"LOCATION"})), "");
  EXPECT_EQ(words(push(OtherPush{"some_event_of_tomorrow"})), "");
  EXPECT_EQ(words(push(MenuPressed{"an_old_button"})), "");
}

TEST_F(ConverseTest, a_scan_checks_every_child_of_the_family_in_that_is_booked) {
  add_child(1, 2, "小二");  // whom the other parent books for
  book(2, 1);
  set_time(-30);
  EXPECT_EQ(scan_session(1), "《活动1》7月20日周一 10:00，一楼：\n小一：签到成功\n小二：签到成功");
  EXPECT_EQ(attendance.entered.size(), 2U);
  const CheckInItem& item = attendance.items.front();
  EXPECT_EQ(item.actor.id.bytes, id_of<base::UserId>(1).bytes);
  EXPECT_EQ(item.actor.role, "user");
  EXPECT_EQ(item.actor.address, "wechat");
  EXPECT_EQ(item.session_id, id_of<base::SessionId>(1));
}

TEST_F(ConverseTest, who_is_in_already_is_told_since_when) {
  set_time(-30);
  scan_session(1);
  set_time(-5);
  EXPECT_TRUE(has(scan_session(1), "小一：09:30 已签到，不用再签"));
  EXPECT_EQ(attendance.entered.size(), 1U);
}

TEST_F(ConverseTest, a_scan_made_again_by_the_platform_says_the_same) {
  set_time(-30);
  const Push scanned = push(Scanned{scene_name(id_of<base::SessionId>(1))});
  pushes.finish_calls.next(Fate::request_lost);
  const std::string first = words(scanned);
  pushes.rows.clear();
  EXPECT_EQ(words(scanned), first);
  EXPECT_EQ(attendance.items.front().id, attendance.items.back().id);
}

TEST_F(ConverseTest, nobody_is_checked_in_too_early_or_when_it_is_over) {
  set_time(-121);
  EXPECT_TRUE(has(scan_session(1), "7月20日周一 08:00 起可以签到"));
  set_time(60);
  EXPECT_TRUE(has(scan_session(1), "已经结束"));
  EXPECT_TRUE(attendance.entered.empty());
  set_time(-120);
  EXPECT_TRUE(has(scan_session(1), "签到成功"));
}

TEST_F(ConverseTest, who_has_not_booked_is_told_so) {
  set_time(0);
  EXPECT_TRUE(has(scan_session(1, "o2"), "没有查到您家孩子在《活动1》"));
}

TEST_F(ConverseTest, a_cancelled_activity_lets_nobody_in_and_says_why) {
  domain::Activity activity = test::sample_activity(1, 5);
  activity.publication = domain::Publication::cancelled;
  activity.cancel_reason = "台风";
  activity.version = 2;
  engine.put(activity);
  engine.publish();
  set_time(0);
  EXPECT_TRUE(has(scan_session(1), "已经取消了：台风"));
  activity.publication = domain::Publication::draft;
  activity.version = 3;
  engine.put(activity);
  engine.publish();
  EXPECT_EQ(scan_session(1), words::code_is_void);
}

TEST_F(ConverseTest, an_unsure_check_in_is_to_be_scanned_again) {
  set_time(0);
  attendance.check_in_calls.next(Fate::answer_lost);
  EXPECT_TRUE(has(scan_session(1), "小一：没能确认是否签上"));
  attendance.check_in_calls.next(Fate::refused);
  EXPECT_TRUE(has(scan_session(1), "小一：没能确认是否签上"));
  families.calls.next(Fate::refused);
  EXPECT_EQ(scan_session(1), words::busy);
  EXPECT_TRUE(has(scan_session(1), "10:00 已签到"));
}

TEST_F(ConverseTest, codes_that_are_not_ours_or_no_longer_are_void) {
  for (const std::string& scene : {std::string("ev_42"), std::string(), scene_name(id_of<base::SessionId>(99)),
                                   scene_name(id_of<base::StationId>(99)), std::string(64, 'x')}) {
    EXPECT_EQ(scan(scene), words::code_is_void) << scene;
  }
}

TEST_F(ConverseTest, who_follows_is_welcomed_and_what_was_scanned_is_done) {
  EXPECT_EQ(words(push(Followed{})), words::welcome("https://zl.example"));
  set_time(0);
  EXPECT_TRUE(has(words(push(Followed{station_scene}, "o9")), "钟楼今天的活动："));
  const std::string told = words(push(Followed{scene_name(id_of<base::SessionId>(1))}));
  EXPECT_TRUE(told.starts_with("欢迎关注！\n《活动1》")) << told;
  EXPECT_TRUE(has(told, "签到成功"));
  EXPECT_TRUE(has(told, "发送“我的预约”"));
}

}  // namespace
}  // namespace zl::app
