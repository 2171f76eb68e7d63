// Port: the chat platform as somebody who says who a browser or a mini-program is.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <variant>

#include "base/outcome.hpp"

namespace zl::app {

namespace asio = boost::asio;

/// A person as one of the platform's accounts knows them.
struct PlatformIdentity {
  std::string appid;    ///< of the account that was asked
  std::string openid;   ///< the person, to that account alone
  std::string unionid;  ///< the same for all accounts of one owner; often empty
};

enum class PlatformRefusal {
  restart = 1,   ///< the code is spent or stale, or may be: begin the login anew, once
  virtual_user,  ///< who has only looked at a preview and is nobody
  blocked,       ///< the platform holds the person for a risk
};

using PlatformAnswer = std::variant<PlatformIdentity, PlatformRefusal>;

class PlatformLogin {
 public:
  virtual ~PlatformLogin() = default;

  /// Where a browser is sent, to come back with a code and this state.
  virtual std::string authorize_url(const std::string& state) const = 0;

  /// Whether there is a mini-program.
  virtual bool has_mini_program() const = 0;

  /// Both exchange a code, once. Refused{unavailable, overloaded}: not asked. Never unknown: that is `restart`.
  virtual asio::awaitable<base::Outcome<PlatformAnswer>> exchange_web_code(std::string code) = 0;
  virtual asio::awaitable<base::Outcome<PlatformAnswer>> exchange_mini_code(std::string code) = 0;
};

}  // namespace zl::app
