// What each of the platform's error codes asks for.
#pragma once

#include <string>
#include <string_view>

namespace zl::wechat {

enum class Reaction {
  proceed = 1,      ///< no error
  refresh_token,    ///< discard the token that was used, if it still is the current one; then exactly one replay
  back_off,         ///< the platform is busy: later, and only what may be repeated
  wait_for_minute,  ///< this call's quota of the minute is used up
  wait_for_day,     ///< this call's quota of the day is used up: nothing before 00:00 +08:00
  alarm,            ///< the account or its settings are at fault; nothing but an operator helps
  restart_login,    ///< the code is spent or stale: begin the login anew, once
  authorize_again,  ///< the user's own token is void
  refuse_person,    ///< not to this person: not following, no consent, unknown or blocked
  refuse_message,   ///< not this message: its content or its form
};

/// Unknown codes refuse the message. Source: "Global return codes" and the pages of the calls,
/// developers.weixin.qq.com.
Reaction reaction_to(int errcode);

/// The platform's number of a request, from an errmsg ("… rid: 653f6a60-70851a2e-4e50da8d"); empty where it has none.
/// All else in an errmsg is for people and changes.
std::string rid_of(std::string_view errmsg);

}  // namespace zl::wechat
