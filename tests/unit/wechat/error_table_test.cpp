// The platform's error codes, its quotas, and the alarms for operators.
#include "wechat/error_table.hpp"

#include <gtest/gtest.h>

#include "runtime/metrics.hpp"
#include "unit/wechat/support.hpp"
#include "wechat/alarms.hpp"
#include "wechat/json.hpp"
#include "wechat/quota_stops.hpp"

namespace zl::wechat {
namespace {

TEST(ErrorTable, says_what_each_code_asks_for) {
  EXPECT_EQ(reaction_to(0), Reaction::proceed);
  EXPECT_EQ(reaction_to(-1), Reaction::back_off);
  for (const int code : {40001, 40014, 42001}) EXPECT_EQ(reaction_to(code), Reaction::refresh_token) << code;
  EXPECT_EQ(reaction_to(45009), Reaction::wait_for_day);
  EXPECT_EQ(reaction_to(45011), Reaction::wait_for_minute);
  for (const int code : {48001, 40164, 40125, 40243, 40037}) EXPECT_EQ(reaction_to(code), Reaction::alarm) << code;
  for (const int code : {40029, 40163, 42003}) EXPECT_EQ(reaction_to(code), Reaction::restart_login) << code;
  for (const int code : {43004, 43101, 40003, 40226}) EXPECT_EQ(reaction_to(code), Reaction::refuse_person) << code;
  for (const int code : {47003, 45168, 40249}) EXPECT_EQ(reaction_to(code), Reaction::refuse_message) << code;
  EXPECT_EQ(reaction_to(99999), Reaction::refuse_message);
}

TEST(ErrorTable, takes_the_rid_from_a_message_and_nothing_else) {
  EXPECT_EQ(rid_of("invalid code rid: 653f6a60-70851a2e-4e50da8d"), "653f6a60-70851a2e-4e50da8d");
  EXPECT_EQ(rid_of("api unauthorized, rid: 1-2-3 hints: [ req_id: x ]"), "1-2-3");
  EXPECT_EQ(rid_of("ok"), "");
  EXPECT_EQ(rid_of("rid: "), "");
  EXPECT_EQ(rid_of("rid: <script>"), "");
  EXPECT_EQ(rid_of("rid: " + std::string(1000, 'a')).size(), 64U);
}

class QuotaStopsTest : public ::testing::Test {
 protected:
  test::ManualClock clock_;
  test::TextRandom random_{std::string(8, '\0')};
  QuotaStops stops_{clock_, random_};
};

TEST_F(QuotaStopsTest, a_day_ends_at_midnight_of_the_platform) {
  clock_.set_wall(base::parse_instant("2026-07-06T23:59:30.000+08:00").value());
  stops_.stop_for_day("/send");
  EXPECT_EQ(stops_.wait_of("/send"), base::Milliseconds(30'000));
  EXPECT_EQ(stops_.wait_of("/other"), base::Milliseconds(0));
  clock_.advance(base::Milliseconds(29'999));
  EXPECT_EQ(stops_.wait_of("/send"), base::Milliseconds(1));
  clock_.advance(base::Milliseconds(1));
  EXPECT_EQ(stops_.wait_of("/send"), base::Milliseconds(0));
}

TEST_F(QuotaStopsTest, a_day_that_has_just_begun_is_a_whole_one) {
  EXPECT_EQ(until_next_day(base::parse_instant("2026-07-06T00:00:00.000+08:00").value()), std::chrono::hours(24));
  EXPECT_EQ(until_next_day(base::parse_instant("2026-12-31T16:00:00.000+00:00").value()), std::chrono::hours(24));
}

TEST_F(QuotaStopsTest, a_minute_ends_with_it_and_a_little_later_by_chance) {
  clock_.set_wall(base::parse_instant("2026-07-06T09:00:45.000+08:00").value());
  stops_.stop_for_minute("/send");
  EXPECT_EQ(stops_.wait_of("/send"), base::Milliseconds(15'000));
  test::TextRandom other(std::string("\x0F\x27\0\0\0\0\0\0", 8));
  EXPECT_EQ(until_next_minute(clock_.wall_now(), other), base::Milliseconds(15'000 + 9'999));
}

TEST_F(QuotaStopsTest, a_longer_stop_is_not_shortened) {
  clock_.set_wall(base::parse_instant("2026-07-06T09:00:45.000+08:00").value());
  stops_.stop_for_day("/send");
  stops_.stop_for_minute("/send");
  EXPECT_GT(stops_.wait_of("/send"), base::Milliseconds(3'600'000));
}

TEST(Alarms, count_each_call_and_code_by_itself) {
  test::ManualClock clock;
  runtime::Metrics metrics;
  Alarms alarms(clock, metrics);
  alarms.raise("/send", 48001, "1-2-3");
  alarms.raise("/send", 48001, "4-5-6");
  alarms.raise("/send", 40037, "");
  const auto raised = alarms.raised();
  ASSERT_EQ(raised.size(), 2U);
  EXPECT_EQ(raised[1].errcode, 48001);
  EXPECT_EQ(raised[1].rid, "4-5-6");
  EXPECT_EQ(raised[1].times, 2U);
  EXPECT_NE(metrics.render().find("zhonglou_wechat_alarms_total 3"), std::string::npos);
}

TEST(Json, is_read_as_the_platform_writes_it) {
  const auto json = JsonObject::parse(
      "{\"id\":3557254367693750277,\"big\":18446744073709551615,\"name\":\"a\x01 b\","
      "\"digits\":\"42\",\"broken\":\"\xFF\",\"in\":{\"x\":\"y\"},\"real\":1.5}");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->integer("id"), 3'557'254'367'693'750'277);
  EXPECT_EQ(json->text("id"), "3557254367693750277");
  EXPECT_EQ(json->text("big"), "18446744073709551615");
  EXPECT_EQ(json->text("name"), "a  b");
  EXPECT_EQ(json->integer("digits"), 42);
  EXPECT_EQ(json->object("in").text("x"), "y");
  EXPECT_EQ(json->object("absent").object("too").text("x"), "");
  EXPECT_EQ(json->text("real"), "");
  EXPECT_FALSE(json->integer("name"));
}

TEST(Json, is_no_answer_where_it_is_no_object) {
  for (const std::string text : {"", "[]", "1", "{", "<html>", "{}x", "null"}) EXPECT_FALSE(JsonObject::parse(text));
  EXPECT_FALSE(JsonObject::parse(std::string(2'000'000, ' ') + "{}"));
  std::string deep;
  for (int i = 0; i < 20; ++i) deep += "{\"a\":";
  EXPECT_FALSE(JsonObject::parse(deep + "1" + std::string(20, '}')));
}

TEST(Json, texts_are_written_in_utf8) {
  EXPECT_EQ(json_text("钟\"\\\n\x01😀"), "\"钟\\\"\\\\\\u000a\\u0001😀\"");
}

}  // namespace
}  // namespace zl::wechat
