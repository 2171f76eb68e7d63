// What callers show: session tokens, tickets, and the headers and cookies that carry them. The first byte chooses. A
// text that is not ours is never taken for ours; what a genuine signature covers is read without a fault.
#include <chrono>

#include "app/booking_ids.hpp"
#include "app/tokens.hpp"
#include "base/text.hpp"
#include "fuzz/support/answers.hpp"
#include "fuzz/support/fuzz.hpp"
#include "fuzz/support/world.hpp"
#include "runtime/base64url.hpp"
#include "runtime/hmac.hpp"

namespace zl::fuzz {
namespace {

constexpr std::string_view key = "0123456789abcdef0123456789abcdef";
constexpr std::string_view old_key = "fedcba9876543210fedcba9876543210";
constexpr base::Instant now = test::opening;

const app::TokenKeys& keys() {
  static const app::TokenKeys keys(key, old_key);
  return keys;
}

const app::BookingIds& ids() {
  static const app::BookingIds ids(key);
  return ids;
}

/// Nobody can guess a signature, so whatever is accepted was signed by one of the keys, in its one spelling.
void check_token(std::string_view text) {
  const auto claims = keys().check(text, now);
  if (!claims) return;
  static const app::TokenKeys old(old_key, {});
  require(keys().sign(*claims) == text || old.sign(*claims) == text, "a token has one spelling", text);
}

std::string signed_payload(std::string_view payload) {
  std::string token = "zt1." + runtime::base64url_encode(payload);
  const runtime::Digest mac = runtime::HmacSha256(key)(token);
  token += '.';
  return token += runtime::base64url_encode({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

/// Any payload under a genuine signature: read, or refused, but never half.
void check_payload(std::string_view payload) {
  const auto claims = keys().check(signed_payload(payload), now);
  if (!claims) return;
  require(payload.size() == 62, "a payload of the one size");
  require(claims->expires_at > now, "a token that has not expired");
  require(!claims->role || !domain::role_name(*claims->role).empty(), "a known role");
  const auto again = keys().check(keys().sign(*claims), now);
  require(again && again->account == claims->account && again->token == claims->token &&
              again->version == claims->version && again->expires_at == claims->expires_at &&
              again->role == claims->role && again->station == claims->station,
          "claims are the same when signed and read again");
}

/// A genuine token with one stretch of it replaced is not genuine any more. The first byte says where.
void check_changed_token(std::string_view input) {
  static const std::string genuine = [] {
    app::Claims claims;
    claims.account = test::id_of<base::AccountId>(7);
    claims.expires_at = now + std::chrono::hours(1);
    claims.role = domain::Role::staff;
    claims.station = test::id_of<base::StationId>(1);
    return keys().sign(claims);
  }();
  const std::size_t at = take_choice(input, genuine.size());
  const std::string changed =
      genuine.substr(0, at) + std::string(input) + genuine.substr(std::min(at + input.size(), genuine.size()));
  require((changed == genuine) == keys().check(changed, now).has_value(), "only the token itself is genuine", changed);
}

void check_ticket(std::string_view text) {
  const auto id = ids().open_ticket(text);
  if (id) require(ids().ticket(*id) == text, "a ticket has one spelling", text);
  require(!keys().check(text, now) || !id, "a ticket is no token", text);
}

void check_base64url(std::string_view text) {
  const auto bytes = runtime::base64url_decode(text);
  if (bytes) require(runtime::base64url_encode(*bytes) == text, "base64url has one spelling", text);
  require(runtime::base64url_decode(runtime::base64url_encode(text)) == std::string(text), "bytes come back", text);
}

/// What a request for /me with these header lines is answered. Lines that are none of a header are left out.
SeenAnswer me(std::string_view name, std::string_view value, std::string_view more_lines) {
  static World world;
  const std::string filled = world.fill_in(value);
  const std::string sent = base::has_control_characters(filled, false) ? std::string() : filled;
  const std::string request = world.fill_in("GET /api/v1/me HTTP/1.1\r\nHost: town\r\n" + std::string(name) + ": " +
                                            sent + "\r\n" + std::string(more_lines) + "\r\n");
  const std::vector<SeenAnswer> answers = read_answers(exchange(world, {request}), request);
  world.engine.trace.clear();
  require(answers.size() == 1, "an answer", request);
  const int status = answers.front().status;
  const bool too_long = status == 431 && request.size() > 1024;
  require(too_long || status == 200 || status == 401 || status == 403, "let in, sent away or no user", request);
  require(status != 200 || answers.front().body.find("\"attendees\"") != std::string::npos, "a user sees themselves");
  require(status == 401 || too_long || filled.find("zt1.") != std::string::npos, "nobody is let in without a token",
          request);
  return answers.front();
}

void check_cookie(std::string_view text) {
  (void)me("Cookie", text, "");
}

/// Where the header stands the cookie does not count, although its token would let anybody in.
void check_authorization(std::string_view text) {
  (void)me("Authorization", text, "Cookie: zl={user}\r\n");
}

constexpr void (*checks[])(std::string_view) = {check_token,     check_payload, check_changed_token, check_ticket,
                                                check_base64url, check_cookie,  check_authorization};

}  // namespace

void feed(std::string_view input) {
  checks[take_choice(input, std::size(checks))](input);
}

}  // namespace zl::fuzz
