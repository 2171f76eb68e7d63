#include "base/code.hpp"

namespace zl::base {

std::string_view name(Code code) {
  switch (code) {
    case Code::invalid_request:
      return "invalid_request";
    case Code::unauthorized:
      return "unauthorized";
    case Code::forbidden:
      return "forbidden";
    case Code::ineligible:
      return "ineligible";
    case Code::not_found:
      return "not_found";
    case Code::method_not_allowed:
      return "method_not_allowed";
    case Code::request_timeout:
      return "request_timeout";
    case Code::length_required:
      return "length_required";
    case Code::too_large:
      return "too_large";
    case Code::unsupported_media_type:
      return "unsupported_media_type";
    case Code::header_too_large:
      return "header_too_large";
    case Code::not_open:
      return "not_open";
    case Code::closed:
      return "closed";
    case Code::sold_out:
      return "sold_out";
    case Code::already_booked:
      return "already_booked";
    case Code::limit_reached:
      return "limit_reached";
    case Code::overlaps:
      return "overlaps";
    case Code::already_checked_in:
      return "already_checked_in";
    case Code::wrong_session:
      return "wrong_session";
    case Code::invalid_state:
      return "invalid_state";
    case Code::in_progress:
      return "in_progress";
    case Code::version_mismatch:
      return "version_mismatch";
    case Code::idempotency_conflict:
      return "idempotency_conflict";
    case Code::too_many_requests:
      return "too_many_requests";
    case Code::internal:
      return "internal";
    case Code::overloaded:
      return "overloaded";
    case Code::unavailable:
      return "unavailable";
    case Code::outcome_unknown:
      return "outcome_unknown";
  }
  return "internal";
}

}  // namespace zl::base
