// When a lane of a writer begins: for a lone item at once, for a crowd once it is there.
#include "store/mysql/batch_start.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace zl::mysql {
namespace {

using std::chrono::milliseconds;

BatchStart start(std::size_t places, std::size_t queued, std::size_t committing = 0, std::size_t busy_lanes = 0) {
  return batch_start({places, queued, committing, busy_lanes, 256});
}

TEST(BatchStart, NothingIsNoBatch) {
  EXPECT_EQ(start(0, 0), BatchStart::later);
  EXPECT_EQ(start(5, 0), BatchStart::later) << "and nobody is waited for";
}

TEST(BatchStart, ALoneItemWaitsForNobody) {
  EXPECT_EQ(start(1, 1), BatchStart::now);
}

TEST(BatchStart, WaitsForThoseOnTheirWayUntilAllAreThere) {
  EXPECT_EQ(start(64, 1), BatchStart::soon);
  EXPECT_EQ(start(64, 63), BatchStart::soon);
  EXPECT_EQ(start(64, 64), BatchStart::now);
}

TEST(BatchStart, AFullBatchWaitsForNobody) {
  EXPECT_EQ(start(1000, 256), BatchStart::now);
  EXPECT_EQ(start(1000, 256, 256, 1), BatchStart::now);
}

TEST(BatchStart, BesideABusyLaneASmallBatchWaitsForItsEnd) {
  EXPECT_EQ(start(65, 1, 64, 1), BatchStart::later);
  EXPECT_EQ(start(127, overlap_items - 1, 64, 1), BatchStart::later);
  EXPECT_EQ(start(128, overlap_items, 64, 1), BatchStart::now);
}

TEST(BatchStart, ThoseInABatchAreNotOnTheirWay) {
  EXPECT_EQ(start(10, 2, 8), BatchStart::now) << "their lane has ended, and is about to say so";
  EXPECT_EQ(start(1, 2, 8), BatchStart::now) << "their places are free already";
}

TEST(ArrivalPatience, IsHalfABatchAndBounded) {
  EXPECT_EQ(arrival_patience({}, milliseconds(5)), milliseconds(0)) << "nothing is known of the first";
  EXPECT_EQ(arrival_patience(milliseconds(2), milliseconds(5)), milliseconds(1));
  EXPECT_EQ(arrival_patience(milliseconds(200), milliseconds(5)), milliseconds(5));
}

}  // namespace
}  // namespace zl::mysql
