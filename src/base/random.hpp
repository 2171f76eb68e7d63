// Randomness as a dependency.
#pragma once

#include <cstdint>
#include <span>

#include "base/id.hpp"

namespace zl::base {

class Random {
 public:
  virtual ~Random() = default;

  /// Fills with bytes that nobody can guess (in production). Callable from any thread.
  virtual void fill(std::span<std::uint8_t> bytes) = 0;

  template <class IdType>
  IdType next_id() {
    IdType id;
    fill(id.bytes);
    return id;
  }

  /// Uniform in [0, bound); bound > 0. The modulo's bias is below 2^-32 for bounds up to 2^32.
  std::uint64_t below(std::uint64_t bound) {
    std::uint64_t value = 0;
    fill({reinterpret_cast<std::uint8_t*>(&value), sizeof value});
    return value % bound;
  }
};

}  // namespace zl::base
