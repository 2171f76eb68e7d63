// Everything that a simulation leaves to chance, from one seed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"

namespace zl::sim {

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed on every platform.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }

  /// Both ends included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  int number(int low, int high) { return static_cast<int>(between(low, high)); }

  bool percent(int chance) { return between(1, 100) <= chance; }
  bool permille(int chance) { return chance > 0 && between(1, 1000) <= chance; }

  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(next() % from.size())];
  }

 private:
  std::uint64_t state_;
};

/// A server's randomness, drawn from the simulation's.
class ChanceRandom final : public base::Random {
 public:
  explicit ChanceRandom(std::uint64_t seed) : chance_(seed) {}

  void fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(chance_.next() >> 56U);
  }

 private:
  Chance chance_;
};

}  // namespace zl::sim
