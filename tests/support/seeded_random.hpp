// Randomness that repeats: the same seed gives the same bytes on every machine.
#pragma once

#include <cstdint>
#include <random>
#include <span>

#include "base/random.hpp"

namespace zl::test {

/// For one thread.
class SeededRandom final : public base::Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}

  void fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(engine_() & 0xFFU);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace zl::test
