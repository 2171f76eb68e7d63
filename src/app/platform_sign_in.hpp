// The use cases of logging in by the chat platform: from a browser, by way of the platform's page, and from a
// mini-program.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "app/identity_store.hpp"
#include "app/login_states.hpp"
#include "app/platform_login.hpp"
#include "app/sign_in.hpp"
#include "base/random.hpp"

namespace zl::app {

/// A login that was begun.
struct LoginBegun {
  std::string browser;  ///< to be kept by the browser, and sent along when it comes back
  std::string url;      ///< where the browser goes now
};

struct LoginEntered {
  SignedIn signed_in;
  std::string return_to;  ///< a path of ours
};

/// Why a browser that came back is not let in.
enum class LoginEnd {
  declined = 1,  ///< the person did not agree
  foreign,       ///< this browser has not begun the login
  failed_again,  ///< the login was restarted within the last minute, and failed once more
  virtual_user,  ///< a preview's user, who is nobody
  blocked,       ///< by us or by the platform
};
struct LoginTurnedAway {
  LoginEnd why = LoginEnd::foreign;
  std::string return_to;  ///< where to begin anew; "/" where it isn't known
};

using LoginResult = std::variant<LoginEntered, LoginBegun, LoginTurnedAway>;

class PlatformSignIn {
 public:
  struct Parts {
    PlatformLogin& platform;
    IdentityStore& identities;
    LoginStates& states;
    TokenMint tokens;
    base::Random& random;
    base::Milliseconds login_lifetime;
    std::size_t logins_per_address;
  };

  explicit PlatformSignIn(Parts parts) : parts_(parts) {}

  /// `browser` is what the browser keeps, or anything: then it gets a new one. Refused{too_many_requests} where too
  /// many logins of the address are on their way.
  asio::awaitable<base::Outcome<LoginBegun>> begin(std::string browser, std::string return_to, std::string address);

  /// The browser has come back; `code` is empty where the person did not agree. A code is exchanged once. Where it is
  /// spent or stale the login is begun anew, at most once a minute for each browser.
  asio::awaitable<base::Outcome<LoginResult>> finish(std::string browser, std::string state, std::string code,
                                                     std::string address);

  /// Refused: not_found without a mini-program, unauthorized where the code is spent or stale (a new one is wanted),
  /// forbidden.
  asio::awaitable<base::Outcome<SignedIn>> mini(std::string code);

 private:
  asio::awaitable<base::Outcome<LoginBegun>> start(std::string browser, std::string return_to, std::string address,
                                                   bool is_restart);
  asio::awaitable<base::Outcome<LoginResult>> restart(std::string browser, LoginReturn back, std::string address);
  asio::awaitable<base::Outcome<SignedIn>> enter(PlatformIdentity identity);

  Parts parts_;
};

/// Whether a browser may be sent there after its login: a path of our pages, of printable ASCII, at most 512 bytes;
/// nothing that a browser could read as another host's.
bool is_local_page(std::string_view path);

}  // namespace zl::app
