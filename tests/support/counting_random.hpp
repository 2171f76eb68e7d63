// Chance that counts: whatever is drawn is new, and known beforehand.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "base/random.hpp"

namespace zl::test {

/// All bytes of the first draw are 1, of the second 2, and so on.
class CountingRandom final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override { std::ranges::fill(bytes, ++count_); }

 private:
  std::uint8_t count_ = 0;
};

}  // namespace zl::test
