#include "base/text.hpp"

#include <cstdint>

namespace zl::base {
namespace {

constexpr std::uint32_t malformed = 0xFFFFFFFFU;

std::uint32_t continuation(std::string_view text, std::size_t at) {
  if (at >= text.size()) return malformed;
  const auto byte = static_cast<unsigned char>(text[at]);
  return (byte & 0xC0U) == 0x80U ? byte & 0x3FU : malformed;
}

/// The code point at `at`, which is moved behind it; `malformed` for overlong forms, surrogates and stray bytes.
std::uint32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80U) {
    ++at;
    return lead;
  }
  const std::size_t extra = lead >= 0xF0U ? 3 : lead >= 0xE0U ? 2 : 1;
  if (lead < 0xC2U || lead > 0xF4U) return malformed;
  std::uint32_t point = lead & (0x3FU >> extra);
  for (std::size_t i = 1; i <= extra; ++i) {
    const std::uint32_t bits = continuation(text, at + i);
    if (bits == malformed) return malformed;
    point = (point << 6U) | bits;
  }
  static constexpr std::uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800U && point <= 0xDFFFU;
  if (point < smallest[extra] || point > 0x10FFFFU || surrogate) return malformed;
  at += extra + 1;
  return point;
}

}  // namespace

std::optional<std::size_t> utf8_length(std::string_view text) {
  std::size_t length = 0;
  for (std::size_t at = 0; at < text.size(); ++length) {
    if (next_code_point(text, at) == malformed) return std::nullopt;
  }
  return length;
}

bool has_control_characters(std::string_view text, bool line_breaks_allowed) {
  for (std::size_t at = 0; at < text.size();) {
    const std::uint32_t point = next_code_point(text, at);
    if (point == malformed) return true;
    if (point == '\n' && line_breaks_allowed) continue;
    if (point < 0x20U || (point >= 0x7FU && point < 0xA0U)) return true;
    if (point == 0x2028U || point == 0x2029U) return true;  // ends a line for many who read logs and JSON
    const bool bidirectional_override =
        (point >= 0x202AU && point <= 0x202EU) || (point >= 0x2066U && point <= 0x2069U);
    if (bidirectional_override) return true;
  }
  return false;
}

std::string_view trimmed(std::string_view text) {
  static constexpr std::string_view wide_space = "\xE3\x80\x80";
  while (true) {
    if (text.starts_with(' ')) {
      text.remove_prefix(1);
    } else if (text.ends_with(' ')) {
      text.remove_suffix(1);
    } else if (text.starts_with(wide_space)) {
      text.remove_prefix(wide_space.size());
    } else if (text.ends_with(wide_space)) {
      text.remove_suffix(wide_space.size());
    } else {
      return text;
    }
  }
}

}  // namespace zl::base
