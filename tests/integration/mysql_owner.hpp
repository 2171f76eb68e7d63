// The account that may do everything in a private MariaDB: whoever started it, through its socket.
#pragma once

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <string>

namespace zl::test {

inline std::string owner_of_mysql() {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> space{};
  getpwuid_r(geteuid(), &entry, space.data(), space.size(), &found);
  return found == nullptr ? "root" : found->pw_name;
}

}  // namespace zl::test
