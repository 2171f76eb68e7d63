// How a line of the log is written: nothing in a value may end the line, forge a field, or steer a terminal.
#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "base/text.hpp"
#include "base/time.hpp"
#include "runtime/log.hpp"

namespace zl::runtime {
namespace {

constexpr std::size_t value_limit = 4096;

using Line = fmt::memory_buffer;

void append(Line& line, std::string_view text) {
  line.append(text.data(), text.data() + text.size());
}

template <class... Args>
void append_format(Line& line, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(line), format, std::forward<Args>(args)...);
}

/// At most value_limit bytes, without half a code point at the end.
std::string_view cut(std::string_view text) {
  if (text.size() <= value_limit) return text;
  std::size_t end = value_limit;
  while (end > value_limit - 4 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

/// Between quotes. Well-formed text without control characters and bidirectional overrides keeps its other letters; any
/// other is written byte by byte: `\u00e4` (JSON) stands then for a byte, not for a letter.
void append_quoted(Line& line, std::string_view text, bool json) {
  const bool plain = base::utf8_length(text).has_value() && !base::has_control_characters(text, true);
  append(line, "\"");
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line.push_back('\\');
      line.push_back(c);
    } else if (c == '\n') {
      append(line, "\\n");
    } else if (byte < 0x20U || byte == 0x7FU || (byte >= 0x80U && !plain)) {
      append(line, json ? "\\u00" : "\\x");
      append_format(line, "{:02x}", static_cast<unsigned>(byte));
    } else {
      line.push_back(c);
    }
  }
  append(line, "\"");
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    const bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter_or_digit && std::string_view("._-:/+@,").find(c) == std::string_view::npos) return true;
  }
  return false;
}

struct AppendValue {
  Line& line;
  LogFormat format;

  void operator()(std::string_view text) const {
    const std::string_view kept = cut(text);
    if (format == LogFormat::text && !needs_quotes(kept)) {
      append(line, kept);
    } else {
      append_quoted(line, kept, format == LogFormat::json);
    }
  }
  void operator()(bool flag) const { append(line, flag ? "true" : "false"); }
  void operator()(double number) const {
    if (std::isfinite(number)) {
      append_format(line, "{}", number);
    } else {
      append(line, "null");  // JSON has no other word for it
    }
  }
  void operator()(auto number) const { append_format(line, "{}", number); }
};

}  // namespace

std::string_view name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
    case LogLevel::critical:
      return "critical";
    case LogLevel::off:
      return "off";
  }
  return "off";
}

std::string log::format_line(const LogConfig& config, std::int64_t unix_ms, LogLevel level, std::string_view event,
                             Fields fields) {
  Line line;
  const std::string at = base::format_instant({unix_ms}, config.offset_minutes);
  if (config.format == LogFormat::json) {
    append_format(line, R"({{"at":"{}","level":"{}","event":)", at, name(level));
    append_quoted(line, event, true);
    for (const Field& field : fields) {
      append(line, ",");
      append_quoted(line, field.name, true);
      append(line, ":");
      std::visit(AppendValue{line, config.format}, field.value.get());
    }
    append(line, "}");
  } else {
    append_format(line, "{} {} {}", at, name(level), event);
    for (const Field& field : fields) {
      append_format(line, " {}=", field.name);
      std::visit(AppendValue{line, config.format}, field.value.get());
    }
  }
  return fmt::to_string(line);
}

}  // namespace zl::runtime
