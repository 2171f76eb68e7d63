// Where settings come from: a TOML file, the environment, options. This unit collects; values.hpp judges.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "server/settings.hpp"

namespace zl::server {

/// What stops a start: the key, file or variable, where it came from, and what would be right.
struct Fault {
  std::string subject;  ///< "http.port"
  std::string origin;   ///< "zhonglou.toml, line 3", "environment", "option --set", "default"
  std::string text;     ///< never holds a secret

  bool operator==(const Fault&) const = default;
};

/// "http.port (zhonglou.toml, line 3): must be …"
std::string to_line(const Fault& fault);

/// A value as text, from the environment or an option; its setting says how to read it.
struct Written {
  std::string text;
};

/// A value that no setting can have: a date, a number with a fraction, a table.
struct Unusable {
  std::string_view what;
};

/// Kept in the order in which the sources override each other: file, environment, options.
enum class SourceKind { file = 1, environment, option };

struct Given {
  std::string key;  ///< as a setting's, or a secret's with "_file" at its end; perhaps unknown
  std::variant<Value, Written, Unusable> value;
  SourceKind kind;
  std::string origin;  ///< for people
};

/// The raw material of a configuration.
struct Sources {
  std::optional<std::string> file;
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::string> options;  ///< "http.port=8081" each
};

/// The process's variables that begin with ZHONGLOU_, in the order of their names. The only look at the environment.
std::vector<std::pair<std::string, std::string>> environment_variables();

/// Variable that names the file where no option does; not a setting.
inline constexpr std::string_view file_variable = "ZHONGLOU_CONFIG";

/// Everything that the sources give, least binding first. What can't be read at all goes to `faults`.
std::vector<Given> collect(const Sources& sources, std::vector<Fault>& faults);

/// The entries of a TOML 1.0 document; `name` is its file's, for people.
std::vector<Given> collect_toml(std::string_view document, std::string_view name, std::vector<Fault>& faults);

/// The file's bytes; where it can't be read, is no regular file or exceeds `limit_bytes`, `why` says so.
std::optional<std::string> read_small_file(const std::string& path, std::size_t limit_bytes, std::string& why);

}  // namespace zl::server
