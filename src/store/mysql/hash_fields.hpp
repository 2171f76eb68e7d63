// What the audit's hashes are made of: F(x), the number of x's bytes as 4 bytes, big-endian, then x.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace zl::mysql {

void append_hash_field(std::string& out, std::string_view bytes);

/// A number is 8 bytes, big-endian.
void append_hash_field(std::string& out, std::uint64_t value);

}  // namespace zl::mysql
