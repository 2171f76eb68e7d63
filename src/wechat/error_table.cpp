#include "wechat/error_table.hpp"

#include <algorithm>
#include <array>

namespace zl::wechat {
namespace {

struct Entry {
  int errcode;
  Reaction reaction;
};

constexpr std::array table{
    Entry{0, Reaction::proceed},
    Entry{-1, Reaction::back_off},            // system busy
    Entry{43108, Reaction::back_off},         // concurrent sends to one person
    Entry{40001, Reaction::refresh_token},    // token invalid or not the latest
    Entry{40014, Reaction::refresh_token},    // token invalid
    Entry{42001, Reaction::refresh_token},    // token expired
    Entry{45009, Reaction::wait_for_day},     // quota of the day
    Entry{45011, Reaction::wait_for_minute},  // quota of the minute
    Entry{40002, Reaction::alarm},            // grant_type
    Entry{40013, Reaction::alarm},            // appid
    Entry{40036, Reaction::alarm},            // template id of a wrong size
    Entry{40037, Reaction::alarm},            // template id unknown, or of the other family
    Entry{40125, Reaction::alarm},            // secret
    Entry{40164, Reaction::alarm},            // our address is not on the account's list
    Entry{40243, Reaction::alarm},            // secret frozen
    Entry{41002, Reaction::alarm},            // appid missing
    Entry{41004, Reaction::alarm},            // secret missing
    Entry{43107, Reaction::alarm},            // ability to send notices taken away
    Entry{43116, Reaction::alarm},            // template restricted
    Entry{45029, Reaction::alarm},            // permanent QR codes used up
    Entry{48001, Reaction::alarm},            // call not granted to the account
    Entry{48004, Reaction::alarm},            // call taken away
    Entry{50002, Reaction::alarm},            // account limited
    Entry{40029, Reaction::restart_login},    // code wrong, expired or of another appid
    Entry{40163, Reaction::restart_login},    // code used
    Entry{41008, Reaction::restart_login},    // code missing
    Entry{42003, Reaction::restart_login},    // code expired
    Entry{42007, Reaction::authorize_again},  // password changed
    Entry{40003, Reaction::refuse_person},    // openid unknown to this account
    Entry{40226, Reaction::refuse_person},    // code blocked: a user at risk
    Entry{43004, Reaction::refuse_person},    // does not follow
    Entry{43101, Reaction::refuse_person},    // no consent, or spent
    Entry{40039, Reaction::refuse_message},   // size of a url
    Entry{40249, Reaction::refuse_message},   // marketing
    Entry{45168, Reaction::refuse_message},   // sensitive words
    Entry{47001, Reaction::refuse_message},   // body is not UTF-8 JSON
    Entry{47003, Reaction::refuse_message},   // a field breaks its rule
};

}  // namespace

Reaction reaction_to(int errcode) {
  const auto* const found = std::ranges::find(table, errcode, &Entry::errcode);
  return found == table.end() ? Reaction::refuse_message : found->reaction;
}

std::string rid_of(std::string_view errmsg) {
  static constexpr std::string_view mark = "rid: ";
  static constexpr std::size_t length_max = 64;
  const std::size_t at = errmsg.rfind(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = errmsg.substr(at + mark.size(), length_max);
  const auto* const end = std::ranges::find_if_not(rest, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
  return {rest.begin(), end};
}

}  // namespace zl::wechat
