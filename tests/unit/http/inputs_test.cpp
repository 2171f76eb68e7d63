// Bodies: what is taken, what is named as wrong, and what a merge-patch leaves as it is.
#include "http/inputs.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace zl::http {
namespace {

using Pointers = std::vector<std::string>;

constexpr std::string_view activity_body = R"({"programme_id":"0b1c2d3e4f5061728394a5b6c7d8e9f0","kind":"camp",
    "title":" 夏令营 ","capacity":3,"sessions":[{"starts_at":"2026-07-07T09:00:00+08:00",
    "ends_at":"2026-07-07T10:00:00+08:00"},{"starts_at":"2026-07-06T09:00:00+08:00",
    "ends_at":"2026-07-06T10:00:00+08:00","venue":"二楼"}]})";

base::Date today() {
  return base::parse_date("2026-06-20").value();
}

Pointers faults_of_activity(std::string_view body) {
  Faults faults;
  read_activity(body, faults);
  return pointers(faults);
}

Pointers faults_of_activity_patch(std::string_view body) {
  Faults faults;
  read_activity_patch(body, faults);
  return pointers(faults);
}

std::string replaced(std::string_view body, std::string_view what, std::string_view by) {
  std::string text(body);
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

TEST(ActivityInput, has_the_defaults_of_the_contract) {
  Faults faults;
  const domain::Activity activity = read_activity(activity_body, faults);
  EXPECT_EQ(pointers(faults), Pointers());
  EXPECT_EQ(activity.title, "夏令营");
  EXPECT_EQ(activity.description, "");
  EXPECT_EQ(activity.age_min, 0);
  EXPECT_EQ(activity.age_max, 150);
  EXPECT_EQ(activity.kind, domain::Kind::camp);
  ASSERT_EQ(activity.sessions.size(), 2U);
  EXPECT_EQ(activity.sessions[1].venue, "二楼");
}

TEST(ActivityInput, names_bounds_and_types_together) {
  std::string body = replaced(activity_body, R"("capacity":3)", R"("capacity":0,"age_min":"6","colour":null)");
  body = replaced(body, "2026-07-07T10:00:00+08:00", "2026-07-07T08:00:00+08:00");
  EXPECT_EQ(faults_of_activity(body), (Pointers{"/age_min", "/colour", "/capacity", "/sessions/0/ends_at"}));
}

TEST(ActivityInput, faults_of_one_session_do_not_hide_the_others) {
  std::string body = replaced(activity_body, "2026-07-07T09:00:00+08:00", "tomorrow");
  body = replaced(body, R"("venue":"二楼")", R"("venue":7)");
  EXPECT_EQ(faults_of_activity(body), (Pointers{"/sessions/0/starts_at", "/sessions/1/venue"}));
  EXPECT_EQ(faults_of_activity(replaced(activity_body, R"({"starts_at":"2026-07-07T09:00:00+08:00",
    "ends_at":"2026-07-07T10:00:00+08:00"})",
                                        "7")),
            Pointers{"/sessions/0"});
}

TEST(ActivityInput, too_many_sessions_are_told_once) {
  std::string sessions = "[7";
  for (int i = 0; i < 60; ++i) sessions += ",7";
  const std::string body = std::string(R"({"sessions":)") + sessions + "]}";
  EXPECT_EQ(faults_of_activity_patch(body), Pointers{"/sessions"});
  EXPECT_EQ(faults_of_activity_patch(R"({"sessions":[]})"), Pointers{"/sessions"});
}

TEST(ActivityPatch, changes_what_it_names_and_nothing_else) {
  Faults faults;
  const domain::Activity before = read_activity(activity_body, faults);
  domain::Activity after = before;
  const Patch patch = read_activity_patch(R"({"capacity":5,"description":"带水\n带帽子"})", faults);
  merge(patch, after);
  EXPECT_EQ(pointers(faults), Pointers());
  EXPECT_EQ(after.capacity, 5);
  EXPECT_EQ(after.description, "带水\n带帽子");
  EXPECT_EQ(after.title, before.title);
  EXPECT_EQ(after.sessions.size(), 2U);
  EXPECT_TRUE(has_member(patch, "capacity"));
  EXPECT_FALSE(has_member(patch, "sessions"));

  merge(read_activity_patch(R"({"description":null})", faults), after);
  EXPECT_EQ(after.description, "");
}

TEST(ActivityPatch, refuses_what_never_changes_and_null_where_nothing_can_be_empty) {
  EXPECT_EQ(faults_of_activity_patch(R"({"kind":"camp","programme_id":"x","status":"published","version":1})"),
            (Pointers{"/kind", "/programme_id", "/status", "/version"}));
  EXPECT_EQ(faults_of_activity_patch(R"({"title":null,"sessions":null,"capacity":null})"),
            (Pointers{"/title", "/capacity", "/sessions"}));
  EXPECT_EQ(faults_of_activity_patch(R"({"age_min":9,"age_max":8})"), Pointers{"/age_max"});
  EXPECT_EQ(faults_of_activity_patch(R"({"age_min":9})"), Pointers());
  EXPECT_EQ(faults_of_activity_patch("{}"), Pointers());
}

TEST(ProgrammePatch, merges_rules_by_member_and_null_lifts_a_cap) {
  Faults faults;
  domain::Programme programme = read_programme(
      R"({"station_id":"0b1c2d3e4f5061728394a5b6c7d8e9f0","title":"暑期","opens_at":"2026-06-20T10:00:00+08:00",
          "closes_at":"2026-07-05T20:00:00+08:00","rules":{"max_per_attendee":2,"max_per_user":4}})",
      faults);
  EXPECT_EQ(programme.rules, (domain::Rules{2, 4, false, 0}));
  merge(read_programme_patch(R"({"rules":{"max_per_attendee":null,"cancel_hours":24}})", faults), programme);
  EXPECT_EQ(pointers(faults), Pointers());
  EXPECT_EQ(programme.rules, (domain::Rules{std::nullopt, 4, false, 24}));

  read_programme_patch(R"({"rules":{"max_per_user":0,"forbid_overlap":null,"colour":1},"title":""})", faults);
  EXPECT_EQ(pointers(faults), (Pointers{"/rules/forbid_overlap", "/rules/colour", "/title", "/rules/max_per_user"}));
}

TEST(ProgrammePatch, judges_times_against_each_other_where_both_are_new) {
  Faults faults;
  read_programme_patch(R"({"closes_at":"1950-01-01T00:00:00Z"})", faults);
  read_programme_patch(R"({"opens_at":"2150-01-01T00:00:00Z"})", faults);
  EXPECT_EQ(pointers(faults), Pointers());
  read_programme_patch(R"({"opens_at":"2026-01-02T00:00:00Z","closes_at":"2026-01-01T00:00:00Z"})", faults);
  EXPECT_EQ(pointers(faults), Pointers{"/closes_at"});
}

TEST(AttendeeInput, bounds_the_birth_date_by_today) {
  Faults faults;
  const domain::Attendee attendee =
      read_attendee(R"({"name":"王小明","birth_date":"2026-06-20","relation":"parent"})", today(), faults);
  EXPECT_EQ(pointers(faults), Pointers());
  EXPECT_EQ(attendee.relation, domain::Relation::parent);
  read_attendee(R"({"name":"王小明","birth_date":"2026-06-21","relation":"uncle","notes":null})", today(), faults);
  EXPECT_EQ(pointers(faults), (Pointers{"/relation", "/notes", "/birth_date"}));
}

TEST(StationInput, names_all_faults_at_once) {
  Faults faults;
  read_station(R"({"name":"","area":7,"colour":"red"})", faults);
  EXPECT_EQ(pointers(faults), (Pointers{"/area", "/colour", "/name"}));
}

TEST(StationInput, an_empty_area_may_be_left_out_or_null) {
  for (const std::string_view body : {R"({"name":"x"})", R"({"name":"x","area":null,"parent_id":null})",
                                      R"({"name":"x","parent_id":"00000000000000000000000000000000"})"}) {
    Faults faults;
    EXPECT_EQ(read_station(body, faults).area, "");
    EXPECT_EQ(pointers(faults), Pointers()) << body;
  }
}

TEST(AccountInput, judges_role_and_station_together) {
  Faults faults;
  read_account(R"({"username":"door","password":"zhonglou-demo","role":"staff"})", faults);
  EXPECT_EQ(pointers(faults), Pointers{"/station_id"});
  faults.clear();
  read_account(R"({"username":"Door","password":"short","role":"king"})", faults);
  EXPECT_EQ(pointers(faults), (Pointers{"/role", "/username", "/password"}));
  faults.clear();
  read_account(R"({"username":"door","password":"zhonglou\u0007demo","role":"auditor"})", faults);
  EXPECT_EQ(pointers(faults), Pointers{"/password"});
}

TEST(AccountPatch, an_absent_password_stays) {
  Faults faults;
  AccountInput account;
  account.account.role = domain::Role::staff;
  account.account.station_id = base::StationId{};
  merge(read_account_patch(R"({"role":"auditor","station_id":null,"blocked":true})", faults), account);
  EXPECT_EQ(pointers(faults), Pointers());
  EXPECT_EQ(account.account.role, domain::Role::auditor);
  EXPECT_FALSE(account.account.station_id.has_value());
  EXPECT_TRUE(account.account.blocked);
  EXPECT_EQ(account.password, "");
  read_account_patch(R"({"username":"other","password":""})", faults);
  EXPECT_EQ(pointers(faults), (Pointers{"/username", "/password"}));
}

TEST(CheckInInput, takes_a_ticket_or_a_booking_and_not_both) {
  const std::string session = R"("session_id":"0b1c2d3e4f5061728394a5b6c7d8e9f0")";
  const std::string booking = R"(,"booking_id":"0b1c2d3e4f5061728394a5b6c7d8e9f0")";
  const std::string ticket = R"(,"ticket":"z1.abc")";
  const auto faults_of = [&](const std::string& rest) {
    Faults faults;
    read_check_in("{" + session + rest + "}", faults);
    return pointers(faults);
  };
  EXPECT_EQ(faults_of(booking), Pointers());
  EXPECT_EQ(faults_of(ticket), Pointers());
  EXPECT_EQ(faults_of(""), Pointers{""});
  EXPECT_EQ(faults_of(booking + ticket), Pointers{""});
  EXPECT_EQ(faults_of(R"(,"ticket":"z2.abc")"), Pointers{"/ticket"});
  EXPECT_EQ(faults_of(R"(,"ticket":"z1.)" + std::string(300, 'A') + "\""), Pointers{"/ticket"});
}

TEST(LoginInput, takes_openids_and_passwords_as_they_are) {
  Faults faults;
  const DevLogin login = read_dev_login(R"({"openid":"parent-1","nickname":" 小明妈妈 "})", faults);
  EXPECT_EQ(login.nickname, "小明妈妈");
  EXPECT_EQ(read_staff_login(R"({"username":"admin","password":" zhonglou-demo "})", faults).password,
            " zhonglou-demo ");
  EXPECT_EQ(pointers(faults), Pointers());
  read_dev_login(R"({"openid":"a b","nickname":"\u202ex"})", faults);
  EXPECT_EQ(pointers(faults), (Pointers{"/openid", "/nickname"}));
}

}  // namespace
}  // namespace zl::http
