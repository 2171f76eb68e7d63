// Logging in by the chat platform, and what its scripts and its checks of the domain need.
#include <algorithm>

#include "app/page_signer.hpp"
#include "app/platform_sign_in.hpp"
#include "http/client_address.hpp"
#include "http/cookies.hpp"
#include "http/endpoint_support.hpp"
#include "http/endpoints.hpp"
#include "http/inputs.hpp"
#include "http/login_pages.hpp"

namespace zl::http {
namespace {

constexpr std::size_t code_limit_bytes = 512;

Answer redirect(std::string location) {
  Answer answer;
  answer.status = 302;
  answer.content_type = "text/html; charset=utf-8";
  answer.with("Location", std::move(location));
  return answer;
}

std::string kept_browser(const Api& api, const Request& request) {
  return std::string(cookie_value(request.cookie, login_cookie_name(api.cookie_is_secure)));
}

Answer begun(const Api& api, const app::LoginBegun& login) {
  Answer answer = redirect(login.url);
  keep_login(api, login.browser, answer);
  return answer;
}

/// The page to go to after the login.
std::string read_return_to(QueryReader& query, const Faults& faults) {
  std::string return_to = query.text("return_to").value_or("/");
  if (faults.empty() && !app::is_local_page(return_to)) {
    query.fault("return_to", "is no page of this site", "a path of at most 512 bytes, not under /api");
  }
  return return_to;
}

struct Finished {
  const Api& api;

  Answer operator()(const app::LoginEntered& entered) const {
    Answer answer = redirect(entered.return_to);
    keep_session(api, entered.signed_in, answer);
    return answer;
  }
  Answer operator()(const app::LoginBegun& again) const { return begun(api, again); }
  Answer operator()(const app::LoginTurnedAway& turned_away) const { return redirect(login_page_address(turned_away)); }
};

}  // namespace

asio::awaitable<Answer> login_platform(const Api& api, Request& request) {
  if (api.platform.sign_in == nullptr) co_return problem(request, base::Code::not_found);
  Faults faults;
  QueryReader query(request, faults);
  const std::string return_to = read_return_to(query, faults);
  if (!faults.empty()) co_return invalid(request, faults);
  const auto login =
      co_await api.platform.sign_in->begin(kept_browser(api, request), return_to, limit_key(request.address));
  if (!login) co_return failure(request, login);
  co_return begun(api, *login);
}

asio::awaitable<Answer> login_platform_return(const Api& api, Request& request) {
  if (api.platform.sign_in == nullptr) co_return problem(request, base::Code::not_found);
  Faults faults;
  QueryReader query(request, faults);
  const std::string state = query.text("state").value_or("");
  const std::string code = query.text("code").value_or("");
  if (code.size() > code_limit_bytes) query.fault("code", "the text is too long or too short", "0..512 bytes");
  if (!faults.empty()) co_return invalid(request, faults);
  const auto result =
      co_await api.platform.sign_in->finish(kept_browser(api, request), state, code, limit_key(request.address));
  if (!result) co_return failure(request, result);
  const Finished finished{api};
  co_return std::visit(finished, *result);
}

asio::awaitable<Answer> get_login_page(const Api& api, Request& request) {
  if (api.platform.sign_in == nullptr) co_return problem(request, base::Code::not_found);
  Faults faults;
  QueryReader query(request, faults);
  std::optional<app::LoginEnd> why;
  query.choice("why", why);
  if (faults.empty() && !why) query.fault("why", "is missing", names_of<app::LoginEnd>());
  std::string return_to = read_return_to(query, faults);
  if (!faults.empty()) co_return invalid(request, faults);
  Answer answer;
  answer.content_type = "text/html; charset=utf-8";
  answer.body = login_page({*why, std::move(return_to)}, request.language);
  answer.with("Vary", "Accept-Language");
  co_return answer;
}

asio::awaitable<Answer> login_mini(const Api& api, Request& request) {
  if (api.platform.sign_in == nullptr) co_return problem(request, base::Code::not_found);
  Faults faults;
  std::string code = read_mini_login(request.body, faults);
  if (!faults.empty()) co_return invalid(request, faults);
  const auto signed_in = co_await api.platform.sign_in->mini(std::move(code));
  if (!signed_in) co_return failure(request, signed_in);
  co_return json_answer(api, [&signed_in](JsonWriter& json) {
    json.begin_object().member("token", signed_in->token).member("expires_at", signed_in->expires_at).key("user");
    write(json, signed_in->user);
    json.end_object();
  });
}

asio::awaitable<Answer> get_js_config(const Api& api, Request& request) {
  if (api.platform.pages == nullptr) co_return problem(request, base::Code::not_found);
  Faults faults;
  QueryReader query(request, faults);
  // Decoded once, here: a page's address may hold encoded parts of its own.
  const std::optional<std::string> url = query.text("url");
  if (faults.empty() && !url) query.fault("url", "is missing", "required");
  if (!faults.empty()) co_return invalid(request, faults);
  const auto signature = co_await api.platform.pages->sign(*url);
  if (!signature) co_return failure(request, signature);
  co_return json_answer(api, [&signature](JsonWriter& json) {
    json.begin_object().member("app_id", signature->appid).member("timestamp", signature->timestamp_s);
    json.member("nonce_str", signature->nonce).member("signature", signature->signature).end_object();
  });
}

asio::awaitable<Answer> get_verify_file(const Api& api, Request& request) {
  const auto& files = api.platform.verify_files;
  const auto file = std::ranges::find(files, request.path.substr(1), &VerifyFile::name);
  if (file == files.end()) co_return problem(request, base::Code::not_found);
  Answer answer;
  answer.is_public = true;
  answer.content_type = "text/plain; charset=utf-8";
  answer.body = file->content;
  co_return answer;
}

}  // namespace zl::http
