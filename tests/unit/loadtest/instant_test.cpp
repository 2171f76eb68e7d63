#include "rush/instant.hpp"

#include <gtest/gtest.h>

namespace zl::rush {
namespace {

Day day(std::string_view text) {
  return day_of(*parse_instant(std::string(text) + "T00:00:00+08:00"));
}

TEST(InstantTest, reads_what_the_contract_writes_and_writes_it_again) {
  const auto instant = parse_instant("2026-06-20T10:00:00.412+08:00");
  ASSERT_TRUE(instant);
  EXPECT_EQ(*instant, 1'781'920'800'412);
  EXPECT_EQ(format_instant(*instant), "2026-06-20T10:00:00.412+08:00");
  EXPECT_EQ(parse_instant("2026-06-20T02:00:00.412Z"), instant);
  EXPECT_EQ(parse_instant("2026-06-20T02:00:00.412999+00:00"), instant);
}

TEST(InstantTest, refuses_what_is_no_instant) {
  for (const char* text : {"", "2026-06-20", "2026-06-20T10:00:00", "2026-06-31T10:00:00Z", "2026-06-20T10:00:00+8:00",
                           "2026-06-20T10:0x:00Z", "tomorrow, at the bell"}) {
    EXPECT_FALSE(parse_instant(text)) << text;
  }
}

TEST(InstantTest, days_are_the_towns) {
  EXPECT_EQ(day_of(*parse_instant("2026-06-19T16:00:00Z")), day("2026-06-20"));
  EXPECT_EQ(day_of(*parse_instant("2026-06-19T15:59:59Z")), day("2026-06-19"));
  EXPECT_EQ(format_instant(instant_of(day("2026-06-20"), 9 * 60 + 30)), "2026-06-20T09:30:00.000+08:00");
}

TEST(InstantTest, the_monday_after_next_is_8_to_14_days_away) {
  EXPECT_EQ(format_day(monday_after_next(*parse_instant("2026-06-22T00:00:00+08:00"))), "2026-07-06");
  EXPECT_EQ(format_day(monday_after_next(*parse_instant("2026-06-28T23:59:59+08:00"))), "2026-07-06");
  EXPECT_EQ(format_day(monday_after_next(*parse_instant("2026-06-29T00:00:00+08:00"))), "2026-07-13");
}

TEST(InstantTest, ages_are_completed_years_and_leaplings_turn_older_on_the_first_of_march) {
  EXPECT_EQ(age_on(day("2018-07-06"), day("2026-07-05")), 7);
  EXPECT_EQ(age_on(day("2018-07-06"), day("2026-07-06")), 8);
  EXPECT_EQ(age_on(day("2020-02-29"), day("2027-02-28")), 6);
  EXPECT_EQ(age_on(day("2020-02-29"), day("2027-03-01")), 7);
}

}  // namespace
}  // namespace zl::rush
