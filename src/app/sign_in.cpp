#include "app/sign_in.hpp"

#include <chrono>
#include <utility>

#include "domain/validation.hpp"
#include "runtime/password.hpp"

namespace zl::app {
namespace {

constexpr std::chrono::seconds password_deadline{5};

base::Refused login_failed() {
  return {base::Code::unauthorized, "user name and password do not fit", {}, 0};
}

SignedIn issue(const TokenMint& mint, Claims claims) {
  claims.token = mint.random.next_id<base::TokenId>();
  claims.expires_at = mint.clock.wall_now() + mint.ttl;
  return {mint.keys.sign(claims), claims.expires_at, {}, claims};
}

}  // namespace

base::Outcome<SignedIn> sign_in_user(const TokenMint& mint, domain::User user) {
  if (user.blocked) return base::Refused{base::Code::forbidden, "this account is blocked", {}, 0};
  Claims claims;
  claims.account = {user.id.bytes};
  claims.version = user.version;
  SignedIn signed_in = issue(mint, claims);
  signed_in.user = std::move(user);
  return signed_in;
}

asio::awaitable<base::Outcome<SignedIn>> SignIn::dev(std::string openid, std::string nickname) {
  const base::Outcome<domain::User> user = co_await parts_.people.sign_in(openid, nickname);
  if (!user) co_return user.as<SignedIn>();
  co_return sign_in_user({parts_.keys, parts_.clock, parts_.random, parts_.user_token_ttl}, *user);
}

asio::awaitable<base::Outcome<SignedIn>> SignIn::staff(std::string username, std::string password,
                                                       std::string address) {
  base::Outcome<LoginThrottle::Try> begun = parts_.throttle.begin(username, std::move(address));
  if (!begun) co_return begun.as<SignedIn>();

  const base::Outcome<std::optional<AccountWithHash>> found = co_await parts_.accounts.find_by_username(username);
  if (!found) co_return found.as<SignedIn>();
  // An unknown name costs the same work as a known one.
  const std::string hash = *found ? (*found)->password_hash : std::string(runtime::dummy_hash());
  auto verify = [hash, password]() -> base::Outcome<bool> { return runtime::verify_password(hash, password); };
  const base::Outcome<bool> fits =
      co_await parts_.password_pool.run(std::move(verify), parts_.clock.steady_now() + password_deadline);
  if (!fits) co_return fits.as<SignedIn>();
  if (!*fits || !*found || (*found)->account.blocked) {
    begun->failed();
    co_return login_failed();
  }
  begun->succeeded();

  const domain::Account& account = (*found)->account;
  Claims claims;
  claims.account = account.id;
  claims.version = account.version;
  claims.role = account.role;
  claims.station = account.station_id;
  co_return issue({parts_.keys, parts_.clock, parts_.random, parts_.staff_token_ttl}, claims);
}

asio::awaitable<base::Outcome<base::Done>> SignIn::out(Claims who, bool everywhere, Actor actor) {
  const base::Outcome<base::Done> ended = everywhere
                                              ? co_await parts_.accounts.end_all_tokens(who.account, actor)
                                              : co_await parts_.accounts.end_token(who.token, who.expires_at, actor);
  if (!ended) co_return ended;
  if (everywhere) {
    parts_.voided.raise(who.account, who.version + 1, parts_.clock.wall_now());
  } else {
    parts_.voided.end(who.token, who.expires_at);
  }
  parts_.gate.announce_change();
  co_return ended;
}

}  // namespace zl::app
