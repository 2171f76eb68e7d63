#include "wechat/account_check.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "wechat/error_table.hpp"
#include "wechat/json.hpp"
#include "wechat/platform_api.hpp"
#include "wechat/signature.hpp"
#include "wechat/url.hpp"

namespace zl::wechat {
namespace {

using base::Milliseconds;
using boost::asio::awaitable;

constexpr Milliseconds clock_tolerance{10'000};
constexpr int status_ok = 200;
constexpr int status_forbidden = 403;
constexpr int status_not_found = 404;
constexpr int no_menu = 46003;
constexpr int code_is_invalid = 40029;

/// The texts of `member` in the objects of the list `list`; nothing where the answer has no such list.
std::optional<std::set<std::string>> ids_in(const std::string& body, std::string_view list, std::string_view member) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(body, error);
  if (error || !value.is_object()) return std::nullopt;
  const auto* items = value.get_object().if_contains(boost::json::string_view(list.data(), list.size()));
  if (items == nullptr || !items->is_array()) return std::nullopt;
  std::set<std::string> ids;
  for (const boost::json::value& item : items->get_array()) {
    const auto* object = item.if_object();
    const auto* id =
        object == nullptr ? nullptr : object->if_contains(boost::json::string_view(member.data(), member.size()));
    if (id != nullptr && id->is_string()) ids.emplace(id->get_string().data(), id->get_string().size());
  }
  return ids;
}

std::string with_token(std::string_view path, const std::string& token) {
  return std::string(path) + "?access_token=" + url_encoded(token);
}

std::string seconds_of(Milliseconds time) {
  return std::to_string(std::chrono::round<std::chrono::seconds>(time).count()) + " s";
}

bool is_name(const std::string& host) {
  return std::ranges::any_of(host, [](char c) { return c >= 'a' && c <= 'z'; }) && host.find(':') == std::string::npos;
}

}  // namespace

awaitable<std::vector<Finding>> AccountCheck::run() {
  check_public_url();
  const std::string token = co_await check_token();
  if (token.empty()) {
    add(Verdict::note, "templates", "Templates, page ticket and menu were not looked at, for want of a token.");
  } else {
    co_await check_templates(token);
    co_await check_page_ticket(token);
    co_await check_menu_is_there(token);
  }
  co_await check_login_domain();
  co_await check_verify_files();
  co_await check_callback();
  co_await check_mini_program();
  co_return std::move(findings_);
}

void AccountCheck::add(Verdict verdict, std::string subject, std::string text) {
  findings_.push_back({verdict, std::move(subject), std::move(text)});
}

void AccountCheck::add_refusal(const std::string& subject, const Reply& reply) {
  const std::string rid = rid_of(reply.errmsg);
  add(Verdict::wrong, subject,
      words_for(reply.errcode, reply.errmsg) + " (errcode " + std::to_string(reply.errcode) +
          (rid.empty() ? "" : ", rid " + rid) + ")");
}

/// Nothing, and a finding, where no answer of the platform's came.
awaitable<std::optional<AccountCheck::Reply>> AccountCheck::ask(HttpClient& client, std::string subject,
                                                                HttpRequest request) {
  const auto answer = co_await client.fetch(std::move(request));
  const auto read = answer ? read_reply(*answer) : std::nullopt;
  if (read) {
    const auto json = JsonObject::parse(answer->body);
    co_return Reply{read->errcode, json ? json->text("errmsg") : "", answer->body, answer->date};
  }
  const std::string why = answer.is_refused()   ? answer.refused().detail
                          : answer.is_unknown() ? answer.unknown().cause
                                                : "status " + std::to_string(answer->status);
  add(Verdict::wrong, subject, "The platform gave no answer: " + why + ". Look at network, proxy and wechat.api_url.");
  co_return std::nullopt;
}

void AccountCheck::check_public_url() {
  const auto origin = origin_of(account_.public_url);
  const auto fault = account_.emulated ? Verdict::note : Verdict::wrong;
  if (!origin) return add(Verdict::wrong, "domain", "http.public_url is not given: WeChat has to know where we are.");
  if (!origin->secure || !is_name(origin->host) || origin->host == "localhost") {
    return add(fault, "domain",
               "http.public_url is " + account_.public_url +
                   ": WeChat opens pages of a registered domain only, by https. An emulator takes it.");
  }
  if (origin->port != 443) add(fault, "domain", "http.public_url has a port: WeChat uses 443 alone.");
}

awaitable<std::string> AccountCheck::check_token() {
  HttpRequest request{std::string(AccessTokenSource::path),
                      R"({"grant_type":"client_credential","appid":)" + json_text(account_.service.appid) +
                          R"(,"secret":)" + json_text(account_.service.secret) + R"(,"force_refresh":false})"};
  const auto reply = co_await ask(parts_.platform, "token", std::move(request));
  if (!reply) co_return "";
  check_clock(reply->date);
  const auto json = JsonObject::parse(reply->body);
  std::string token = json ? json->text("access_token") : "";
  if (reply->errcode != 0 || token.empty()) {
    add_refusal("token", *reply);
    co_return "";
  }
  add(Verdict::good, "token",
      "Appid and AppSecret are right, and this machine's address is on the account's list (IP白名单).");
  co_return token;
}

void AccountCheck::check_clock(const std::optional<base::Instant>& platform_says) {
  if (!platform_says) return add(Verdict::note, "clock", "The platform's answer has no date to compare ours with.");
  const Milliseconds ahead = parts_.clock.wall_now() - *platform_says;
  if (ahead <= clock_tolerance && ahead >= -clock_tolerance) {
    return add(Verdict::good, "clock", "This machine's clock agrees with the platform's.");
  }
  add(Verdict::wrong, "clock",
      "This machine's clock is " + seconds_of(ahead > Milliseconds(0) ? ahead : -ahead) +
          (ahead > Milliseconds(0) ? " ahead of" : " behind") + " the platform's: set it by NTP.");
}

AccountCheck::Step AccountCheck::check_templates(const std::string& token) {
  if (account_.templates.empty() && account_.notices.empty()) {
    co_return add(Verdict::note, "templates", "No template is configured, so no message is sent (wechat.template_…).");
  }
  const auto mine =
      co_await ask(parts_.platform, "templates", {with_token("/cgi-bin/template/get_all_private_template", token), {}});
  const auto notices = co_await ask(parts_.platform, "notices", {with_token("/wxaapi/newtmpl/gettemplate", token), {}});
  const auto known = mine && mine->errcode == 0 ? ids_in(mine->body, "template_list", "template_id") : std::nullopt;
  const auto known_notices =
      notices && notices->errcode == 0 ? ids_in(notices->body, "data", "priTmplId") : std::nullopt;
  if (mine && !known && !account_.templates.empty()) add_refusal("templates", *mine);
  if (notices && !known_notices && !account_.notices.empty()) add_refusal("notices", *notices);

  const auto compare = [this](const auto& configured, const auto& own, const auto& others, const std::string& subject) {
    if (!own) return;
    std::size_t missing = 0;
    for (const auto& [setting, id] : configured) {
      if (own->contains(id)) continue;
      ++missing;
      const bool swapped = others && others->contains(id);
      add(Verdict::wrong, subject,
          setting + ": the account has no template " + id + " of this kind" +
              (swapped
                   ? "; it has one of the other kind: wechat.template_… and wechat.notice_… are not interchangeable."
                   : "."));
    }
    if (missing == 0 && !configured.empty()) add(Verdict::good, subject, "The account has all that are configured.");
  };
  compare(account_.templates, known, known_notices, "templates");
  compare(account_.notices, known_notices, known, "notices");
}

AccountCheck::Step AccountCheck::check_page_ticket(const std::string& token) {
  HttpRequest request{with_token(PageTicketSource::path, token) + "&type=jsapi", {}};
  const auto reply = co_await ask(parts_.platform, "page ticket", std::move(request));
  if (!reply) co_return;
  if (reply->errcode != 0) co_return add_refusal("page ticket", *reply);
  add(Verdict::good, "page ticket", "Pages may use the JS-SDK.");
}

AccountCheck::Step AccountCheck::check_menu_is_there(const std::string& token) {
  const auto reply = co_await ask(parts_.platform, "menu", {with_token("/cgi-bin/menu/get", token), {}});
  if (!reply) co_return;
  if (reply->errcode == no_menu) {
    co_return add(Verdict::note, "menu", "The account has no menu yet: zhonglou wechat menu makes one.");
  }
  if (reply->errcode != 0) co_return add_refusal("menu", *reply);
  add(Verdict::good, "menu", "The account has a menu.");
}

AccountCheck::Step AccountCheck::check_login_domain() {
  AuthorizeRequest wanted;
  wanted.base_url = "";
  wanted.appid = account_.service.appid;
  wanted.redirect_uri = account_.public_url + account_.login_path;
  wanted.state = "check";
  std::string target = authorize_url(wanted);
  target.resize(target.find('#'));
  const auto answer = co_await parts_.authorize.fetch({std::move(target), {}});
  if (!answer) {
    co_return add(Verdict::note, "login",
                  "The page for logins could not be fetched from here: look at network and proxy.");
  }
  // The page is for people, and outside of WeChat it may say something else altogether: only its objection tells.
  if (answer->body.find("10003") != std::string::npos) {
    co_return add(Verdict::wrong, "login",
                  "The account's domain for logins (网页授权域名) is not the host of http.public_url, " +
                      account_.public_url + ".");
  }
  add(Verdict::note, "login",
      "No objection to the domain for logins (网页授权域名) was seen; only a login inside WeChat proves it.");
}

AccountCheck::Step AccountCheck::check_verify_files() {
  for (const auto& [name, content] : account_.verify_files) {
    const auto answer = co_await parts_.ours.fetch({"/" + name, {}});
    if (!answer) {
      add(Verdict::note, "domain",
          account_.public_url + "/" + name + " can't be reached from here; WeChat has to reach it.");
    } else if (answer->status != status_ok || answer->body != content) {
      add(Verdict::wrong, "domain",
          account_.public_url + "/" + name + " answers something else than wechat.verify_files says (status " +
              std::to_string(answer->status) + ").");
    } else {
      add(Verdict::good, "domain", account_.public_url + "/" + name + " is served.");
    }
  }
}

AccountCheck::Step AccountCheck::check_callback() {
  if (account_.callback_token.empty()) {
    co_return add(Verdict::note, "callback", "wechat.callback_token is not given: pushes are not taken.");
  }
  const std::string timestamp = std::to_string(parts_.clock.wall_now().unix_ms / 1000);
  const std::string nonce = std::to_string(parts_.random.below(10'000'000'000));
  const std::string echo = std::to_string(parts_.random.below(10'000'000'000));
  const std::string url = account_.public_url + account_.callback_path;
  HttpRequest request{account_.callback_path +
                          "?signature=" + signature_of({account_.callback_token, timestamp, nonce}) +
                          "&timestamp=" + timestamp + "&nonce=" + nonce + "&echostr=" + echo,
                      {}};
  const auto answer = co_await parts_.ours.fetch(std::move(request));
  if (!answer) {
    co_return add(Verdict::note, "callback", url + " can't be reached from here. Is the server running?");
  }
  if (answer->status == status_ok && answer->body == echo) {
    co_return add(Verdict::good, "callback", url + " answers as the platform's check wants it.");
  }
  const std::string why = answer->status == status_forbidden ? "it serves with another wechat.callback_token"
                          : answer->status == status_not_found
                              ? "it serves without wechat.enabled or without wechat.callback_token"
                              : "status " + std::to_string(answer->status);
  add(Verdict::wrong, "callback", url + " does not pass the platform's check: " + why + ".");
}

AccountCheck::Step AccountCheck::check_mini_program() {
  if (account_.mini.appid.empty()) co_return;
  // No code is like this one; but whose appid and secret are wrong hears of that first.
  HttpRequest request{"/sns/jscode2session?appid=" + url_encoded(account_.mini.appid) + "&secret=" +
                          url_encoded(account_.mini.secret) + "&js_code=check&grant_type=authorization_code",
                      {}};
  const auto reply = co_await ask(parts_.platform, "mini-program", std::move(request));
  if (!reply) co_return;
  if (reply->errcode != code_is_invalid) co_return add_refusal("mini-program", *reply);
  add(Verdict::good, "mini-program", "Its appid and AppSecret are right.");
}

}  // namespace zl::wechat
