// The refusal codes of the HTTP contract, shared by every layer so that no layer has to translate them.
#pragma once

#include <string_view>

namespace zl::base {

/// One code per problem type that a client can be told. Starts at 1, so that no value reads as success.
enum class Code {
  invalid_request = 1,
  unauthorized,
  forbidden,
  ineligible,
  not_found,
  method_not_allowed,
  request_timeout,
  length_required,
  too_large,
  unsupported_media_type,
  header_too_large,
  not_open,
  closed,
  sold_out,
  already_booked,
  limit_reached,
  overlaps,
  already_checked_in,
  wrong_session,
  invalid_state,
  in_progress,
  version_mismatch,
  idempotency_conflict,
  too_many_requests,
  internal,
  overloaded,
  unavailable,
  outcome_unknown,
};

/// Number of codes; values are 1..code_count.
inline constexpr int code_count = static_cast<int>(Code::outcome_unknown);

/// The code as it stands on the wire, for example "sold_out".
std::string_view name(Code code);

}  // namespace zl::base
