// The use cases of coming and going: development login, staff login, logout.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "app/follow_changes.hpp"
#include "app/gate.hpp"
#include "app/login_throttle.hpp"
#include "app/people_store.hpp"
#include "app/tokens.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "runtime/blocking_pool.hpp"

namespace zl::app {

struct SignedIn {
  std::string token;
  base::Instant expires_at;
  domain::User user;  ///< of a user's login
  Claims claims;
};

/// What tokens of users are made with.
struct TokenMint {
  const TokenKeys& keys;
  const base::Clock& clock;
  base::Random& random;
  base::Milliseconds ttl;
};

/// Signs in a user whom somebody vouches for. Refused{forbidden} where the user is blocked.
base::Outcome<SignedIn> sign_in_user(const TokenMint& mint, domain::User user);

class SignIn {
 public:
  struct Parts {
    PeopleStore& people;
    AccountStore& accounts;
    Gate& gate;
    const TokenKeys& keys;
    VoidedTokenList& voided;
    LoginThrottle& throttle;
    runtime::BlockingPool& password_pool;
    const base::Clock& clock;
    base::Random& random;
    base::Milliseconds user_token_ttl;
    base::Milliseconds staff_token_ttl;
  };

  explicit SignIn(Parts parts) : parts_(parts) {}

  /// Any openid; for development only. Refused{forbidden} where the user is blocked.
  asio::awaitable<base::Outcome<SignedIn>> dev(std::string openid, std::string nickname);

  /// Refused: unauthorized, alike in words and time for an unknown name, a wrong password and a blocked account;
  /// too_many_requests with the seconds to wait.
  asio::awaitable<base::Outcome<SignedIn>> staff(std::string username, std::string password, std::string address);

  /// Ends this token, or every token of its account; effective here at once, and elsewhere by news.
  asio::awaitable<base::Outcome<base::Done>> out(Claims who, bool everywhere, Actor actor);

 private:
  Parts parts_;
};

}  // namespace zl::app
