// What fuzz targets share: properties that end the run where they don't hold, and ways to cut an input up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace zl::fuzz {

/// A finding, unless `holds`: libFuzzer keeps the input.
inline void require(bool holds, const char* property, std::string_view seen = {}) {
  if (holds) return;
  std::fprintf(stderr, "PROPERTY BROKEN: %s\n%.*s\n", property, static_cast<int>(seen.size()), seen.data());
  std::abort();
}

/// What a target does with an input: the one function that each defines.
void feed(std::string_view input);

/// The front of an input as a choice among `count`; the input is shortened by a byte. 0 where it is empty.
inline std::size_t take_choice(std::string_view& input, std::size_t count) {
  if (input.empty()) return 0;
  const auto byte = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  return byte % count;
}

/// Up to 64 pieces whose lengths follow from the bytes themselves, so that a seed is nothing but what is fed.
inline std::vector<std::string_view> pieces_of(std::string_view bytes) {
  std::uint64_t state = 0xcbf29ce484222325U;
  for (const char c : bytes) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  const std::size_t longest = (state & 1U) != 0 ? 1 + bytes.size() / 32 : 1 + bytes.size() / 4;
  std::vector<std::string_view> pieces;
  while (!bytes.empty()) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const bool is_last = pieces.size() == 63;
    const std::size_t size = is_last ? bytes.size() : 1 + (state >> 33U) % longest;
    pieces.push_back(bytes.substr(0, size));
    bytes.remove_prefix(pieces.back().size());
  }
  return pieces;
}

}  // namespace zl::fuzz
