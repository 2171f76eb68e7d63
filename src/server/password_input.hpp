// Reads the password of an account that is to be created.
#pragma once

#include <istream>
#include <optional>
#include <string>

namespace zl::server {

/// The first line of the file, or of `standard_input` for "-", if an account may have it as its password; otherwise
/// nothing, and `why` says what is wrong, as a sentence without the password.
std::optional<std::string> read_password(const std::string& file, std::istream& standard_input, std::string& why);

}  // namespace zl::server
