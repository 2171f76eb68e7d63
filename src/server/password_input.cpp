#include "server/password_input.hpp"

#include <string_view>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "server/sources.hpp"

namespace zl::server {
namespace {

constexpr std::size_t file_limit_bytes = 4096;

std::string first_line(std::string_view text) {
  const auto line = text.substr(0, text.find('\n'));
  return std::string(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line);
}

}  // namespace

std::optional<std::string> read_password(const std::string& file, std::istream& standard_input, std::string& why) {
  namespace limits = base::limits;
  std::string text;
  if (file == "-") {
    std::getline(standard_input, text);
  } else if (auto content = read_small_file(file, file_limit_bytes, why)) {
    text = *std::move(content);
  } else {
    why = file + " " + why;
    return std::nullopt;
  }
  std::string password = first_line(text);
  if (password.size() < limits::password_min || password.size() > limits::password_max) {
    why = "the password must be " + std::to_string(limits::password_min) + " to " +
          std::to_string(limits::password_max) + " bytes long";
    return std::nullopt;
  }
  if (base::has_control_characters(password, false) || !base::utf8_length(password)) {
    why = "the password must be UTF-8 without control characters";
    return std::nullopt;
  }
  return password;
}

}  // namespace zl::server
