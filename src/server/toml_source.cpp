// Reads a TOML document into entries; the one unit that includes the TOML library.
#include <toml++/toml.h>

#include <algorithm>

#include "server/sources.hpp"

namespace zl::server {
namespace {

std::string_view what_is(toml::node_type type) {
  switch (type) {
    case toml::node_type::none:
      return "nothing";
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
  }
  return "nothing";
}

std::variant<Value, Written, Unusable> value_of(const toml::node& node) {
  if (const auto* number = node.as_integer()) return Value(number->get());
  if (const auto* flag = node.as_boolean()) return Value(flag->get());
  if (const auto* text = node.as_string()) return Value(text->get());
  const auto* array = node.as_array();
  if (array == nullptr) return Unusable{what_is(node.type())};
  std::vector<std::string> texts;
  for (const auto& item : *array) {
    const auto* text = item.as_string();
    if (text == nullptr) return Unusable{"a list that holds more than texts"};
    texts.push_back(text->get());
  }
  return Value(std::move(texts));
}

std::string origin_of(const toml::node& node, std::string_view name) {
  return std::string(name) + ", line " + std::to_string(node.source().begin.line);
}

}  // namespace

std::vector<Given> collect_toml(std::string_view document, std::string_view name, std::vector<Fault>& faults) {
  std::vector<Given> given;
  toml::table root;
  try {
    root = toml::parse(document, name);
  } catch (const toml::parse_error& error) {
    // Nothing else of the file can be trusted then, so its other faults show only once this one is gone.
    faults.push_back({std::string(name), "line " + std::to_string(error.source().begin.line),
                      "is not valid TOML: " + std::string(error.description())});
    return given;
  }
  for (const auto& [section_key, section_node] : root) {
    const std::string section(section_key.str());
    const auto* table = section_node.as_table();
    if (table == nullptr || std::ranges::find(sections(), section, &Section::name) == sections().end()) {
      faults.push_back({section, origin_of(section_node, name), "is not a section of the configuration"});
      continue;
    }
    for (const auto& [key, node] : *table) {
      given.push_back(
          {section + "." + std::string(key.str()), value_of(node), SourceKind::file, origin_of(node, name)});
    }
  }
  return given;
}

}  // namespace zl::server
