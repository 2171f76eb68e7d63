// How long a writer's queue may get, by what its batches took.
#include "store/mysql/queue_limit.hpp"

#include <gtest/gtest.h>

namespace zl::mysql {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t batch = 100;
constexpr std::size_t most = 5000;
constexpr std::size_t least = QueueLimit::least_batches * batch;

class QueueLimitTest : public testing::Test {
 protected:
  void work(milliseconds took, int batches = 1) {
    for (int i = 0; i < batches; ++i) {
      const base::SteadyTime began = now;
      limit.begin(began);
      now += took;
      limit.end(began, now);
    }
  }

  base::SteadyTime now{std::chrono::hours(1)};
  QueueLimit limit{milliseconds(250), batch, most};
};

TEST_F(QueueLimitTest, is_the_whole_queue_while_nothing_is_known) {
  EXPECT_EQ(limit.places(now), most);
}

TEST_F(QueueLimitTest, is_what_is_worked_off_within_the_target) {
  work(milliseconds(25));
  EXPECT_EQ(limit.places(now), 1000U) << "ten batches of a hundred";
  EXPECT_EQ(limit.places(), 1000U);
}

TEST_F(QueueLimitTest, never_exceeds_the_queue) {
  work(milliseconds(1));
  EXPECT_EQ(limit.places(now), most);
  QueueLimit tiny(milliseconds(250), batch, 3);
  EXPECT_EQ(tiny.places(now), 3U);
  tiny.begin(now);
  tiny.end(now, now + milliseconds(9000));
  EXPECT_EQ(tiny.places(now), 3U);
}

TEST_F(QueueLimitTest, leaves_the_writer_enough_for_its_next_batches_however_slow_they_are) {
  work(milliseconds(400), 50);
  EXPECT_EQ(limit.places(now), least);
}

TEST_F(QueueLimitTest, follows_batches_that_become_slower_and_faster) {
  work(milliseconds(10));
  work(milliseconds(50), 20);
  EXPECT_NEAR(static_cast<double>(limit.places(now)), 500, 20);
  work(milliseconds(10), 20);
  EXPECT_NEAR(static_cast<double>(limit.places(now)), 2500, 100);
}

TEST_F(QueueLimitTest, forgets_one_batch_that_was_held_up) {
  work(milliseconds(25), 10);
  work(milliseconds(1000));
  EXPECT_EQ(limit.places(now), least);
  work(milliseconds(25), 10);
  EXPECT_GT(limit.places(now), 500U);
}

TEST_F(QueueLimitTest, closes_while_a_batch_takes_longer_than_the_target) {
  work(milliseconds(5));
  limit.begin(now);
  EXPECT_EQ(limit.places(now + milliseconds(250)), most);
  EXPECT_EQ(limit.places(now + milliseconds(251)), least);
  limit.end(now, now + milliseconds(260));
  now += milliseconds(260);
  work(milliseconds(5), 10);
  EXPECT_GT(limit.places(now + milliseconds(400)), least) << "no batch is at work";
}

TEST_F(QueueLimitTest, counts_what_the_queue_waits_for_where_batches_overlap) {
  // Two lanes, each with a batch that takes 50 ms: one ends every 25.
  base::SteadyTime began = now;
  limit.begin(began);
  for (int i = 0; i < 40; ++i) {
    const base::SteadyTime next = began + milliseconds(25);
    limit.begin(next);
    limit.end(began, began + milliseconds(50));
    began = next;
  }
  EXPECT_NEAR(static_cast<double>(limit.places()), 1000, 20);
}

TEST_F(QueueLimitTest, closes_while_no_lane_ends_a_batch) {
  work(milliseconds(5));
  const base::SteadyTime began = now;
  limit.begin(began);
  limit.begin(began + milliseconds(100));
  limit.end(began, began + milliseconds(150));
  EXPECT_GT(limit.places(began + milliseconds(400)), least) << "one has ended a moment ago";
  EXPECT_EQ(limit.places(began + milliseconds(401)), least);
}

}  // namespace
}  // namespace zl::mysql
