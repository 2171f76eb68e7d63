#include "runtime/random_device.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

namespace zl::runtime {

void SystemRandom::fill(std::span<std::uint8_t> bytes) {
  // RAND_bytes counts in int.
  constexpr std::size_t piece = std::size_t{1} << 20U;
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(piece, bytes.size()));
    if (RAND_bytes(part.data(), static_cast<int>(part.size())) != 1) {
      throw std::runtime_error("the random generator has no entropy");
    }
    bytes = bytes.subspan(part.size());
  }
}

}  // namespace zl::runtime
