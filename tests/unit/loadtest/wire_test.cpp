#include "rush/wire.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <map>
#include <string>

namespace zl::rush {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(JudgeTest, a_booking_is_granted_with_the_time_of_its_receipt) {
  const Verdict verdict = judge(201, R"({"id":"b1","state":"confirmed",
        "receipt":{"arrival":1,"decided_at":"2026-06-20T10:00:00.412+08:00","opens_at":"x","remaining":1}})");
  EXPECT_EQ(verdict.outcome, Outcome::granted);
  EXPECT_EQ(verdict.code, "granted");
  EXPECT_EQ(verdict.booking_id, "b1");
  EXPECT_EQ(verdict.decided_at, 1'781'920'800'412);
}

TEST(JudgeTest, sold_out_counts_wherever_it_is_named_unless_it_may_change) {
  EXPECT_TRUE(
      judge(409, R"({"code":"overlaps","violations":[{"code":"overlaps"},{"code":"sold_out"}]})").told_sold_out);
  EXPECT_FALSE(
      judge(409, R"({"code":"sold_out","violations":[{"code":"sold_out","provisional":true}]})").told_sold_out);
  EXPECT_FALSE(judge(409, R"({"code":"overlaps","violations":[{"code":"overlaps"}]})").told_sold_out);
}

struct Case {
  unsigned status;
  const char* body;
  Outcome outcome;
  const char* code;
};

TEST(JudgeTest, only_a_definite_answer_is_definite) {
  for (const Case& each :
       {Case{409, R"({"code":"sold_out"})", Outcome::refused, "sold_out"},
        Case{503, R"({"code":"overloaded"})", Outcome::refused, "overloaded"},
        Case{503, R"({"code":"outcome_unknown"})", Outcome::unknown, "outcome_unknown"},
        Case{500, R"({"code":"internal"})", Outcome::unknown, "internal"},
        Case{502, "<html>", Outcome::unknown, "http 502"}, Case{201, R"({"id":"b1"})", Outcome::unknown, "http 201"}}) {
    const Verdict verdict = judge(each.status, each.body);
    EXPECT_EQ(verdict.outcome, each.outcome) << each.body;
    EXPECT_EQ(verdict.code, each.code);
  }
}

TEST(ReadTest, an_activity_of_the_contract) {
  const Activity activity = read_activity(boost::json::parse(R"({"id":"a1","title":"国画","capacity":20,"remaining":3,
        "age_min":7,"age_max":15,"sessions":[{"id":"s1","starts_at":"2026-07-06T09:30:00.000+08:00",
        "ends_at":"2026-07-06T11:00:00.000+08:00","venue":""}]})"));
  EXPECT_EQ(activity.capacity, 20);
  EXPECT_EQ(activity.remaining, 3);
  ASSERT_EQ(activity.sessions.size(), 1U);
  EXPECT_EQ(activity.sessions.front().ends_at - activity.sessions.front().starts_at, 90 * 60'000);
}

TEST(ReadTest, the_seats_left_on_a_page) {
  std::map<std::string, int> seen;
  const auto tell = [&](std::string_view id, int remaining) { seen.emplace(id, remaining); };
  for (const int left : {3, 0}) {  // the second page is read where the first was
    seen.clear();
    read_seats(fmt::format(R"({{"items":[{{"id":"a1","remaining":{}}},{{"id":"a2","title":"剪纸","remaining":0}}],
                  "next_cursor":null}})",
                           left),
               tell);
    EXPECT_THAT(seen, ElementsAre(Pair("a1", left), Pair("a2", 0)));
  }
  EXPECT_THROW(read_seats(R"({"items":[{"id":"a1"}]})", tell), std::exception);
}

TEST(ReadTest, a_programme_whose_caps_may_be_null) {
  const Programme programme = read_programme(boost::json::parse(R"({"id":"p1","title":"t",
        "opens_at":"2026-06-20T10:00:00.000+08:00",
        "rules":{"max_per_attendee":null,"max_per_user":4,"forbid_overlap":true,"cancel_hours":24}})"));
  EXPECT_FALSE(programme.rules.max_per_attendee);
  EXPECT_EQ(programme.rules.max_per_user, 4);
  EXPECT_TRUE(programme.rules.forbid_overlap);
}

TEST(ReadTest, a_cancelled_roster_entry_holds_no_seat) {
  const RosterEntry entry = read_roster_entry(boost::json::parse(R"({"booking_id":"b1","state":"cancelled",
        "user":{"id":"u1","nickname":"n"},"attendee":{"id":"c1","name":"n","birth_date":"2018-01-01"},
        "receipt":{"decided_at":"2026-06-20T10:00:00.412+08:00"}})"),
                                              4);
  EXPECT_FALSE(entry.active);
  EXPECT_EQ(entry.activity, 4U);
  EXPECT_EQ(entry.decided_at, 1'781'920'800'412);
}

}  // namespace
}  // namespace zl::rush
