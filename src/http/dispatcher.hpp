// From a parsed request to its answer: rate limits, who is calling, the route, the endpoint. No sockets.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "app/tokens.hpp"
#include "http/api.hpp"
#include "http/rate_limit.hpp"
#include "http/routes.hpp"
#include "http/trusted_proxies.hpp"

namespace zl::http {

struct DispatchOptions {
  std::string public_url;                    ///< what Origin must be for writes with the cookie
  std::vector<std::string> trusted_proxies;  ///< addresses whose X-Forwarded-For counts
  Rate per_user{10, 20};
  Rate per_address{20'000, 40'000};
  std::size_t rate_keys = 1'000'000;
};

/// Shared by all loops.
class Dispatcher {
 public:
  Dispatcher(const Api& api, const app::TokenKeys& keys, const app::VoidedTokenList& voided, DispatchOptions options,
             runtime::Metrics& metrics);

  /// Never throws, nor does what it returns: what an endpoint throws is logged and answered as internal. The request
  /// has to stay where it is until the answer is there.
  Reply answer(Request& request);

  std::string client_address(const std::string& peer, std::string_view forwarded_for) const {
    return proxies_.client_address(peer, forwarded_for);
  }

  /// Whether the peer speaks for others.
  bool is_proxy(const std::string& peer) const { return proxies_.trusts(peer); }

 private:
  /// The answer that ends the request before its endpoint, if any; fills the caller in.
  std::optional<Answer> admit(Request& request, const Match& match);
  /// Fills the claims in; false where there is no token that is good.
  bool authenticate(Request& request) const;
  /// Kind of account, role and Origin; only with claims.
  bool may_call(const Request& request, const Caller& caller) const;
  /// Content type, names of query parameters, and that there is no body where none is taken.
  std::optional<Answer> check_input(const Request& request, const Route& route) const;
  asio::awaitable<Answer> wait(Request& request, std::size_t route, asio::awaitable<Answer> answer);
  /// Counts and logs what was answered.
  void settle(Request& request, std::size_t route, int status);

  const Api& api_;
  const app::TokenKeys& keys_;
  const app::VoidedTokenList& voided_;
  const DispatchOptions options_;
  const TrustedProxies proxies_;
  RateLimit per_user_;
  RateLimit per_address_;
  std::vector<std::array<runtime::Counter*, 6>> requests_;  ///< by route (the last is "none") and status class
  runtime::Histogram& seconds_;
};

}  // namespace zl::http
