// Replies read without trusting their shape.
#include "store/redis/reply.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace zl::redis {
namespace {

TEST(Reply, IsNilWhenNothingWasPutIn) {
  EXPECT_TRUE(Reply().is_nil());
}

TEST(Reply, GivesNumbersFromIntegersAndDecimalText) {
  EXPECT_EQ(Reply::of_integer(-3).number(), -3);
  EXPECT_EQ(Reply::of_text("9223372036854775807").number(), std::numeric_limits<std::int64_t>::max());
}

TEST(Reply, GivesNoNumberFromAnythingElse) {
  for (const char* text : {"", " 1", "1 ", "1.5", "0x1", "9223372036854775808", "one"}) {
    EXPECT_EQ(Reply::of_text(text).number(), std::nullopt) << text;
  }
  EXPECT_EQ(Reply::of_error("1").number(), std::nullopt);
  EXPECT_EQ(Reply::of_array({Reply::of_integer(1)}).number(), std::nullopt);
  EXPECT_EQ(Reply().number(), std::nullopt);
  EXPECT_EQ(Reply::lost("").number(), std::nullopt);
}

TEST(Reply, HasNilForItemsThatAreNotThere) {
  const Reply reply = Reply::of_array({Reply::of_text("a")});
  EXPECT_EQ(reply.item(0).text(), "a");
  EXPECT_TRUE(reply.item(1).is_nil());
  EXPECT_TRUE(reply.item(0).item(0).is_nil());
}

TEST(Reply, NamesTheCodeOfErrorsOnly) {
  EXPECT_EQ(Reply::of_error("READONLY You can't write").error_code(), "READONLY");
  EXPECT_EQ(Reply::of_error("OOM").error_code(), "OOM");
  EXPECT_EQ(Reply::of_text("READONLY You can't write").error_code(), "");
}

TEST(Reply, TellsWhichErrorsNeedANewGreeting) {
  const std::vector<std::pair<Reply, bool>> cases = {
      {Reply::of_error("ERR Function not found"), true},
      {Reply::of_error("NOSCRIPT No matching script."), true},
      {Reply::of_error("READONLY You can't write against a read only replica."), true},
      {Reply::of_error("LOADING Redis is loading the dataset in memory"), true},
      {Reply::of_error("MASTERDOWN Link with MASTER is down"), true},
      {Reply::of_error("NOAUTH Authentication required."), true},
      {Reply::of_error("ERR wrong number of arguments"), false},
      {Reply::of_error("OOM command not allowed when used memory > 'maxmemory'."), false},
      {Reply::of_error("READONLYISH"), false},
      {Reply::of_text("READONLY"), false},
      {Reply::lost("LOADING"), false},
  };
  for (const auto& [reply, expected] : cases) EXPECT_EQ(needs_new_greeting(reply), expected) << reply.text();
}

}  // namespace
}  // namespace zl::redis
