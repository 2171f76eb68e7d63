// The chat platform's pushes. Its signature stands for a login, and a forger learns nothing: not whether a push could
// be opened, nor why not.
#include "app/handle_push.hpp"
#include "app/platform_callback.hpp"
#include "http/endpoint_support.hpp"
#include "http/endpoints.hpp"
#include "runtime/log.hpp"

namespace zl::http {
namespace {

/// A parameter of the platform's; empty where it is absent or broken, which no signature holds over.
std::string parameter(const Request& request, std::string_view name) {
  bool malformed = false;
  return query_value(request.query, name, malformed).value_or(std::string());
}

app::PushQuery push_query(const Request& request) {
  app::PushQuery query;
  query.signature = parameter(request, "signature");
  query.timestamp = parameter(request, "timestamp");
  query.nonce = parameter(request, "nonce");
  query.encrypt_type = parameter(request, "encrypt_type");
  query.msg_signature = parameter(request, "msg_signature");
  query.echostr = parameter(request, "echostr");
  return query;
}

Answer text_answer(std::string text, std::string_view content_type) {
  Answer answer;
  answer.body = std::move(text);
  answer.content_type = content_type;
  return answer;
}

Answer refused(const Request& request, app::PushFault fault) {
  switch (fault) {
    case app::PushFault::forged:
      return problem(request, base::Code::forbidden);
    case app::PushFault::unreadable:
      // Signed with our token: nearly always the key in the settings is another than the platform's.
      runtime::log::warning("push_unreadable", {{"request_id", request.request_id}});
      break;
  }
  Faults faults;
  add_fault(faults, "", "is no push that can be read");
  return invalid(request, faults);
}
constexpr std::string_view plain_text = "text/plain; charset=utf-8";
constexpr std::string_view xml_text = "text/xml; charset=utf-8";

}  // namespace

asio::awaitable<Answer> check_wechat_url(const Api& api, Request& request) {
  if (api.platform.callback == nullptr) co_return problem(request, base::Code::not_found);
  std::optional<std::string> echo = api.platform.callback->check_url(push_query(request));
  if (!echo) co_return problem(request, base::Code::forbidden);
  co_return text_answer(*std::move(echo), plain_text);
}

asio::awaitable<Answer> take_wechat_push(const Api& api, Request& request) {
  if (api.platform.callback == nullptr) co_return problem(request, base::Code::not_found);
  const app::PlatformCallback& callback = *api.platform.callback;
  const app::PushQuery query = push_query(request);
  const auto received = callback.open(query, request.body);
  if (const auto* fault = std::get_if<app::PushFault>(&received)) co_return refused(request, *fault);
  const auto& opened = std::get<app::OpenedPush>(received);
  const base::Outcome<std::string> words = co_await (*api.platform.pushes)(opened.push, request.request_id);
  if (!words) {
    // The platform promises to repeat what it gets no answer to; of answers with another status it says nothing.
    Answer unheard = failure(request, words);
    unheard.silent = true;
    co_return unheard;
  }
  if (words->empty()) co_return text_answer(std::string(app::no_words_body), plain_text);
  co_return text_answer(callback.answer(opened, query.nonce, *words), xml_text);
}

}  // namespace zl::http
