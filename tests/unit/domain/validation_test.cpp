// Every field of what people enter: what is accepted at its bounds, and what is refused beyond, with pointer and limit.
#include "domain/validation.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "base/limits.hpp"
#include "support/samples.hpp"

namespace zl::domain {
namespace {

using std::chrono::hours;
using test::opening;
namespace limits = base::limits;

/// What a fault says for machines: "pointer limit".
std::vector<std::string> told(const Faults& faults) {
  std::vector<std::string> out;
  for (const base::FieldError& fault : faults) {
    EXPECT_FALSE(fault.detail.empty());
    out.push_back(fault.pointer + (fault.limit.empty() ? "" : " " + fault.limit));
  }
  return out;
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

using Told = std::vector<std::string>;

template <class T>
struct Case {
  const char* name;
  std::function<void(T&)> change;
  Told expected;
};

template <class T, class Check>
void expect_all(const T& sample, Check check, const std::vector<Case<T>>& cases) {
  ASSERT_EQ(told(check(sample)), Told{}) << "the sample itself";
  for (const Case<T>& c : cases) {
    T changed = sample;
    c.change(changed);
    EXPECT_EQ(told(check(changed)), c.expected) << c.name;
  }
}

TEST(CheckText, counts_code_points_without_outer_spaces) {
  struct TextCase {
    std::string text;
    Told expected;
  };
  const Told length{"/x 2..4 characters"};
  for (const TextCase& c : {TextCase{"钟楼", {}}, TextCase{"钟楼服务", {}}, TextCase{"钟楼服务站", length},
                            TextCase{"钟", length}, TextCase{"", length}, TextCase{" 钟 ", length},
                            TextCase{"\u3000\u3000", length}, TextCase{"a  b", {}}, TextCase{"a\nb", {"/x"}},
                            TextCase{"ab\x80", {"/x"}}, TextCase{"ab\u202e", {"/x"}}, TextCase{"a\x7f", {"/x"}}}) {
    Faults out;
    check_text(c.text, "/x", 2, 4, false, out);
    EXPECT_EQ(told(out), c.expected) << c.text;
  }
  Faults out;
  check_text("a\nb", "/x", 2, 4, true, out);
  EXPECT_TRUE(out.empty());
}

TEST(CheckNumber, includes_both_bounds) {
  for (const auto& [value, good] : std::vector<std::pair<std::int64_t, bool>>{
           {0, false}, {1, true}, {5, true}, {6, false}, {INT64_MIN, false}, {INT64_MAX, false}}) {
    Faults out;
    check_number(value, "/n", 1, 5, out);
    EXPECT_EQ(told(out), good ? Told{} : Told{"/n 1..5"}) << value;
  }
}

TEST(CheckStation, bounds_every_field) {
  Station station;
  station.id = test::id_of<base::StationId>(1);
  station.name = "钟楼";
  expect_all<Station>(
      station, check_station,
      {
          {"no name", [](Station& s) { s.name = ""; }, {"/name 1..50 characters"}},
          {"only spaces", [](Station& s) { s.name = "  "; }, {"/name 1..50 characters"}},
          {"longest name", [](Station& s) { s.name = repeated("钟", limits::name_length); }, {}},
          {"name too long", [](Station& s) { s.name = repeated("钟", 51); }, {"/name 1..50 characters"}},
          {"line break", [](Station& s) { s.name = "a\nb"; }, {"/name"}},
          {"longest area", [](Station& s) { s.area = repeated("x", limits::area_length); }, {}},
          {"area too long", [](Station& s) { s.area = repeated("x", 51); }, {"/area 0..50 characters"}},
          {"its own parent", [](Station& s) { s.parent_id = s.id; }, {"/parent_id"}},
          {"a parent", [](Station& s) { s.parent_id = test::id_of<base::StationId>(2); }, {}},
      });
}

TEST(CheckProgramme, bounds_every_field) {
  expect_all<Programme>(
      test::sample_programme(), check_programme,
      {
          {"no title", [](Programme& p) { p.title = ""; }, {"/title 1..100 characters"}},
          {"title too long", [](Programme& p) { p.title = repeated("期", 101); }, {"/title 1..100 characters"}},
          {"closes at once", [](Programme& p) { p.closes_at = p.opens_at; }, {"/closes_at > opens_at"}},
          {"closes before", [](Programme& p) { p.closes_at.unix_ms = 0; }, {"/closes_at > opens_at"}},
          {"shortest", [](Programme& p) { p.closes_at = p.opens_at + base::Milliseconds(1); }, {}},
          {"smallest caps", [](Programme& p) { p.rules.max_per_attendee = p.rules.max_per_user = 1; }, {}},
          {"largest caps", [](Programme& p) { p.rules.max_per_attendee = p.rules.max_per_user = 1000; }, {}},
          {"child's cap 0", [](Programme& p) { p.rules.max_per_attendee = 0; }, {"/rules/max_per_attendee 1..1000"}},
          {"child's cap 1001",
           [](Programme& p) { p.rules.max_per_attendee = 1001; },
           {"/rules/max_per_attendee 1..1000"}},
          {"family's cap -1", [](Programme& p) { p.rules.max_per_user = -1; }, {"/rules/max_per_user 1..1000"}},
          {"cancel_hours -1", [](Programme& p) { p.rules.cancel_hours = -1; }, {"/rules/cancel_hours 0..8760"}},
          {"cancel_hours 8761", [](Programme& p) { p.rules.cancel_hours = 8761; }, {"/rules/cancel_hours 0..8760"}},
          {"several at once",
           [](Programme& p) {
             p.title = "";
             p.closes_at = p.opens_at;
             p.rules.max_per_user = 0;
           },
           {"/title 1..100 characters", "/closes_at > opens_at", "/rules/max_per_user 1..1000"}},
      });
}

TEST(CheckActivity, bounds_every_field) {
  expect_all<Activity>(
      test::sample_activity(1, 10), check_activity,
      {
          {"no title", [](Activity& a) { a.title = ""; }, {"/title 1..100 characters"}},
          {"control in title", [](Activity& a) { a.title = "a\tb"; }, {"/title"}},
          {"longest description", [](Activity& a) { a.description = repeated("字", 4000); }, {}},
          {"description too long",
           [](Activity& a) { a.description = repeated("字", 4001); },
           {"/description 0..4000 characters"}},
          {"lines in description", [](Activity& a) { a.description = "a\nb"; }, {}},
          {"carriage return in description", [](Activity& a) { a.description = "a\r\nb"; }, {"/description"}},
          {"malformed description", [](Activity& a) { a.description = "\xff"; }, {"/description"}},
          {"age_min -1", [](Activity& a) { a.age_min = -1; }, {"/age_min 0..150"}},
          {"age_max 151", [](Activity& a) { a.age_max = 151; }, {"/age_max 0..150"}},
          {"ages reversed", [](Activity& a) { a.age_max = 5; }, {"/age_max >= age_min"}},
          {"one age", [](Activity& a) { a.age_max = a.age_min; }, {}},
          {"all ages",
           [](Activity& a) {
             a.age_min = 0;
             a.age_max = 150;
           },
           {}},
          {"capacity 0", [](Activity& a) { a.capacity = 0; }, {"/capacity 1..100000"}},
          {"capacity 1", [](Activity& a) { a.capacity = 1; }, {}},
          {"capacity 100,000", [](Activity& a) { a.capacity = 100'000; }, {}},
          {"capacity a million", [](Activity& a) { a.capacity = 1'000'000; }, {"/capacity 1..100000"}},
          {"no sessions", [](Activity& a) { a.sessions.clear(); }, {"/sessions 1..60 sessions"}},
      });
}

void repeat_daily(Activity& activity, int count) {
  const Session first = activity.sessions.front();
  activity.sessions.clear();
  for (int day = 0; day < count; ++day) {
    Session session = first;
    session.time = {first.time.starts_at + hours(24 * day), first.time.ends_at + hours(24 * day)};
    activity.sessions.push_back(session);
  }
}

TEST(CheckActivity, bounds_every_session) {
  expect_all<Activity>(
      test::sample_activity(1, 10), check_activity,
      {
          {"sixty sessions", [](Activity& a) { repeat_daily(a, 60); }, {}},
          {"sixty-one sessions", [](Activity& a) { repeat_daily(a, 61); }, {"/sessions 1..60 sessions"}},
          {"ends when it starts",
           [](Activity& a) { a.sessions[0].time.ends_at = a.sessions[0].time.starts_at; },
           {"/sessions/0/ends_at > starts_at"}},
          {"ends before",
           [](Activity& a) { a.sessions[0].time.ends_at.unix_ms = 0; },
           {"/sessions/0/ends_at > starts_at"}},
          {"a day long", [](Activity& a) { a.sessions[0].time.ends_at = a.first_start() + hours(24); }, {}},
          {"longer than a day",
           [](Activity& a) { a.sessions[0].time.ends_at = a.first_start() + hours(24) + base::Milliseconds(1); },
           {"/sessions/0/ends_at <= 24 hours"}},
          {"one after the other",
           [](Activity& a) {
             repeat_daily(a, 2);
             a.sessions[1].time = {a.sessions[0].time.ends_at, a.sessions[0].time.ends_at + hours(1)};
           },
           {}},
          {"twice at a time", [](Activity& a) { a.sessions.push_back(a.sessions[0]); }, {"/sessions/1"}},
          {"three at a time",
           [](Activity& a) { a.sessions = {a.sessions[0], a.sessions[0], a.sessions[0]}; },
           {"/sessions/1", "/sessions/2", "/sessions/2"}},
          {"no venue", [](Activity& a) { a.sessions[0].venue = ""; }, {}},
          {"venue too long",
           [](Activity& a) {
             repeat_daily(a, 2);
             a.sessions[1].venue = repeated("室", 101);
           },
           {"/sessions/1/venue 0..100 characters"}},
      });
}

TEST(CheckAttendee, bounds_every_field) {
  Attendee attendee;
  attendee.name = "小明";
  attendee.birth_date = *base::parse_date("2016-07-06");
  const base::Date today = *base::parse_date("2026-07-06");
  const auto born = [](const char* text) { return [text](Attendee& a) { a.birth_date = *base::parse_date(text); }; };
  expect_all<Attendee>(
      attendee, [&](const Attendee& a) { return check_attendee(a, today); },
      {
          {"no name", [](Attendee& a) { a.name = " "; }, {"/name 1..50 characters"}},
          {"name too long", [](Attendee& a) { a.name = repeated("明", 51); }, {"/name 1..50 characters"}},
          {"direction in name", [](Attendee& a) { a.name = "a\u202eb"; }, {"/name"}},
          {"lines in notes", [](Attendee& a) { a.notes = "花生\n过敏"; }, {}},
          {"notes too long", [](Attendee& a) { a.notes = repeated("x", 501); }, {"/notes 0..500 characters"}},
          {"born today", born("2026-07-06"), {}},
          {"born tomorrow", born("2026-07-07"), {"/birth_date <= 2026-07-06"}},
          {"150 years old", born("1900-01-01"), {}},
      });
  const base::Date later = *base::parse_date("2051-01-01");
  attendee.birth_date = *base::parse_date("1900-01-02");
  EXPECT_EQ(told(check_attendee(attendee, later)), Told{});
  attendee.birth_date = *base::parse_date("1900-01-01");
  EXPECT_EQ(told(check_attendee(attendee, later)), Told{"/birth_date 0..150 years"});
}

TEST(CheckUsername, takes_few_characters) {
  const Told refused{"/username 3..32 characters"};
  for (const auto& [name, expected] : std::vector<std::pair<std::string, Told>>{
           {"admin", {}},
           {"a.b_c-9", {}},
           {"abc", {}},
           {std::string(32, 'a'), {}},
           {"ab", refused},
           {"", refused},
           {std::string(33, 'a'), refused},
           {"Admin", refused},
           {"ad min", refused},
           {"钟楼站", refused},
           {"adm\nin", refused},
           {std::string("adm\0in", 6), refused},
       }) {
    EXPECT_EQ(told(check_username(name)), expected) << name;
  }
}

TEST(CheckPassword, is_bounded_in_bytes) {
  const Told refused{"/password 10..128 bytes"};
  EXPECT_EQ(told(check_password("zhonglou-d")), Told{});
  EXPECT_EQ(told(check_password(std::string(128, 'x'))), Told{});
  EXPECT_EQ(told(check_password("short-one")), refused);
  EXPECT_EQ(told(check_password(std::string(129, 'x'))), refused);
  EXPECT_EQ(told(check_password("钟楼钟楼")), Told{});  // 12 bytes
  EXPECT_EQ(told(check_password("long enough\xff")), Told{"/password"});
  EXPECT_EQ(told(check_password("long enough\n")), Told{"/password"});
}

TEST(CheckAccount, binds_roles_to_stations) {
  struct RoleCase {
    Role role;
    bool has_station;
    Told expected;
  };
  for (const RoleCase& c : {
           RoleCase{Role::town_admin, false, {}},
           RoleCase{Role::town_admin, true, {"/station_id null"}},
           RoleCase{Role::station_admin, false, {"/station_id required"}},
           RoleCase{Role::station_admin, true, {}},
           RoleCase{Role::staff, false, {"/station_id required"}},
           RoleCase{Role::staff, true, {}},
           RoleCase{Role::auditor, false, {}},
           RoleCase{Role::auditor, true, {}},
       }) {
    Account account;
    account.username = "somebody";
    account.role = c.role;
    if (c.has_station) account.station_id = test::id_of<base::StationId>(1);
    EXPECT_EQ(told(check_account(account)), c.expected) << static_cast<int>(c.role) << c.has_station;
  }
  Account account;
  account.username = "No";
  EXPECT_EQ(told(check_account(account)), (Told{"/username 3..32 characters", "/station_id required"}));
}

}  // namespace
}  // namespace zl::domain
