// All calls in one table: 404 and 405 follow from it, and so do who may call and what a body must be.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "domain/people.hpp"
#include "http/api.hpp"

namespace zl::http {

/// Who may call: nobody in particular, a user, or staff with one of these roles (bit 1 << role).
struct Caller {
  enum class Kind { anyone = 1, user, staff, either } kind = Kind::anyone;
  std::uint8_t roles = 0;
};

enum class Body {
  none = 1,
  json,
  merge_patch,
  signed_xml,  ///< somebody else's, whose signature is looked at before anything else: of any content type
};

struct Route {
  Method method;
  std::string_view pattern;  ///< "{}" stands for one segment, or for a part of one
  Caller caller;
  Body body;
  Endpoint endpoint;
  std::string_view query = {};  ///< names of the query parameters that it takes, separated by spaces
  int cost = 1;                 ///< in the rate limit, in requests: logins cost more. 0: see `platform_cost`
  bool open_query = false;      ///< takes parameters of other names too, which somebody else may add
};

std::span<const Route> routes();

/// HEAD is served by GET's route.
struct Match {
  const Route* route = nullptr;  ///< null where no route fits
  std::size_t index = 0;         ///< of the route, for metrics
  std::string_view allow;        ///< methods of the path, where the path is known and the method isn't
};

/// Finds the route of a path (as sent) and fills the path's parameters in.
Match find_route(Method method, std::string_view path, std::array<std::string_view, 2>& parameters);

}  // namespace zl::http
