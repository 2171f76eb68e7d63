// QR codes of the chat platform, for those who print them: a station's for its door, a session's for checking in by
// oneself.
#include "app/show_scene_code.hpp"
#include "http/endpoint_support.hpp"
#include "http/endpoints.hpp"

namespace zl::http {
namespace {

Answer shown_code(const Api& api, const Request& request, const base::Outcome<app::SceneCode>& code) {
  if (!code) return failure(request, code);
  return json_answer(api, [&code](JsonWriter& json) {
    json.begin_object()
        .member("ticket", code->ticket)
        .member("url", code->url)
        .member("image_url", code->image_url)
        .member("expires_at", code->expires_at)
        .end_object();
  });
}

}  // namespace

asio::awaitable<Answer> admin_get_station_code(const Api& api, Request& request) {
  const auto id = id_parameter<base::StationId>(request);
  if (!id || api.platform.codes == nullptr) co_return problem(request, base::Code::not_found);
  co_return shown_code(api, request, co_await api.platform.codes->of_station(*id, *request.claims));
}

asio::awaitable<Answer> admin_get_session_code(const Api& api, Request& request) {
  const auto id = id_parameter<base::SessionId>(request);
  if (!id || api.platform.codes == nullptr) co_return problem(request, base::Code::not_found);
  co_return shown_code(api, request, co_await api.platform.codes->of_session(*id, *request.claims));
}

}  // namespace zl::http
