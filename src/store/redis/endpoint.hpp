// Where Redis listens, and as whom to call.
#pragma once

#include <string>

namespace zl::redis {

struct Endpoint {
  std::string unix_socket;  ///< a path; where it is not empty, host and port don't count
  std::string host;         ///< a name or an address
  int port = 6379;
  std::string username;  ///< empty: the default user
  std::string password;  ///< empty: no AUTH
};

}  // namespace zl::redis
