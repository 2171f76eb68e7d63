// Structured logging: an event's name and its fields, as one line of text or JSON.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace zl::runtime {

enum class LogLevel { debug = 1, info, warning, error, critical, off };
enum class LogFormat { text = 1, json };

struct LogConfig {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  std::string file;          ///< appended to; empty is standard error
  int offset_minutes = 480;  ///< of the times in the lines
};

/// The names as the configuration writes them: "debug", "info", "warning", "error", "critical", "off".
std::string_view name(LogLevel level);

namespace log {

/// One value of a field. Secrets are never passed; text may come from anybody, it is escaped and cut at 4096 bytes.
class Value {
 public:
  Value(std::string_view text) : value_(text) {}
  Value(const std::string& text) : value_(std::string_view(text)) {}
  Value(const char* text) : value_(std::string_view(text)) {}
  Value(bool flag) : value_(flag) {}
  Value(std::floating_point auto number) : value_(static_cast<double>(number)) {}
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  Value(I number) {
    if constexpr (std::unsigned_integral<I>) {
      value_ = static_cast<std::uint64_t>(number);
    } else {
      value_ = static_cast<std::int64_t>(number);
    }
  }

  const auto& get() const { return value_; }

 private:
  std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool> value_;
};

/// Names are literals of the program: snake_case, never input.
struct Field {
  std::string_view name;
  Value value;
};

using Fields = std::initializer_list<Field>;

/// Opens the log; before this, and after shutdown(), lines are dropped. Lines are written by a thread of the log's own;
/// where it falls 8192 lines behind, the oldest are dropped. Throws std::runtime_error where the file can't be opened.
void init(const LogConfig& config);

/// Writes what is queued and closes the log.
void shutdown();

/// For callers that would have to compute a field.
bool enabled(LogLevel level);

/// Lines lost to a full queue since init().
std::uint64_t dropped();

void debug(std::string_view event, Fields fields = {});
void info(std::string_view event, Fields fields = {});
void warning(std::string_view event, Fields fields = {});
void error(std::string_view event, Fields fields = {});
void critical(std::string_view event, Fields fields = {});

/// The line without its end, as init()'s configuration would have it written at `unix_ms`.
std::string format_line(const LogConfig& config, std::int64_t unix_ms, LogLevel level, std::string_view event,
                        Fields fields);

}  // namespace log
}  // namespace zl::runtime
