// Port: which user a person of the chat platform is.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "app/platform_login.hpp"
#include "base/id.hpp"
#include "base/outcome.hpp"
#include "domain/people.hpp"

namespace zl::app {

/// A user has any number of identities: one of the service account, one of the mini-program. An openid alone means the
/// service account's. What was unbound is kept for the grace period, and a login within it is the same user again.
class IdentityStore {
 public:
  virtual ~IdentityStore() = default;

  /// The user of an identity, made where there is none; binds it again where it was unbound. A unionid joins: a new
  /// identity goes to the user who has it already, and of two users with the same unionid the one who has nothing (no
  /// attendees, no bookings, ever) gives way to the other, the younger where both have nothing; its tokens end. Two who
  /// both have something stay two. Refused{forbidden} where the user is blocked, or another of the same unionid is.
  virtual asio::awaitable<base::Outcome<domain::User>> sign_in(PlatformIdentity identity) = 0;

  // What the platform tells may come late: `told_s` is when it happened, in the platform's seconds, and what is older
  // than the newest that was told of the identity changes nothing.

  /// The person has left: the identity stands for nobody until it is bound again. Done where there is none, too.
  virtual asio::awaitable<base::Outcome<base::Done>> unbind(std::string openid, std::int64_t told_s) = 0;

  /// The person has come back within the grace period. Done where there is nothing to bind, too.
  virtual asio::awaitable<base::Outcome<base::Done>> rebind(std::string openid, std::int64_t told_s) = 0;

  /// Both only while it is bound.
  virtual asio::awaitable<base::Outcome<std::optional<base::UserId>>> user_of(std::string openid) = 0;
  virtual asio::awaitable<base::Outcome<std::optional<std::string>>> openid_of(base::UserId user) = 0;

  /// Forgets identities that were unbound before, what is kept by their openids and by those of strangers who left
  /// before, and the profile of users whom none is left of; their attendees and bookings stay, and so does everything
  /// of users who are blocked. How many went, at most a few hundred a call.
  virtual asio::awaitable<base::Outcome<std::uint64_t>> wipe(base::Instant unbound_before) = 0;
};

}  // namespace zl::app
