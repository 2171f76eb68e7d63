// Port: who follows the account, as the platform's pushes tell it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "base/outcome.hpp"

namespace zl::app {

namespace asio = boost::asio;

class Followers {
 public:
  virtual ~Followers() = default;

  /// Somebody follows from now on, or no longer does; then also the notices that he asked for are forgotten. May be
  /// told the same twice. Refused: unavailable, overloaded.
  virtual asio::awaitable<base::Outcome<base::Done>> set_following(std::string openid, bool follows) = 0;
};

}  // namespace zl::app
