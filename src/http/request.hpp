// One request as the endpoints see it: bytes and Beast are behind it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/booking_ledger.hpp"
#include "app/tokens.hpp"
#include "base/clock.hpp"

namespace zl::http {

enum class Method { get = 1, head, post, patch, delete_, other };

/// "GET"; "other" for those that no route takes.
std::string_view method_name(Method method);

enum class Language { zh = 1, en };

/// Views point into the connection's buffers and hold until the answer was made.
struct Request {
  Method method = Method::other;
  std::string_view path;   ///< as sent, without the query
  std::string_view query;  ///< without the question mark
  std::string_view body;
  std::string_view content_type;
  std::string_view authorization;  ///< data() is null where it was not sent
  std::string_view cookie;
  std::string_view origin;
  std::string_view idempotency_key;  ///< as sent; data() is null where it was not. See read_idempotency_key
  std::string_view if_match;
  std::string_view accept_language;
  bool has_length = false;  ///< Content-Length or chunked framing was sent
  bool keep_alive = true;

  std::string address;     ///< the client's, behind trusted proxies too
  std::string request_id;  ///< 32 hex digits, in the answer and in every log line
  Language language = Language::zh;
  std::array<std::string_view, 2> parameters{};  ///< of the path, in order
  std::optional<app::Claims> claims;             ///< set where the route wants a caller
  base::SteadyTime received_at{};                ///< when its last byte was there
  base::SteadyTime answered_at{};                ///< when its answer was made

  /// The caller for the audit table; only with claims.
  app::Actor actor() const;
};

/// Whether If-Match allows a change of this version: `"<version>"` or `*`. Anything else, and none, doesn't.
bool if_match_holds(std::string_view if_match, std::uint64_t version);

/// A path's parameter as an id; nothing where it isn't one, which is 404.
template <class IdType>
std::optional<IdType> id_parameter(const Request& request, std::size_t index = 0) {
  return IdType::parse(request.parameters[index]);
}

}  // namespace zl::http
