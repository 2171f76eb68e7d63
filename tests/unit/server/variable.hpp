// The variable that gives a setting.
#pragma once

#include <string>
#include <string_view>

namespace zl::test {

/// "http.port" → "ZHONGLOU_HTTP__PORT".
inline std::string variable_of(std::string_view key) {
  std::string name = "ZHONGLOU_";
  for (const char c : key) {
    if (c == '.') {
      name += "__";
    } else {
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return name;
}

}  // namespace zl::test
