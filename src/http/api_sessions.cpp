// Coming and going: logins set the pages' cookie too, and logging out takes it back.
#include "http/client_address.hpp"
#include "http/cookies.hpp"
#include "http/endpoint_support.hpp"
#include "http/endpoints.hpp"
#include "http/inputs.hpp"
#include "http/wire_names.hpp"

namespace zl::http {
asio::awaitable<Answer> login_dev(const Api& api, Request& request) {
  if (!api.dev_login) co_return problem(request, base::Code::not_found);
  Faults faults;
  DevLogin login = read_dev_login(request.body, faults);
  if (!faults.empty()) co_return invalid(request, faults);
  const base::Outcome<app::SignedIn> signed_in =
      co_await api.sign_in.dev(std::move(login.openid), std::move(login.nickname));
  if (!signed_in) co_return failure(request, signed_in);
  Answer answer = json_answer(api, [&signed_in](JsonWriter& json) {
    json.begin_object().member("token", signed_in->token).member("expires_at", signed_in->expires_at).key("user");
    write(json, signed_in->user);
    json.end_object();
  });
  keep_session(api, *signed_in, answer);
  co_return answer;
}

asio::awaitable<Answer> login_staff(const Api& api, Request& request) {
  Faults faults;
  StaffLogin login = read_staff_login(request.body, faults);
  if (!faults.empty()) co_return invalid(request, faults);
  const base::Outcome<app::SignedIn> signed_in =
      co_await api.sign_in.staff(std::move(login.username), std::move(login.password), limit_key(request.address));
  if (!signed_in) co_return failure(request, signed_in);
  Answer answer = json_answer(api, [&signed_in](JsonWriter& json) {
    json.begin_object().member("token", signed_in->token).member("expires_at", signed_in->expires_at).key("roles");
    json.begin_array().value(name_of(*signed_in->claims.role)).end_array().end_object();
  });
  keep_session(api, *signed_in, answer);
  co_return answer;
}

asio::awaitable<Answer> logout(const Api& api, Request& request) {
  Faults faults;
  QueryReader query(request, faults);
  bool everywhere = false;
  query.boolean("everywhere", everywhere);
  if (!faults.empty()) co_return invalid(request, faults);
  const base::Outcome<base::Done> ended = co_await api.sign_in.out(*request.claims, everywhere, request.actor());
  if (!ended) co_return failure(request, ended);
  Answer answer;
  answer.status = 204;
  drop_session(api, answer);
  co_return answer;
}

}  // namespace zl::http
