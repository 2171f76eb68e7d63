#include "domain/message_fields.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace zl::domain {
namespace {

constexpr int town_offset = 480;
constexpr base::Instant monday_nine{1'783'299'600'000};  // 2026-07-06T09:00+08:00

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST(MessageFields, a_thing_has_twenty_characters_at_most) {
  EXPECT_EQ(fitted("thing1", repeated("字", 20)), repeated("字", 20));
  EXPECT_EQ(fitted("thing1", repeated("字", 21)), repeated("字", 19) + "…");
  EXPECT_EQ(fitted("thing12", "钢琴 piano"), "钢琴 piano");
}

TEST(MessageFields, a_character_of_four_bytes_counts_twice_and_is_never_split) {
  EXPECT_EQ(fitted("thing1", repeated("🎹", 10)), repeated("🎹", 10));
  EXPECT_EQ(fitted("thing1", repeated("🎹", 11)), repeated("🎹", 9) + "…");
}

TEST(MessageFields, line_breaks_and_control_characters_become_one_space) {
  EXPECT_EQ(fitted("thing1", "下雨\r\n\t取消\x01"), "下雨 取消");
  EXPECT_EQ(fitted("thing1", "\n 下雨\u2028取消\u0085 "), "下雨 取消");
}

TEST(MessageFields, nothing_is_empty) {
  for (const std::string_view field : {"thing1", "phrase1", "name1", "time1"}) EXPECT_EQ(fitted(field, "\n"), "无");
  EXPECT_EQ(fitted("character_string1", "中文"), "-");
}

TEST(MessageFields, a_phrase_has_five_chinese_characters_at_most) {
  EXPECT_EQ(fitted("phrase3", "已预约 OK"), "已预约");
  EXPECT_EQ(fitted("phrase3", "已经预约成功"), "已经预约成");
}

TEST(MessageFields, a_character_string_is_ascii_and_has_thirty_two_at_most) {
  EXPECT_EQ(fitted("character_string1", repeated("a", 33)), repeated("a", 32));
  EXPECT_EQ(fitted("character_string1", "No.1号"), "No.1");
}

TEST(MessageFields, times_are_the_towns) {
  EXPECT_EQ(time_text(monday_nine, town_offset), "2026年7月6日 09:00");
  const base::Instant noon = monday_nine + std::chrono::hours(3);
  EXPECT_EQ(period_text({monday_nine, noon}, town_offset), "2026年7月6日 09:00~12:00");
  EXPECT_EQ(period_text({noon, noon + std::chrono::hours(12)}, town_offset), "2026年7月6日 12:00~2026年7月7日 00:00");
  EXPECT_EQ(fitted("time2", time_text(monday_nine, town_offset)), "2026年7月6日 09:00");
}

TEST(MessageFields, of_a_name_the_last_character_is_shown) {
  EXPECT_EQ(masked_name("张小明"), "*明");
  EXPECT_EQ(masked_name(""), "*");
}

TEST(MessageTemplate, an_id_alone_has_the_usual_fields) {
  const auto parsed = MessageTemplate::parse("ngqIpbwh8bUfcSsECmog_-");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->id, "ngqIpbwh8bUfcSsECmog_-");
  ASSERT_EQ(parsed->fields.size(), 4U);
  EXPECT_EQ(parsed->fields[1].name, "time2");
  EXPECT_EQ(parsed->fields[1].slot, MessageSlot::starts_at);
}

TEST(MessageTemplate, names_its_fields_and_what_they_tell) {
  const auto parsed = MessageTemplate::parse(" T1  phrase5=state character_string6=number time7=period");
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->fields.size(), 3U);
  EXPECT_EQ(parsed->fields[0].name, "phrase5");
  EXPECT_EQ(parsed->fields[0].slot, MessageSlot::state);
  EXPECT_EQ(parsed->fields[2].slot, MessageSlot::period);
}

TEST(MessageTemplate, refuses_what_the_platform_would_refuse) {
  for (const std::string_view text :
       {"", " ", "模板", "T1 thing=activity", "T1 thing1", "T1 thing1=", "T1 thing1=weather", "T1 amount1=activity",
        "T1 thing1=activity thing1=venue", "T1 time1=venue", "T1 date1=note", "T1 thing123=venue", "T1 1=venue"}) {
    EXPECT_FALSE(MessageTemplate::parse(text)) << text;
  }
}

}  // namespace
}  // namespace zl::domain
