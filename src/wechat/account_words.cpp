// What the platform's errors mean for who runs the account.
#include <algorithm>

#include "wechat/account_check.hpp"

namespace zl::wechat {
namespace {

/// Of "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"; empty where it says it otherwise.
std::string address_in(std::string_view errmsg) {
  static constexpr std::string_view mark = "invalid ip ";
  static constexpr std::size_t length_max = 45;
  const std::size_t at = errmsg.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = errmsg.substr(at + mark.size(), length_max);
  const auto* const end = std::ranges::find_if_not(rest, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '.' || c == ':';
  });
  return {rest.begin(), end};
}

}  // namespace

std::string words_for(int errcode, std::string_view errmsg) {
  switch (errcode) {
    case -1:
      return "The platform is busy: try again in a minute.";
    case 40001:  // of the call for a token
    case 40125:
      return "The AppSecret is wrong: reset it on the platform's page (开发接口管理) and give it as wechat.secret.";
    case 40002:
    case 40013:
    case 41002:
      return "The platform knows no account of this appid: look at wechat.appid.";
    case 41004:
      return "The AppSecret is missing: give wechat.secret.";
    case 40164: {
      const std::string address = address_in(errmsg);
      return "The platform takes no calls from " + (address.empty() ? "this machine's address" : address) +
             ": add it to the account's list (IP白名单).";
    }
    case 40243:
      return "The AppSecret is frozen: thaw it on the platform's page (开发接口管理).";
    case 45009:
      return "Today's quota of this call is used up: it begins anew at 00:00 (+08:00).";
    case 45011:
      return "This minute's quota of this call is used up: try again in a minute.";
    case 48001:
      return "The account may not make this call: only verified service accounts (已认证服务号) may.";
    case 48004:
    case 50002:
      return "The platform has restricted the account: its page says why.";
    default:
      return "The platform refuses.";
  }
}

}  // namespace zl::wechat
