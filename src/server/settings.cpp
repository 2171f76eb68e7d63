#include "server/settings.hpp"

#include <algorithm>

#include "base/invariant.hpp"

namespace zl::server {
namespace {

std::string form_text(TextForm form, std::span<const std::string_view> choices) {
  switch (form) {
    case TextForm::any:
      return "a text";
    case TextForm::required:
      return "a text that is not empty";
    case TextForm::ip_address:
      return "an IP address";
    case TextForm::network:
      return "an IP address or a network such as 10.0.0.0/8";
    case TextForm::socket_path:
      return "a path of at most 107 bytes, or empty";
    case TextForm::origin:
      return "an origin such as https://example.org, without a path, or empty";
    case TextForm::address:
      return "an address such as https://example.org/path, or empty";
    case TextForm::verify_file:
      return "a name and what it holds, such as MP_verify_a1B2.txt=a1B2";
    case TextForm::one_of_the_choices:
      break;
  }
  std::string text = "one of";
  for (const auto choice : choices) {
    text += choice == choices.front() ? " " : ", ";
    text += choice;
  }
  return text;
}

struct LimitText {
  std::string operator()(const IntegerType& type) const {
    std::string text = "a whole number from " + std::to_string(type.least) + " to " + std::to_string(type.most);
    if (!type.unit.empty()) text.append(" (").append(type.unit).append(")");
    return text;
  }
  std::string operator()(const FlagType&) const { return "true or false"; }
  std::string operator()(const TextType& type) const { return form_text(type.form, type.choices); }
  std::string operator()(const ListType& type) const { return "a list, each " + form_text(type.form, {}); }
  std::string operator()(const SecretType& type) const {
    return type.form == SecretForm::key ? "64 hex digits (0-9, a-f)" : "a text";
  }
};

struct DefaultValue {
  Value operator()(const IntegerType& type) const { return type.standard; }
  Value operator()(const FlagType& type) const { return type.standard; }
  Value operator()(const TextType& type) const { return std::string(type.standard); }
  Value operator()(const ListType&) const { return std::vector<std::string>(); }
  Value operator()(const SecretType&) const { return std::string(); }
};

/// A basic string of TOML 1.0: the quotation mark, the backslash and control characters are escaped.
std::string quoted(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (result += '\\') += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      ((result += "\\u00") += digits[byte >> 4]) += digits[byte & 0xf];
    } else {
      result += c;
    }
  }
  return result += '"';
}

struct TomlText {
  std::string operator()(std::int64_t number) const { return std::to_string(number); }
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(const std::string& text) const { return quoted(text); }
  std::string operator()(const std::vector<std::string>& texts) const {
    std::string result = "[";
    for (std::size_t i = 0; i < texts.size(); ++i) result += (i == 0 ? "" : ", ") + quoted(texts[i]);
    return result += ']';
  }
};

}  // namespace

const Setting* find_setting(std::string_view key) {
  const auto found = std::ranges::find(settings(), key, &Setting::key);
  return found == settings().end() ? nullptr : &*found;
}

std::string_view section_of(std::string_view key) {
  return key.substr(0, key.find('.'));
}

std::string_view name_in_section(std::string_view key) {
  const auto dot = key.find('.');
  base::invariant(dot != std::string_view::npos, "the key of a setting has a section");
  return key.substr(dot + 1);
}

std::string limit_text(const Setting& setting) {
  return std::visit(LimitText{}, setting.type);
}

Value default_value(const Setting& setting) {
  return std::visit(DefaultValue{}, setting.type);
}

std::string toml_text(const Value& value) {
  return std::visit(TomlText{}, value);
}

}  // namespace zl::server
