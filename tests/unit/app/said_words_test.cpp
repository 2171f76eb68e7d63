#include "app/said_words.hpp"

#include <gtest/gtest.h>

namespace zl::app {
namespace {

SaidWish cancel(int number) {
  return {Wish::cancel, number};
}

TEST(SaidWordsTest, a_few_words_are_understood) {
  EXPECT_EQ(wish_of("我的预约").wish, Wish::my_bookings);
  EXPECT_EQ(wish_of("取消").wish, Wish::list_for_cancelling);
  EXPECT_EQ(wish_of("取消预约").wish, Wish::list_for_cancelling);
  EXPECT_EQ(wish_of("今日活动").wish, Wish::today);
  EXPECT_EQ(wish_of("帮助").wish, Wish::help);
  EXPECT_EQ(wish_of("取消2"), cancel(2));
}

TEST(SaidWordsTest, spaces_widths_and_full_stops_make_no_difference) {
  for (const char* said : {" 我的预约 ", "我的 预约。", "　我的预约　", "我的预约！", "我的预约\n", "我的预约~~"}) {
    EXPECT_EQ(wish_of(said).wish, Wish::my_bookings) << said;
  }
  for (const char* said :
       {"取消 12", "取消１２", "取消　１ ２", "取消第12个", "取消12号。", "取消预约12", "取消\t12"}) {
    EXPECT_EQ(wish_of(said), cancel(12)) << said;
  }
  EXPECT_EQ(wish_of("取消二"), cancel(2));
  EXPECT_EQ(wish_of("取消第十个"), cancel(10));
}

TEST(SaidWordsTest, without_a_clear_number_nothing_is_cancelled) {
  for (const char* said :
       {"取消0", "取消00", "取消100", "取消-1", "取消1,2", "取消1和2", "取消明天的课", "取消十二", "取消\xEF\xBC"}) {
    EXPECT_EQ(wish_of(said).wish, Wish::list_for_cancelling) << said;
  }
}

TEST(SaidWordsTest, what_is_not_an_order_is_none) {
  for (const char* said : {"", " ", "你好", "不取消2", "我的预约2", "２", "<script>"}) {
    EXPECT_EQ(wish_of(said), SaidWish{}) << said;
  }
}

TEST(SaidWordsTest, broken_and_endless_texts_are_no_orders) {
  EXPECT_EQ(wish_of("\xEF\xBC\x92\xFF\xE3\x80"), SaidWish{});
  EXPECT_EQ(wish_of(std::string(1'000'000, ' ') + "取消"), SaidWish{});
  EXPECT_EQ(wish_of(std::string(100, ' ') + "取消").wish, Wish::list_for_cancelling);
}

}  // namespace
}  // namespace zl::app
