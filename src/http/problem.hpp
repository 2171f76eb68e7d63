// Problem documents (RFC 9457) in the client's language, and the one function that turns errors into HTTP.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/outcome.hpp"
#include "domain/booking.hpp"
#include "http/answer.hpp"
#include "http/request.hpp"

namespace zl::http {

/// The status that goes with a code.
int status_of(base::Code code);

/// The code's title, the same in every answer with that code.
std::string_view title_of(base::Code code, Language language);

/// What clients should know of a code, for /problems/<code>.
std::string_view explanation_of(base::Code code, Language language);

/// Members beyond the standard ones, already encoded: "\"seats_taken\":3". Empty or comma-separated, without outer
/// braces.
using ExtraMembers = std::string;

/// A problem with the code's own sentence; `detail` replaces it where not empty (it must be in the client's language).
Answer problem(const Request& request, base::Code code, std::string_view detail = {}, const ExtraMembers& extra = {});

/// invalid_request with its fields.
Answer invalid(const Request& request, const std::vector<base::FieldError>& fields);

/// A refused booking: violations and receipt.
Answer refusal(const Request& request, const domain::Refusal& refusal, int offset_minutes);

/// Refused and unknown outcomes of a use case; logs what the client is not told. Unknown is 503 outcome_unknown where
/// the call may have changed something, else 503 unavailable.
Answer failure(const Request& request, const base::Refused& refused);
Answer failure(const Request& request, const base::Unknown& unknown, bool may_have_changed);

template <class T>
Answer failure(const Request& request, const base::Outcome<T>& outcome) {
  if (outcome.is_refused()) return failure(request, outcome.refused());
  const bool changes = request.method != Method::get && request.method != Method::head;
  return failure(request, outcome.unknown(), changes);
}

/// Seconds for Retry-After, spread so that a crowd does not come back at once.
int retry_after_s(base::Code code, int suggested_s, std::string_view request_id);

}  // namespace zl::http
