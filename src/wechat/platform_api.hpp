// Calls of the platform that need the account's access token.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/outcome.hpp"
#include "runtime/timer.hpp"
#include "wechat/alarms.hpp"
#include "wechat/credential_keeper.hpp"
#include "wechat/error_table.hpp"
#include "wechat/http_client.hpp"
#include "wechat/quota_stops.hpp"

namespace zl::wechat {

struct ApiCall {
  std::string_view path;         ///< a literal: "/cgi-bin/message/template/send"
  std::string query;             ///< further parameters, encoded: "type=jsapi"
  std::string json;              ///< a body to POST; GET where it is empty
  bool may_be_repeated = false;  ///< a second run does no harm: tried again while the platform is busy
};

/// What the platform said.
struct ApiReply {
  Reaction reaction = Reaction::proceed;
  int errcode = 0;
  std::string rid;   ///< of an error, for the platform's support
  std::string body;  ///< JSON
};

/// What the answers of all calls have in common; nothing where it is no answer of the platform's.
std::optional<ApiReply> read_reply(const HttpAnswer& answer);

/// Thread-safe.
class PlatformApi {
 public:
  struct Parts {
    HttpClient& http;
    CredentialKeeper& tokens;
    QuotaStops& stops;
    Alarms& alarms;
    runtime::Sleeper& sleeper;
  };

  explicit PlatformApi(Parts parts) : parts_(parts) {}

  /// Makes a call. A token that the platform refuses is renewed and the call replayed, exactly once; a used-up quota
  /// stops the call until the minute or day is over; what only an operator can mend raises an alarm. Done: the platform
  /// answered, with an error or without. Refused{unavailable, overloaded}, with the seconds to wait: the platform has
  /// not acted. Unknown: it may have.
  boost::asio::awaitable<base::Outcome<ApiReply>> call(ApiCall call);

 private:
  boost::asio::awaitable<base::Outcome<ApiReply>> call_with_token(const ApiCall& call);
  boost::asio::awaitable<base::Outcome<ApiReply>> send(const ApiCall& call, const std::string& token);
  void note(const ApiCall& call, const ApiReply& reply);

  Parts parts_;
};

}  // namespace zl::wechat
