#include "app/reply_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.hpp"
#include "support/samples.hpp"

namespace zl::app {
namespace {

constexpr int offset = test::town_offset_minutes;

TEST(ReplyTextTest, times_are_the_towns) {
  EXPECT_EQ(day_and_time(test::opening, offset), "7月6日周一 09:00");
  EXPECT_EQ(day_and_time(test::opening - std::chrono::minutes(541), offset), "7月5日周日 23:59");
  EXPECT_EQ(time_of_day(test::opening + std::chrono::hours(15), offset), "00:00");
}

TEST(ReplyTextTest, a_meeting_is_named_with_its_place) {
  domain::Activity activity = test::sample_activity(1, 2);
  EXPECT_EQ(meeting_text(activity, activity.sessions.front(), offset), "《活动1》7月20日周一 10:00，一楼");
  activity.sessions.front().venue.clear();
  EXPECT_EQ(meeting_text(activity, activity.sessions.front(), offset), "《活动1》7月20日周一 10:00");
}

TEST(ReplyTextTest, a_text_is_cut_between_characters) {
  EXPECT_EQ(cut_text("钟楼", 6), "钟楼");
  EXPECT_EQ(cut_text("钟楼", 5), "钟");
  EXPECT_EQ(cut_text("钟楼", 2), "");
  EXPECT_EQ(cut_text("a𠮷b", 4), "a");
}

TEST(ReplyTextTest, what_finds_no_room_is_counted_and_the_end_is_told) {
  EXPECT_EQ(list_text("头", {"一", "二"}, "尾"), "头\n一\n二\n尾");
  EXPECT_EQ(list_text("头", {}, ""), "头");
  for (const std::size_t length : {1U, 20U, 199U, 200U, 201U, 5000U}) {
    std::string item;
    for (std::size_t i = 0; i < length; ++i) item += "课";
    for (std::size_t count = 0; count < 400; count += 7) {
      const std::string text = list_text("今天的活动：", std::vector<std::string>(count, item), "就这些。");
      ASSERT_LE(text.size(), reply_limit_bytes);
      ASSERT_TRUE(base::utf8_length(text));
      ASSERT_TRUE(text.ends_with("就这些。"));
      const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
      const bool whole = text.find("还有") == std::string::npos;
      ASSERT_EQ(whole, lines == count + 1) << count << " of " << length;
    }
  }
}

TEST(ReplyTextTest, the_words_that_stand_alone_fit_with_the_longest_address) {
  const std::string url(1024, 'u');
  for (const std::string& text : {words::help(url), words::welcome(url), words::please_sign_in(url)}) {
    EXPECT_LE(text.size(), reply_limit_bytes);
    EXPECT_TRUE(text.ends_with(url));
  }
  EXPECT_EQ(words::help("").find("报名请打开"), std::string::npos);
}

}  // namespace
}  // namespace zl::app
