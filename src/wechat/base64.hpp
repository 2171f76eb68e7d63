// Base64 with padding (RFC 4648, section 4), as the platform writes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace zl::wechat {

/// What becomes of the bits of the last digit that no byte takes.
enum class SpareBits {
  must_be_zero = 1,
  ignored,  ///< the platform's own EncodingAESKeys often have them set
};

std::string base64_encode(std::string_view bytes);

/// Nothing where the length is no multiple of 4, the padding is wrong or another character stands in it.
std::optional<std::string> base64_decode(std::string_view text, SpareBits spare_bits);

}  // namespace zl::wechat
