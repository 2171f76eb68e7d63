// Randomness from OpenSSL's generator, which the kernel seeds.
#pragma once

#include "base/random.hpp"

namespace zl::runtime {

class SystemRandom final : public base::Random {
 public:
  /// Throws std::runtime_error where the generator has no entropy; nothing guessable is ever handed out.
  void fill(std::span<std::uint8_t> bytes) override;
};

}  // namespace zl::runtime
