// Port: who follows the account, as the platform's pushes tell it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>

#include "base/outcome.hpp"

namespace zl::app {

namespace asio = boost::asio;

class Followers {
 public:
  virtual ~Followers() = default;

  /// Somebody follows from now on, or no longer does; then also the notices that he asked for are forgotten. May be
  /// told the same twice, and late: `told_s` is when it happened, in the platform's seconds, and what is older than the
  /// newest changes nothing. Refused: unavailable, overloaded.
  virtual asio::awaitable<base::Outcome<base::Done>> set_following(std::string openid, bool follows,
                                                                   std::int64_t told_s) = 0;
};

}  // namespace zl::app
