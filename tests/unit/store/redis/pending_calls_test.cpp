// Which call an answer belongs to, and when calls and connections are given up.
#include "store/redis/pending_calls.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace zl::redis {
namespace {

using base::Milliseconds;
using base::SteadyTime;

constexpr Milliseconds timeout{500};

SteadyTime at(int ms) {
  return SteadyTime(Milliseconds(ms));
}

/// Waiters are numbers here.
class PendingCallsTest : public testing::Test {
 protected:
  std::vector<int> expire(int ms) {
    std::vector<int> given_up;
    calls_.expire(at(ms), [&given_up](const int& waiter) { given_up.push_back(waiter); });
    return given_up;
  }

  PendingCalls<int> calls_{timeout};
};

TEST_F(PendingCallsTest, AnswersBelongToTheOldestCall) {
  calls_.push(1, at(0));
  calls_.push(2, at(0));
  EXPECT_EQ(calls_.pop().waiter, 1);
  EXPECT_EQ(calls_.pop().waiter, 2);
  EXPECT_TRUE(calls_.empty());
}

TEST_F(PendingCallsTest, TheOldestCallWaitsUntilItsAnswerComesHoweverLate) {
  EXPECT_EQ(calls_.oldest(), std::nullopt);
  calls_.push(1, at(0));
  calls_.push(2, at(400));
  expire(500);
  EXPECT_EQ(calls_.oldest(), at(0)) << "nobody waits for it any more, but Redis owes it";
  (void)calls_.pop();
  EXPECT_EQ(calls_.oldest(), at(400));
}

TEST_F(PendingCallsTest, ALateAnswerBelongsToTheCallThatWasGivenUp) {
  calls_.push(1, at(0));
  calls_.push(2, at(400));
  EXPECT_EQ(expire(500), std::vector<int>{1});
  EXPECT_EQ(calls_.size(), 2U);
  const auto late = calls_.pop();
  EXPECT_EQ(late.waiter, 1);
  EXPECT_TRUE(late.given_up);
  const auto in_time = calls_.pop();
  EXPECT_EQ(in_time.waiter, 2);
  EXPECT_FALSE(in_time.given_up);
}

TEST_F(PendingCallsTest, GivesEachCallUpOnce) {
  calls_.push(1, at(0));
  calls_.push(2, at(100));
  EXPECT_EQ(expire(499), std::vector<int>{});
  EXPECT_EQ(expire(500), std::vector<int>{1});
  EXPECT_EQ(expire(550), std::vector<int>{});
  EXPECT_EQ(expire(2000), std::vector<int>{2});
}

TEST_F(PendingCallsTest, CallsWithoutAWaiterKeepTheirPlace) {
  calls_.push(std::nullopt, at(0));
  calls_.push(2, at(0));
  EXPECT_TRUE(calls_.waited_for());
  EXPECT_EQ(calls_.pop().waiter, std::nullopt);
  EXPECT_EQ(calls_.pop().waiter, 2);
}

TEST_F(PendingCallsTest, NobodyWaitsOnceAllAreGivenUp) {
  calls_.push(1, at(0));
  calls_.push(std::nullopt, at(0));
  expire(500);
  EXPECT_FALSE(calls_.waited_for());
  EXPECT_FALSE(calls_.empty());
  calls_.push(3, at(600));
  EXPECT_TRUE(calls_.waited_for());
}

TEST_F(PendingCallsTest, IsStuckWhenTheOldestIsTwiceAsLate) {
  EXPECT_FALSE(calls_.stuck(at(5000)));
  calls_.push(1, at(0));
  calls_.push(2, at(900));
  expire(999);
  EXPECT_FALSE(calls_.stuck(at(999)));
  EXPECT_TRUE(calls_.stuck(at(1000)));
  calls_.pop();
  EXPECT_FALSE(calls_.stuck(at(1000)));
}

TEST_F(PendingCallsTest, NamesTheNextMomentToLook) {
  EXPECT_EQ(calls_.next_deadline(), std::nullopt);
  calls_.push(1, at(0));
  EXPECT_EQ(calls_.next_deadline(), at(500)) << "to give the call up";
  expire(500);
  EXPECT_EQ(calls_.next_deadline(), at(1000)) << "to give the connection up";
  calls_.push(2, at(499));
  EXPECT_EQ(calls_.next_deadline(), at(999));
  calls_.push(3, at(600));
  EXPECT_EQ(calls_.next_deadline(), at(999));
  expire(999);
  EXPECT_EQ(calls_.next_deadline(), at(1000));
}

TEST_F(PendingCallsTest, AnAnswerNobodyAskedForIsAProgrammersError) {
  EXPECT_DEATH(calls_.pop(), "belongs to a call");
}

}  // namespace
}  // namespace zl::redis
