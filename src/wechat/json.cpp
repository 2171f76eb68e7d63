#include "wechat/json.hpp"

#include <boost/json.hpp>
#include <charconv>
#include <utility>

namespace zl::wechat {
namespace {

namespace json = boost::json;

constexpr std::size_t text_limit_bytes = 1024UL * 1024;
constexpr std::size_t depth_limit = 16;

/// Between tokens a control character may be a space as well, and in a text it is worth no refusal.
std::string without_control_characters(std::string_view text) {
  std::string clean(text);
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20U) c = ' ';
  }
  return clean;
}

std::optional<std::int64_t> digits_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

const json::value* member(const void* object, std::string_view name) {
  if (object == nullptr) return nullptr;
  return static_cast<const json::object*>(object)->if_contains(json::string_view(name.data(), name.size()));
}

}  // namespace

struct JsonObject::Tree {
  json::value root;
};

std::optional<JsonObject> JsonObject::parse(std::string_view text) {
  if (text.size() > text_limit_bytes) return std::nullopt;
  json::parse_options options;
  options.max_depth = depth_limit;
  options.allow_invalid_utf8 = true;
  const std::string clean = without_control_characters(text);
  boost::system::error_code error;
  json::value root = json::parse(clean, error, {}, options);
  if (error || !root.is_object()) return std::nullopt;
  auto tree = std::make_shared<const Tree>(Tree{std::move(root)});
  const void* object = &tree->root.get_object();
  return JsonObject(std::move(tree), object);
}

std::string JsonObject::text(std::string_view name) const {
  const json::value* value = member(object_, name);
  if (value == nullptr) return {};
  if (const json::string* text = value->if_string()) return {text->data(), text->size()};
  if (value->is_int64()) return std::to_string(value->get_int64());
  if (value->is_uint64()) return std::to_string(value->get_uint64());
  return {};
}

std::optional<std::int64_t> JsonObject::integer(std::string_view name) const {
  return digits_of(text(name));
}

JsonObject JsonObject::object(std::string_view name) const {
  const json::value* value = member(object_, name);
  return {tree_, value == nullptr ? nullptr : value->if_object()};
}

std::string json_text(std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20U) {
      out.append("\\u00").push_back(hex[byte >> 4U]);
      out.push_back(hex[byte & 15U]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
  return out;
}

}  // namespace zl::wechat
