#include "http/problem.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "http/json_writer.hpp"
#include "http/problem_texts.hpp"
#include "http/sold_out_bodies.hpp"
#include "http/views.hpp"
#include "runtime/log.hpp"

namespace zl::http {
namespace {

bool says_when_to_retry(base::Code code) {
  return status_of(code) == 503 || code == base::Code::too_many_requests || code == base::Code::in_progress;
}

/// The reason as the inner layers put it, in the client's language. What a fault of ours is due to is not told.
std::string_view told_reason(const base::Refused& refused, Language language) {
  return status_of(refused.code) < 500 ? translated(refused.detail, language) : std::string_view();
}

void write_fields(JsonWriter& json, const std::vector<base::FieldError>& fields, Language language) {
  json.key("errors").begin_array();
  for (const base::FieldError& field : fields) {
    const std::string_view told = translated(field.detail, language);
    json.begin_object().member("pointer", field.pointer).member("detail", told.empty() ? field.detail : told);
    if (!field.limit.empty()) json.member("limit", field.limit);
    json.end_object();
  }
  json.end_array();
}

void log_failure(const Request& request, base::Code code, std::string_view cause) {
  // Overload comes by the ten thousand: who refuses counts it, and says so once a second.
  if (status_of(code) >= 500 && code != base::Code::overloaded) {
    runtime::log::warning("request_refused",
                          {{"request_id", request.request_id}, {"code", base::name(code)}, {"cause", cause}});
  } else {
    runtime::log::debug("request_refused",
                        {{"request_id", request.request_id}, {"code", base::name(code)}, {"cause", cause}});
  }
}

}  // namespace

int status_of(base::Code code) {
  switch (code) {
    case base::Code::invalid_request:
      return 400;
    case base::Code::unauthorized:
      return 401;
    case base::Code::forbidden:
    case base::Code::ineligible:
      return 403;
    case base::Code::not_found:
      return 404;
    case base::Code::method_not_allowed:
      return 405;
    case base::Code::request_timeout:
      return 408;
    case base::Code::length_required:
      return 411;
    case base::Code::too_large:
      return 413;
    case base::Code::unsupported_media_type:
      return 415;
    case base::Code::header_too_large:
      return 431;
    case base::Code::not_open:
    case base::Code::closed:
    case base::Code::sold_out:
    case base::Code::already_booked:
    case base::Code::limit_reached:
    case base::Code::overlaps:
    case base::Code::already_checked_in:
    case base::Code::wrong_session:
    case base::Code::invalid_state:
    case base::Code::in_progress:
      return 409;
    case base::Code::version_mismatch:
      return 412;
    case base::Code::idempotency_conflict:
      return 422;
    case base::Code::too_many_requests:
      return 429;
    case base::Code::internal:
      return 500;
    case base::Code::overloaded:
    case base::Code::unavailable:
    case base::Code::outcome_unknown:
      return 503;
  }
  return 500;
}

std::string_view title_of(base::Code code, Language language) {
  return texts_of(code).title.in(language);
}

std::string_view explanation_of(base::Code code, Language language) {
  return texts_of(code).explanation.in(language);
}

Answer problem(const Request& request, base::Code code, std::string_view detail, const ExtraMembers& extra) {
  Answer answer;
  answer.status = status_of(code);
  answer.content_type = problem_type;
  answer.body.reserve(256 + extra.size());
  JsonWriter json(answer.body, 0);
  json.begin_object()
      .key("type")
      .raw("\"/problems/" + std::string(base::name(code)) + "\"")
      .member("title", title_of(code, Language::en))
      .member("status", answer.status)
      .member("detail", detail.empty() ? texts_of(code).detail.in(request.language) : detail)
      .member("code", base::name(code))
      .member("request_id", request.request_id);
  if (!extra.empty()) json.raw(extra);
  json.end_object();
  if (code == base::Code::unauthorized) answer.with("WWW-Authenticate", "Bearer");
  if (says_when_to_retry(code)) {
    answer.with("Retry-After", std::to_string(retry_after_s(code, 0, request.request_id)));
  }
  return answer;
}

Answer invalid(const Request& request, const std::vector<base::FieldError>& fields) {
  ExtraMembers extra;
  JsonWriter json(extra, 0);
  if (!fields.empty()) write_fields(json, fields, request.language);
  return problem(request, base::Code::invalid_request, {}, extra);
}

namespace {

/// What the rush hears most, told by memory; nothing for any other refusal.
std::optional<SoldOutKind> sold_out_kind(const Request& request, const domain::Refusal& refusal, int offset_minutes) {
  if (refusal.violations.size() != 1 || refusal.receipt.arrival) return std::nullopt;
  const auto* sold_out = std::get_if<domain::SoldOut>(&refusal.violations.front());
  if (sold_out == nullptr || sold_out->provisional) return std::nullopt;
  return SoldOutKind{request.language, offset_minutes, refusal.receipt.opens_at, sold_out->sold_out_at,
                     refusal.receipt.remaining};
}

Answer write_refusal(const Request& request, const domain::Refusal& refusal, int offset_minutes) {
  const base::Code code = domain::top_code(refusal.violations);
  ExtraMembers extra;
  JsonWriter json(extra, offset_minutes);
  std::optional<base::Instant> sold_out_at;
  json.key("violations").begin_array();
  for (const domain::Violation& violation : refusal.violations) {
    write(json, violation);
    if (const auto* sold_out = std::get_if<domain::SoldOut>(&violation)) sold_out_at = sold_out->sold_out_at;
  }
  json.end_array().key("receipt");
  write(json, refusal.receipt, sold_out_at);
  if (code == base::Code::not_open) {
    json.member("opens_at", std::get<domain::NotOpen>(refusal.violations.front()).opens_at);
  }
  Answer answer = problem(request, code, {}, extra);
  if (std::ranges::any_of(refusal.violations, domain::is_provisional)) {
    answer.with("Retry-After", std::to_string(retry_after_s(base::Code::in_progress, 0, request.request_id)));
  }
  return answer;
}

}  // namespace

Answer refusal(const Request& request, const domain::Refusal& refusal, int offset_minutes) {
  const std::optional<SoldOutKind> kind = sold_out_kind(request, refusal, offset_minutes);
  if (!kind) return write_refusal(request, refusal, offset_minutes);
  thread_local SoldOutBodies bodies;
  Answer answer;
  answer.status = status_of(base::Code::sold_out);
  answer.content_type = problem_type;
  answer.body = bodies.body(*kind, request.request_id, refusal.receipt.decided_at,
                            [&] { return write_refusal(request, refusal, offset_minutes).body; });
  return answer;
}

Answer failure(const Request& request, const base::Refused& refused) {
  log_failure(request, refused.code, refused.detail);
  if (refused.code == base::Code::invalid_request) return invalid(request, refused.fields);
  Answer answer = problem(request, refused.code, told_reason(refused, request.language));
  if (refused.retry_after_s > 0 && says_when_to_retry(refused.code)) {
    const int wait_s = retry_after_s(refused.code, refused.retry_after_s, request.request_id);
    answer.with("Retry-After", std::to_string(wait_s));
  }
  return answer;
}

Answer failure(const Request& request, const base::Unknown& unknown, bool may_have_changed) {
  const base::Code code = may_have_changed ? base::Code::outcome_unknown : base::Code::unavailable;
  log_failure(request, code, unknown.cause);
  return problem(request, code);
}

int retry_after_s(base::Code code, int suggested_s, std::string_view request_id) {
  // A wait that somebody computed for this caller alone is told as it is.
  if (code == base::Code::too_many_requests) return std::max(suggested_s, 1);
  const std::size_t spread_s = code == base::Code::overloaded ? 3 : 2;
  return std::max(suggested_s, 1) + static_cast<int>(std::hash<std::string_view>{}(request_id) % spread_s);
}

}  // namespace zl::http
