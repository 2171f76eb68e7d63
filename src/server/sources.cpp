#include "server/sources.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>

#include <sys/stat.h>

namespace zl::server {
namespace {

constexpr std::string_view variable_prefix = "ZHONGLOU_";
constexpr std::size_t file_limit_bytes = 1 << 20;

/// "ZHONGLOU_HTTP__PORT" → "http.port"; nothing where the name is not of this shape.
std::optional<std::string> key_of_variable(std::string_view name) {
  name.remove_prefix(variable_prefix.size());
  const auto separator = name.find("__");
  if (separator == std::string_view::npos) return std::nullopt;
  std::string key;
  for (const char c : name) {
    if (c >= 'a' && c <= 'z') return std::nullopt;
    key += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return key.replace(separator, 2, ".");
}

void collect_file(const std::string& path, std::vector<Given>& given, std::vector<Fault>& faults) {
  std::string why;
  const auto document = read_small_file(path, file_limit_bytes, why);
  if (!document) {
    faults.push_back({path, "configuration file", why});
    return;
  }
  std::ranges::move(collect_toml(*document, path, faults), std::back_inserter(given));
}

void collect_environment(const Sources& sources, std::vector<Given>& given, std::vector<Fault>& faults) {
  for (const auto& [name, value] : sources.environment) {
    if (name == file_variable) continue;
    auto key = key_of_variable(name);
    if (key) {
      given.push_back({*std::move(key), Written{value}, SourceKind::environment, "environment, " + name});
    } else {
      faults.push_back({name, "environment", "is not a variable of Zhonglou; they look like ZHONGLOU_HTTP__PORT"});
    }
  }
}

void collect_options(const Sources& sources, std::vector<Given>& given, std::vector<Fault>& faults) {
  for (const auto& option : sources.options) {
    const auto equals = option.find('=');
    if (equals == std::string::npos) {
      faults.push_back({option, "option --set", "has no value; write --set http.port=8081"});
    } else {
      given.push_back(
          {option.substr(0, equals), Written{option.substr(equals + 1)}, SourceKind::option, "option --set"});
    }
  }
}

}  // namespace

std::string to_line(const Fault& fault) {
  return fault.subject + " (" + fault.origin + "): " + fault.text;
}

std::vector<std::pair<std::string, std::string>> environment_variables() {
  std::vector<std::pair<std::string, std::string>> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (!text.starts_with(variable_prefix) || equals == std::string_view::npos) continue;
    variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  std::ranges::sort(variables);
  return variables;
}

std::vector<Given> collect(const Sources& sources, std::vector<Fault>& faults) {
  std::vector<Given> given;
  if (sources.file) collect_file(*sources.file, given, faults);
  collect_environment(sources, given, faults);
  collect_options(sources, given, faults);
  return given;
}

std::optional<std::string> read_small_file(const std::string& path, std::size_t limit_bytes, std::string& why) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    why = "can't be read: " + std::generic_category().message(errno);
    return std::nullopt;
  }
  // A pipe or a device would block the start, or never end.
  if (!S_ISREG(status.st_mode)) {
    why = "is not a regular file";
    return std::nullopt;
  }
  std::ifstream stream(path, std::ios::binary);
  std::string bytes(limit_bytes + 1, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!stream.eof() && !stream) {
    why = "can't be read: " + std::generic_category().message(errno);
    return std::nullopt;
  }
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  if (bytes.size() > limit_bytes) {
    why = "is larger than " + std::to_string(limit_bytes) + " bytes";
    return std::nullopt;
  }
  return bytes;
}

}  // namespace zl::server
