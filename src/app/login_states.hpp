// Port: logins that were begun in a browser and are on their way to the platform and back.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <string>

#include "base/id.hpp"
#include "base/outcome.hpp"
#include "base/time.hpp"
#include "runtime/sha256.hpp"

namespace zl::app {

namespace asio = boost::asio;

struct LoginStart {
  base::LoginId id;         ///< what the platform hands back as `state`
  runtime::Digest browser;  ///< of the cookie of the browser that began it
  std::string address;
  std::string return_to;    ///< a path of ours
  bool is_restart = false;  ///< begun by us, since the login before it failed
};

struct LoginReturn {
  enum class Fate {
    good = 1,  ///< it came back for the first time, in time
    spent,     ///< it came back before, or is too old
    foreign,   ///< unknown, or begun in another browser
  } fate = Fate::foreign;
  std::string return_to;          ///< unless foreign
  bool restarted_lately = false;  ///< a login of this browser was restarted within the last minute
};

/// All times are by the store's clock.
class LoginStates {
 public:
  static constexpr base::Milliseconds restart_interval{60'000};

  virtual ~LoginStates() = default;

  /// Refused{too_many_requests} where as many logins of the address as `limit` are still out, begun within `lifetime`.
  virtual asio::awaitable<base::Outcome<base::Done>> begin(LoginStart start, std::size_t limit,
                                                           base::Milliseconds lifetime) = 0;

  /// What came back: good at most once.
  virtual asio::awaitable<base::Outcome<LoginReturn>> take(base::LoginId id, runtime::Digest browser,
                                                           base::Milliseconds lifetime) = 0;
};

}  // namespace zl::app
