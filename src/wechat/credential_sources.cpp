#include "wechat/credential_sources.hpp"

#include <chrono>
#include <utility>

#include "wechat/json.hpp"

namespace zl::wechat {
namespace {

using base::Milliseconds;
using boost::asio::awaitable;

constexpr Milliseconds operator_pause{60'000};  // a faulty setting is not mended sooner
constexpr std::int64_t lifetime_max_s = 86'400;
constexpr std::size_t value_limit_bytes = 1024;  // what the store has room for; the platform asks for 512

/// The value of a good answer, where it has one.
FetchAnswer fetched_from(const ApiReply& reply, std::string_view name) {
  const auto json = JsonObject::parse(reply.body);
  std::string value = json ? json->text(name) : std::string();
  const auto lifetime_s = json ? json->integer("expires_in") : std::nullopt;
  if (value.empty() || value.size() > value_limit_bytes || !lifetime_s || *lifetime_s <= 0 ||
      *lifetime_s > lifetime_max_s) {
    return FetchFault{true, {}, "the platform's answer lacks what was asked for"};
  }
  return Fetched{std::move(value), std::chrono::seconds(*lifetime_s)};
}

std::string detail_of(const ApiReply& reply) {
  return "errcode " + std::to_string(reply.errcode) + ", rid " + reply.rid;
}

/// The caller's own tries are over; the keeper may try again where that can help.
FetchFault not_answered(const base::Outcome<ApiReply>& outcome) {
  if (outcome.is_unknown()) return {true, {}, outcome.unknown().cause};
  return {false, std::chrono::seconds(outcome.refused().retry_after_s), outcome.refused().detail};
}

}  // namespace

awaitable<FetchAnswer> AccessTokenSource::fetch() {
  if (const auto wait = stops_.wait_of(path); wait > Milliseconds(0)) {
    co_return FetchFault{false, wait, "the quota of tokens is used up"};
  }
  HttpRequest request{std::string(path), R"({"grant_type":"client_credential","appid":)" + json_text(account_.appid) +
                                             R"(,"secret":)" + json_text(account_.secret) +
                                             R"(,"force_refresh":false})"};
  const auto answer = co_await http_.fetch(std::move(request));
  if (answer.is_refused()) co_return FetchFault{true, {}, answer.refused().detail};
  if (answer.is_unknown()) co_return FetchFault{true, {}, answer.unknown().cause};
  const auto reply = read_reply(*answer);
  if (!reply) co_return FetchFault{true, {}, "not an answer of the platform, status " + std::to_string(answer->status)};
  if (reply->reaction == Reaction::proceed) co_return fetched_from(*reply, "access_token");
  co_return fault_of(*reply);
}

FetchFault AccessTokenSource::fault_of(const ApiReply& reply) {
  switch (reply.reaction) {
    case Reaction::back_off:
      return {true, {}, detail_of(reply)};
    case Reaction::wait_for_minute:
      stops_.stop_for_minute(path);
      return {false, stops_.wait_of(path), detail_of(reply)};
    case Reaction::wait_for_day:
      stops_.stop_for_day(path);
      break;
    case Reaction::proceed:
    case Reaction::refresh_token:  // of this call 40001 means a wrong secret
    case Reaction::alarm:
    case Reaction::restart_login:
    case Reaction::authorize_again:
    case Reaction::refuse_person:
    case Reaction::refuse_message:
      break;
  }
  // Without a token nothing works, so whatever is wrong here is for an operator.
  alarms_.raise(path, reply.errcode, reply.rid);
  return {false, operator_pause, detail_of(reply)};
}

awaitable<FetchAnswer> PageTicketSource::fetch() {
  ApiCall call{path, "type=jsapi", {}, false};
  const auto outcome = co_await api_.call(std::move(call));
  if (!outcome) co_return not_answered(outcome);
  if (outcome->reaction == Reaction::proceed) co_return fetched_from(*outcome, "ticket");
  const bool passing = outcome->reaction == Reaction::back_off;
  co_return FetchFault{passing, passing ? Milliseconds(0) : operator_pause, detail_of(*outcome)};
}

std::string access_token_name(std::string_view appid) {
  return std::string("wechat_token:").append(appid);
}

std::string page_ticket_name(std::string_view appid) {
  return std::string("wechat_page_ticket:").append(appid);
}

}  // namespace zl::wechat
