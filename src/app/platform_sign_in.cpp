#include "app/platform_sign_in.hpp"

#include <algorithm>
#include <utility>

#include "base/limits.hpp"

namespace zl::app {
namespace {

using base::Outcome;

constexpr std::size_t return_to_limit_bytes = 512;

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_openid(const std::string& openid) {
  return !openid.empty() && openid.size() <= base::limits::openid_length && is_printable_ascii(openid);
}

/// What a browser keeps is 32 hex digits of ours.
bool is_ours(const std::string& browser) {
  return base::parse_bytes16(browser).has_value();
}

LoginResult turned_away(LoginEnd why, std::string return_to = "/") {
  return LoginTurnedAway{why, std::move(return_to)};
}

}  // namespace

bool is_local_page(std::string_view path) {
  if (path.empty() || path.size() > return_to_limit_bytes || path.front() != '/') return false;
  // Browsers read a backslash as a slash, and two slashes as the beginning of a host.
  if (path.starts_with("//") || path.find('\\') != std::string_view::npos || !is_printable_ascii(path)) return false;
  return path != "/api" && !path.starts_with("/api/");
}

asio::awaitable<Outcome<LoginBegun>> PlatformSignIn::begin(std::string browser, std::string return_to,
                                                           std::string address) {
  if (!is_ours(browser)) browser = parts_.random.next_id<base::LoginId>().hex();
  return start(std::move(browser), std::move(return_to), std::move(address), false);
}

asio::awaitable<Outcome<LoginBegun>> PlatformSignIn::start(std::string browser, std::string return_to,
                                                           std::string address, bool is_restart) {
  LoginStart start{parts_.random.next_id<base::LoginId>(), runtime::sha256(browser), std::move(address),
                   std::move(return_to), is_restart};
  LoginBegun begun{std::move(browser), parts_.platform.authorize_url(start.id.hex())};
  const auto kept = co_await parts_.states.begin(std::move(start), parts_.logins_per_address, parts_.login_lifetime);
  if (!kept) co_return kept.as<LoginBegun>();
  co_return begun;
}

asio::awaitable<Outcome<LoginResult>> PlatformSignIn::finish(std::string browser, std::string state, std::string code,
                                                             std::string address) {
  const auto id = base::LoginId::parse(state);
  if (!id || !is_ours(browser)) co_return turned_away(LoginEnd::foreign);
  const auto taken = co_await parts_.states.take(*id, runtime::sha256(browser), parts_.login_lifetime);
  if (!taken) co_return taken.as<LoginResult>();
  const LoginReturn& back = *taken;
  if (back.fate == LoginReturn::Fate::foreign) co_return turned_away(LoginEnd::foreign);
  if (back.fate == LoginReturn::Fate::spent) {
    co_return co_await restart(std::move(browser), back, std::move(address));
  }
  if (code.empty()) co_return turned_away(LoginEnd::declined, back.return_to);

  const auto answer = co_await parts_.platform.exchange_web_code(std::move(code));
  if (!answer) co_return answer.as<LoginResult>();
  if (const auto* refusal = std::get_if<PlatformRefusal>(&*answer)) {
    switch (*refusal) {
      case PlatformRefusal::restart:
        co_return co_await restart(std::move(browser), back, std::move(address));
      case PlatformRefusal::virtual_user:
        co_return turned_away(LoginEnd::virtual_user, back.return_to);
      case PlatformRefusal::blocked:
        co_return turned_away(LoginEnd::blocked, back.return_to);
    }
  }
  const auto signed_in = co_await enter(std::get<PlatformIdentity>(*answer));
  if (signed_in) co_return LoginResult(LoginEntered{*signed_in, back.return_to});
  const bool blocked = signed_in.is_refused() && signed_in.refused().code == base::Code::forbidden;
  if (blocked) co_return turned_away(LoginEnd::blocked, back.return_to);
  co_return signed_in.as<LoginResult>();
}

asio::awaitable<Outcome<LoginResult>> PlatformSignIn::restart(std::string browser, LoginReturn back,
                                                              std::string address) {
  if (back.restarted_lately) co_return turned_away(LoginEnd::failed_again, back.return_to);
  auto begun = co_await start(std::move(browser), std::move(back.return_to), std::move(address), true);
  if (!begun) co_return begun.as<LoginResult>();
  co_return LoginResult(std::move(begun).value());
}

asio::awaitable<Outcome<SignedIn>> PlatformSignIn::mini(std::string code) {
  if (!parts_.platform.has_mini_program()) co_return base::Code::not_found;
  const auto answer = co_await parts_.platform.exchange_mini_code(std::move(code));
  if (!answer) co_return answer.as<SignedIn>();
  if (const auto* refusal = std::get_if<PlatformRefusal>(&*answer)) {
    switch (*refusal) {
      case PlatformRefusal::restart:
        co_return base::Refused{base::Code::unauthorized, "the code is spent or stale: ask for a new one", {}, 0};
      case PlatformRefusal::virtual_user:
      case PlatformRefusal::blocked:
        co_return base::Refused{base::Code::forbidden, "the platform does not vouch for this user", {}, 0};
    }
  }
  co_return co_await enter(std::get<PlatformIdentity>(*answer));
}

asio::awaitable<Outcome<SignedIn>> PlatformSignIn::enter(PlatformIdentity identity) {
  // A unionid that can't be one joins nobody.
  if (!is_openid(identity.unionid)) identity.unionid.clear();
  if (!is_openid(identity.openid)) {
    co_return base::Refused{base::Code::unavailable, "the platform names no user", {}, 0};
  }
  const auto user = co_await parts_.identities.sign_in(std::move(identity));
  if (!user) co_return user.as<SignedIn>();
  co_return sign_in_user(parts_.tokens, *user);
}

}  // namespace zl::app
