#include "http/login_pages.hpp"

#include <string_view>

#include "http/problem_texts.hpp"
#include "http/query.hpp"
#include "http/wire_names.hpp"

namespace zl::http {
namespace {

struct Words {
  Sentence title;
  Sentence explanation;
  bool may_begin_anew;
};

constexpr Words declined{{"没有登录", "Not logged in"},
                         {"您没有同意授权，所以没有登录。不登录也可以浏览活动；预约时需要登录。",
                          "You did not agree, so you are not logged in. You may look around; booking needs a login."},
                         true};
constexpr Words foreign{{"登录没有完成", "The login was not finished"},
                        {"这次登录不是在这个浏览器里开始的，或者已经过期。请不要转发登录页面；请重新登录。",
                         "This login was not begun in this browser, or it is too old. Do not pass a login page on; "
                         "log in anew."},
                        true};
constexpr Words failed_again{
    {"登录没有成功", "The login failed"},
    {"微信没有确认这次登录。请过一分钟再试。", "WeChat did not confirm the login. Try again in a minute."},
    true};
constexpr Words virtual_user{{"请打开完整页面", "Open the whole page"},
                             {"您现在看到的是微信的快照页，不能登录。请点击页面右下角的“使用完整服务”，再重新登录。",
                              "This is a preview that WeChat made of the page; nobody can log in there. Choose the "
                              "full service at the lower right, and log in anew."},
                             true};
constexpr Words blocked{{"不能登录", "You can't log in"},
                        {"这个账号不能登录。如有疑问，请联系服务站。",
                         "This account may not log in. Ask the service station if you think that is wrong."},
                        false};

const Words& words_of(app::LoginEnd why) {
  switch (why) {
    case app::LoginEnd::declined:
      return declined;
    case app::LoginEnd::foreign:
      return foreign;
    case app::LoginEnd::failed_again:
      return failed_again;
    case app::LoginEnd::virtual_user:
      return virtual_user;
    case app::LoginEnd::blocked:
      return blocked;
  }
  return foreign;
}

/// Needs no escaping in HTML either.
std::string encoded_path(std::string_view path) {
  return percent_encoded(path, "-._~/");
}

}  // namespace

std::string login_page_address(const app::LoginTurnedAway& turned_away) {
  std::string address(login_page_path);
  address.append("?why=").append(name_of(turned_away.why));
  return address.append("&return_to=").append(encoded_path(turned_away.return_to));
}

std::string login_page(const app::LoginTurnedAway& turned_away, Language language) {
  const Words& words = words_of(turned_away.why);
  const std::string_view title = words.title.in(language);
  std::string page = "<!doctype html>\n<html lang=\"";
  page.append(language == Language::en ? "en" : "zh-CN");
  page.append("\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>");
  page.append(title).append("</title></head><body><h1>").append(title).append("</h1><p>");
  page.append(words.explanation.in(language)).append("</p>");
  if (words.may_begin_anew) {
    page.append("<p><a href=\"/api/v1/login/wechat?return_to=").append(encoded_path(turned_away.return_to));
    page.append("\">").append(language == Language::en ? "Log in" : "重新登录").append("</a></p>");
  }
  // The same in every language, for those who are asked for help.
  return page.append("<p><code>").append(name_of(turned_away.why)).append("</code></p></body></html>\n");
}

}  // namespace zl::http
