// The service itself: health, the contract, and what its problem codes mean.
#include "http/endpoint_support.hpp"
#include "http/endpoints.hpp"
#include "http/openapi_files.hpp"
#include "http/problem_texts.hpp"

namespace zl::http {
namespace {

std::optional<base::Code> code_named(std::string_view name) {
  for (int number = 1; number <= base::code_count; ++number) {
    const auto code = static_cast<base::Code>(number);
    if (base::name(code) == name) return code;
  }
  return std::nullopt;
}

/// All texts are ours, so there is nothing to escape.
std::string problem_page(base::Code code, Language language) {
  const std::string_view title = title_of(code, language);
  std::string page = "<!doctype html>\n<html lang=\"";
  page.append(language == Language::en ? "en" : "zh-CN");
  page.append("\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>");
  page.append(title).append("</title></head><body><h1>").append(title).append("</h1><p><code>");
  page.append(base::name(code)).append("</code>, HTTP ").append(std::to_string(status_of(code))).append("</p><p>");
  page.append(explanation_of(code, language)).append("</p></body></html>\n");
  return page;
}

Answer status_answer(const Api& api, std::string_view status) {
  return json_answer(api, [status](JsonWriter& json) { json.begin_object().member("status", status).end_object(); });
}

}  // namespace

asio::awaitable<Answer> get_contract(const Api& /*api*/, Request& /*request*/) {
  Answer answer;
  answer.is_public = true;
  answer.body = openapi_files().front().text;
  co_return answer;
}

asio::awaitable<Answer> get_problem_page(const Api& /*api*/, Request& request) {
  const std::optional<base::Code> code = code_named(request.parameters[0]);
  if (!code) co_return problem(request, base::Code::not_found);
  Answer answer;
  answer.is_public = true;
  answer.content_type = "text/html; charset=utf-8";
  answer.body = problem_page(*code, request.language);
  answer.with("Vary", "Accept-Language");
  co_return answer;
}

asio::awaitable<Answer> get_health(const Api& api, Request& /*request*/) {
  co_return status_answer(api, "ok");
}

asio::awaitable<Answer> get_metrics(const Api& api, Request& request) {
  if (!api.metrics_here) co_return problem(request, base::Code::not_found);
  Answer answer;
  answer.content_type = runtime::Metrics::content_type;
  answer.body = api.metrics.render();
  co_return answer;
}

asio::awaitable<Answer> get_readiness(const Api& api, Request& request) {
  if (!api.ready(api.ready_context)) co_return problem(request, base::Code::unavailable);
  co_return status_answer(api, "ready");
}

}  // namespace zl::http
