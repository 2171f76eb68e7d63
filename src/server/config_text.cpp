#include "server/config_text.hpp"

#include <algorithm>

namespace zl::server {
namespace {

constexpr std::size_t comment_width = 100;

/// Breaks a text into comment lines between words.
std::string comment(std::string_view text) {
  std::string result;
  std::string line = "#";
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    if (line.size() + 1 + word.size() > comment_width) {
      result += line + "\n";
      line = "#";
    }
    line.append(" ").append(word);
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return result + line + "\n";
}

std::string explanation(const Setting& setting) {
  std::string text = comment(setting.what) + comment("Must be " + limit_text(setting) + ".");
  if (!setting.larger.empty()) text += comment("Larger: " + std::string(setting.larger));
  if (!setting.smaller.empty()) text += comment("Smaller: " + std::string(setting.smaller));
  return text;
}

std::string assignment(const Setting& setting) {
  const std::string name(name_in_section(setting.key));
  if (std::holds_alternative<SecretType>(setting.type)) return "# " + name + "_file = \"/etc/zhonglou/" + name + "\"\n";
  return name + " = " + toml_text(default_value(setting)) + "\n";
}

std::string shown(const Setting& setting, const Values& values) {
  if (!std::holds_alternative<SecretType>(setting.type)) return toml_text(values.value(setting.key));
  if (!values.text(setting.key).empty()) return "***";
  return values.origin(setting.key) == "default" ? "not set" : "not used";
}

}  // namespace

std::string config_template() {
  std::string text =
      "# Configuration of Zhonglou: every setting at its default. `zhonglou config template` prints this file,\n"
      "# `zhonglou config check --config FILE` checks one. A variable such as ZHONGLOU_HTTP__PORT overrides the file,\n"
      "# an option such as --set http.port=8081 overrides both. In those, lists are separated by commas.\n"
      "# A secret may be given as its name too, but a file, unreadable to the world, keeps it out of sight.\n";
  for (const auto& section : sections()) {
    text += "\n" + comment(section.what) + "[" + std::string(section.name) + "]\n";
    for (const auto& setting : settings()) {
      if (section_of(setting.key) == section.name) text += "\n" + explanation(setting) + assignment(setting);
    }
  }
  return text;
}

std::string describe(const Values& values) {
  std::string text;
  for (const auto& setting : settings()) {
    const std::string key(setting.key);
    text += key + " = " + shown(setting, values) + "  # " + values.origin(key) + "\n";
  }
  return text;
}

std::string describe(const std::vector<Fault>& faults) {
  std::string text;
  for (const auto& fault : faults) text += to_line(fault) + "\n";
  return text;
}

}  // namespace zl::server
