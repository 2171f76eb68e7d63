// The pauses between attempts to connect.
#include "store/redis/backoff.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace zl::redis {
namespace {

using base::Milliseconds;

/// Draws the same byte for ever: 0 gives the least of any bound.
class ConstantRandom final : public base::Random {
 public:
  explicit ConstantRandom(std::uint8_t byte) : byte_(byte) {}
  void fill(std::span<std::uint8_t> bytes) override { std::ranges::fill(bytes, byte_); }

 private:
  std::uint8_t byte_;
};

TEST(Backoff, DoublesUpToTheMaximum) {
  ConstantRandom least(0);
  Backoff backoff(Milliseconds(10), Milliseconds(200));
  std::vector<std::int64_t> pauses_ms(7);
  for (std::int64_t& pause_ms : pauses_ms) pause_ms = backoff.next(least).count();
  EXPECT_EQ(pauses_ms, (std::vector<std::int64_t>{5, 10, 20, 40, 80, 100, 100}));
}

TEST(Backoff, DrawsHalfOfEachPause) {
  for (int byte = 0; byte <= std::numeric_limits<std::uint8_t>::max(); ++byte) {
    ConstantRandom random(static_cast<std::uint8_t>(byte));
    Backoff backoff(Milliseconds(10), Milliseconds(200));
    const Milliseconds pause = backoff.next(random);
    EXPECT_GE(pause, Milliseconds(5));
    EXPECT_LE(pause, Milliseconds(10));
  }
}

TEST(Backoff, StartsAgainAfterReset) {
  ConstantRandom least(0);
  Backoff backoff(Milliseconds(10), Milliseconds(200));
  for (int i = 0; i < 5; ++i) backoff.next(least);
  backoff.reset();
  EXPECT_EQ(backoff.next(least), Milliseconds(5));
}

}  // namespace
}  // namespace zl::redis
