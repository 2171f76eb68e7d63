#include "http/dispatcher.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "http/client_address.hpp"
#include "http/cookies.hpp"
#include "http/problem.hpp"
#include "http/query.hpp"
#include "runtime/log.hpp"

namespace zl::http {
namespace {

bool is_write(Method method) {
  return method != Method::get && method != Method::head;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() <= scheme.size()) return {};
  const bool fits = std::equal(scheme.begin(), scheme.end(), authorization.begin(),
                               [](char expected, char c) { return expected == lower(c); });
  return fits ? authorization.substr(scheme.size()) : std::string_view();
}

/// Equal without regard to case and to spaces around; `expected` is in lower case.
bool is_same_token(std::string_view text, std::string_view expected) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return std::ranges::equal(text, expected, [](char a, char b) { return lower(a) == b; });
}

/// The media type, with charset=utf-8 at most.
bool is_media_type(std::string_view content_type, std::string_view expected) {
  const std::size_t end = content_type.find(';');
  if (!is_same_token(content_type.substr(0, end), expected)) return false;
  if (end == std::string_view::npos) return true;
  const std::string_view parameter = content_type.substr(end + 1);
  return is_same_token(parameter, "") || is_same_token(parameter, "charset=utf-8") ||
         is_same_token(parameter, "charset=\"utf-8\"");
}

/// zh unless English stands first among the two.
Language language_of(std::string_view accept) {
  const std::size_t en = accept.find("en");
  return en != std::string_view::npos && en < accept.find("zh") ? Language::en : Language::zh;
}

/// `Authorization` wins over a cookie.
bool uses_cookie(const Request& request) {
  return request.authorization.data() == nullptr;
}

Answer too_many(const Request& request, int wait_s) {
  Answer answer = problem(request, base::Code::too_many_requests);
  answer.pause = true;
  answer.with("Retry-After", std::to_string(wait_s));
  return answer;
}

Answer failed(const Request& request, const std::exception& error) {
  runtime::log::error("request_failed",
                      {{"request_id", request.request_id}, {"path", request.path}, {"cause", error.what()}});
  return problem(request, base::Code::internal);
}

}  // namespace

Dispatcher::Dispatcher(const Api& api, const app::TokenKeys& keys, const app::VoidedTokenList& voided,
                       DispatchOptions options, runtime::Metrics& metrics)
    : api_(api),
      keys_(keys),
      voided_(voided),
      options_(std::move(options)),
      proxies_(options_.trusted_proxies),
      per_user_(options_.per_user, options_.rate_keys),
      per_address_(options_.per_address, options_.rate_keys),
      seconds_(metrics.histogram("zhonglou_http_request_seconds", "From a request's last byte to its answer's first")) {
  static constexpr const char* classes[] = {"", "1xx", "2xx", "3xx", "4xx", "5xx"};
  const auto add = [&](std::string_view method, std::string_view route) {
    std::array<runtime::Counter*, 6>& counters = requests_.emplace_back();
    for (std::size_t i = 1; i < counters.size(); ++i) {
      counters[i] =
          &metrics.counter("zhonglou_http_requests_total", "Requests by route and class of status",
                           {{"method", std::string(method)}, {"route", std::string(route)}, {"status", classes[i]}});
    }
  };
  for (const Route& route : routes()) add(method_name(route.method), route.pattern);
  add("any", "none");
}

Reply Dispatcher::answer(Request& request) {
  request.language = language_of(request.accept_language);
  const Match match = find_route(request.method, request.path, request.parameters);
  const std::size_t route = match.route == nullptr ? requests_.size() - 1 : match.index;
  Reply reply;
  try {
    std::optional<Answer> early = admit(request, match);
    reply = early ? Reply(*std::move(early)) : match.route->endpoint(api_, request);
  } catch (const std::exception& error) {
    reply = failed(request, error);
  }
  if (const auto* made = std::get_if<Answer>(&reply)) {
    settle(request, route, made->status);
    return reply;
  }
  return wait(request, route, std::get<asio::awaitable<Answer>>(std::move(reply)));
}

asio::awaitable<Answer> Dispatcher::wait(Request& request, std::size_t route, asio::awaitable<Answer> answer) {
  Answer made;
  try {
    made = co_await std::move(answer);
  } catch (const std::exception& error) {
    made = failed(request, error);
  }
  settle(request, route, made.status);
  co_return made;
}

void Dispatcher::settle(Request& request, std::size_t route, int status) {
  const auto status_class = static_cast<std::size_t>(std::clamp(status / 100, 1, 5));
  requests_[route][status_class]->add();
  request.answered_at = api_.clock.steady_now();
  seconds_.observe(std::chrono::duration<double>(request.answered_at - request.received_at).count());
  if (!runtime::log::enabled(runtime::LogLevel::debug)) return;
  runtime::log::debug("request", {{"request_id", request.request_id},
                                  {"method", method_name(request.method)},
                                  {"path", request.path},
                                  {"status", status}});
}

/// In the order that the contract promises (info.description of openapi.json); the endpoint's own checks follow.
std::optional<Answer> Dispatcher::admit(Request& request, const Match& match) {
  const bool takes_body = match.route != nullptr && match.route->body != Body::none;
  if (takes_body && !request.has_length) return problem(request, base::Code::length_required);
  const base::SteadyTime now = request.received_at;
  const int cost = match.route == nullptr ? 1 : match.route->cost;
  // Requests to nowhere count as well.
  const int address_wait_s = cost == 0 ? 0 : per_address_.take(limit_key(request.address), cost, now);
  if (match.route == nullptr) {
    if (match.allow.empty()) return problem(request, base::Code::not_found);
    return std::move(problem(request, base::Code::method_not_allowed).with("Allow", std::string(match.allow)));
  }
  if (address_wait_s > 0) return too_many(request, address_wait_s);
  const Route& route = *match.route;
  if (route.caller.kind != Caller::Kind::anyone) {
    if (!authenticate(request)) return problem(request, base::Code::unauthorized);
    const int user_wait_s = per_user_.take(request.claims->account.raw(), cost, now);
    if (user_wait_s > 0) return too_many(request, user_wait_s);
    if (!may_call(request, route.caller)) return problem(request, base::Code::forbidden);
  }
  return check_input(request, route);
}

bool Dispatcher::authenticate(Request& request) const {
  const std::string_view cookie_name = session_cookie_name(api_.cookie_is_secure);
  const std::string_view token =
      uses_cookie(request) ? cookie_value(request.cookie, cookie_name) : bearer_token(request.authorization);
  request.claims = keys_.check(token, api_.clock.wall_now());
  return request.claims && !voided_.is_void(*request.claims);
}

bool Dispatcher::may_call(const Request& request, const Caller& caller) const {
  // A browser sends the cookie by itself; only our own pages also send this origin.
  if (uses_cookie(request) && is_write(request.method) && request.origin != options_.public_url) return false;
  if (caller.kind == Caller::Kind::either) return true;
  const app::Claims& claims = *request.claims;
  if (claims.is_staff() != (caller.kind == Caller::Kind::staff)) return false;
  return !claims.is_staff() || (caller.roles & (1U << static_cast<unsigned>(*claims.role))) != 0;
}

std::optional<Answer> Dispatcher::check_input(const Request& request, const Route& route) const {
  const bool is_json = is_media_type(request.content_type, json_type);
  const bool is_patch = is_media_type(request.content_type, "application/merge-patch+json");
  const bool fits = route.body == Body::none || route.body == Body::signed_xml || is_json ||
                    (route.body == Body::merge_patch && is_patch);
  if (!fits) return problem(request, base::Code::unsupported_media_type);
  Faults faults = check_query_names(request.query, route.query, route.open_query ? Others::ignored : Others::refused);
  if (route.body == Body::none && !request.body.empty()) add_fault(faults, "", "no body is taken here");
  if (faults.empty()) return std::nullopt;
  return invalid(request, faults);
}

}  // namespace zl::http
