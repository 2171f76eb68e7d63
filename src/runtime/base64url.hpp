// base64url without padding (RFC 4648, section 5).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace zl::runtime {

std::string base64url_encode(std::string_view bytes);

/// Strict, so that one value has one text: padding, other characters, impossible lengths and left-over bits that are
/// not zero give nothing.
std::optional<std::string> base64url_decode(std::string_view text);

/// The same into a place of the caller's: true where the text stands for exactly as many bytes as `out` takes.
bool base64url_decode_into(std::string_view text, std::span<std::uint8_t> out);

}  // namespace zl::runtime
