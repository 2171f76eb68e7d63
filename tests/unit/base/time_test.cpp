#include "base/time.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace zl::base {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Date date(std::string_view text) {
  return *parse_date(text);
}

TEST(Instant, is_read_from_every_form_of_rfc_3339) {
  const std::vector<std::pair<const char*, std::int64_t>> cases = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01T00:00:00z", 0},
      {"1970-01-01t00:00:00Z", 0},
      {"1970-01-01T08:00:00+08:00", 0},
      {"1969-12-31T16:00:00-08:00", 0},
      {"1970-01-01T00:00:00-00:00", 0},
      {"1970-01-01T00:00:00.5Z", 500},
      {"1970-01-01T00:00:00.05Z", 50},
      {"1970-01-01T00:00:00.001Z", 1},
      {"1970-01-01T00:00:00.0019Z", 1},
      {"1970-01-01T00:00:00.999999999Z", 999},
      {"1969-12-31T23:59:59.999Z", -1},
      {"2026-07-06T09:00:00+08:00", 1'783'299'600'000},
      {"2026-07-06T09:00:00.000+08:00", 1'783'299'600'000},
      {"2026-07-06T06:30:00+05:30", 1'783'299'600'000},
      {"2024-02-29T00:00:00Z", 1'709'164'800'000},
      {"1900-01-01T00:00:00Z", -2'208'988'800'000},
      {"2199-12-31T23:59:59.999Z", 7'258'118'399'999},
      {"2000-01-01T00:00:00+23:59", 946'684'800'000 - std::int64_t{23 * 60 + 59} * 60'000},
  };
  for (const auto& [text, unix_ms] : cases) {
    const auto instant = parse_instant(text);
    ASSERT_TRUE(instant) << text;
    EXPECT_EQ(instant->unix_ms, unix_ms) << text;
  }
}

TEST(Instant, is_nothing_for_text_that_is_no_instant) {
  for (const char* text : {
           "",
           "2026-07-06",
           "2026-07-06T09:00:00",
           "2026-07-06T09:00:00 +08:00",
           "2026-07-06 09:00:00+08:00",
           "2026-07-06T09:00+08:00",
           "2026-07-06T9:00:00Z",
           "2026-7-06T09:00:00Z",
           "26-07-06T09:00:00Z",
           "+2026-07-06T09:00:00Z",
           "2026-07-06T24:00:00Z",
           "2026-07-06T09:60:00Z",
           "2026-07-06T23:59:60Z",
           "2026-07-06T09:00:00.Z",
           "2026-07-06T09:00:00.1234567890Z",
           "2026-07-06T09:00:00,5Z",
           "2026-07-06T09:00:00+0800",
           "2026-07-06T09:00:00+08",
           "2026-07-06T09:00:00+24:00",
           "2026-07-06T09:00:00+08:60",
           "2026-07-06T09:00:00Z ",
           " 2026-07-06T09:00:00Z",
           "2026-07-06T09:00:00ZZ",
           "2026-00-06T09:00:00Z",
           "2026-13-06T09:00:00Z",
           "2026-07-00T09:00:00Z",
           "2026-07-32T09:00:00Z",
           "2026-02-29T09:00:00Z",
           "1899-12-31T23:59:59Z",
           "2200-01-01T00:00:00Z",
           "2026-W28-1T09:00:00Z",
           "1783299600000",
       }) {
    EXPECT_EQ(parse_instant(text), std::nullopt) << text;
  }
}

TEST(Instant, is_written_with_milliseconds_and_the_offset) {
  const Instant instant{1'783'299'600'007};
  EXPECT_EQ(format_instant(instant, 480), "2026-07-06T09:00:00.007+08:00");
  EXPECT_EQ(format_instant(instant, 0), "2026-07-06T01:00:00.007+00:00");
  EXPECT_EQ(format_instant(instant, -210), "2026-07-05T21:30:00.007-03:30");
  EXPECT_EQ(format_instant({-1}, 0), "1969-12-31T23:59:59.999+00:00");
}

TEST(Instant, is_the_same_after_writing_and_reading) {
  for (const int offset : {480, 0, -210, 14 * 60}) {
    for (const std::int64_t unix_ms : {INT64_C(0), INT64_C(-1), INT64_C(1'783'299'600'007), INT64_C(951'782'400'000)}) {
      EXPECT_EQ(parse_instant(format_instant({unix_ms}, offset)), Instant{unix_ms});
    }
  }
}

TEST(Date, is_read_where_the_calendar_has_it) {
  EXPECT_EQ(format_date(date("2024-02-29")), "2024-02-29");
  EXPECT_EQ(format_date(date("2000-02-29")), "2000-02-29");
  EXPECT_EQ(format_date(date("1900-01-01")), "1900-01-01");
  EXPECT_EQ(format_date(date("2199-12-31")), "2199-12-31");
  for (const char* text : {"", "2026-02-29", "2100-02-29", "2024-02-30", "2026-04-31", "2026-13-01", "2026-00-01",
                           "2026-01-00", "1899-12-31", "2200-01-01", "2026-1-1", "2026/01/01", "20260101",
                           "2026-01-01 ", " 2026-01-01", "2026-01-01T", "2026-01-0x", "-026-01-01"}) {
    EXPECT_EQ(parse_date(text), std::nullopt) << text;
  }
}

TEST(CivilDay, changes_at_the_towns_midnight) {
  const Instant midnight = *parse_instant("2026-07-06T00:00:00+08:00");
  EXPECT_EQ(civil_day(midnight, 480), date("2026-07-06"));
  EXPECT_EQ(civil_day(midnight - Milliseconds(1), 480), date("2026-07-05"));
  EXPECT_EQ(civil_day(midnight, 0), date("2026-07-05"));
  EXPECT_EQ(start_of_day(date("2026-07-06"), 480), midnight);
  EXPECT_EQ(start_of_day(date("2026-07-06"), -60), *parse_instant("2026-07-06T01:00:00Z"));
  EXPECT_EQ(civil_day({-1}, 0), date("1969-12-31"));
}

TEST(Age, is_in_completed_years) {
  struct Case {
    const char* birth_date;
    const char* day;
    int age;
  };
  for (const Case& c : {
           Case{"2016-07-06", "2026-07-05", 9},
           Case{"2016-07-06", "2026-07-06", 10},
           Case{"2016-07-06", "2026-07-07", 10},
           Case{"2016-07-06", "2016-07-06", 0},
           Case{"2016-12-31", "2027-01-01", 10},
           Case{"2016-01-01", "2026-12-31", 10},
           // Born on 29 February: older on 1 March of common years, on the day itself of leap years.
           Case{"2016-02-29", "2026-02-28", 9},
           Case{"2016-02-29", "2026-03-01", 10},
           Case{"2016-02-29", "2028-02-28", 11},
           Case{"2016-02-29", "2028-02-29", 12},
           Case{"2016-02-28", "2026-02-28", 10},
           Case{"2016-03-01", "2024-02-29", 7},
       }) {
    EXPECT_EQ(age_on(date(c.birth_date), date(c.day)), c.age) << c.birth_date << " on " << c.day;
  }
}

TEST(Instant, is_calculated_with_in_milliseconds) {
  const Instant instant{1000};
  EXPECT_EQ((instant + minutes(1)).unix_ms, 61'000);
  EXPECT_EQ((instant - hours(1)).unix_ms, -3'599'000);
  EXPECT_EQ(Instant{61'000} - instant, minutes(1));
  EXPECT_LT(instant, instant + Milliseconds(1));
}

}  // namespace
}  // namespace zl::base
