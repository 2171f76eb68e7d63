// What may stand in a text field.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace zl::base {

/// Number of Unicode code points, or nothing where the bytes are not well-formed UTF-8 (RFC 3629).
std::optional<std::size_t> utf8_length(std::string_view text);

/// True where a control character (C0 except the given line break, DEL, C1), a line or paragraph separator (U+2028,
/// U+2029) or a bidirectional override stands in it.
bool has_control_characters(std::string_view text, bool line_breaks_allowed);

/// Without ASCII spaces and U+3000 at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace zl::base
