// Whether an account is set up as it has to be, in words for an operator. Nothing is changed by looking, and no secret
// is in the words.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "wechat/credential_sources.hpp"
#include "wechat/http_client.hpp"

namespace zl::wechat {

enum class Verdict {
  good = 1,
  note,   ///< worth knowing; or it could not be told
  wrong,  ///< something will not work
};

struct Finding {
  Verdict verdict = Verdict::good;
  std::string subject;  ///< a word or two: "token"
  std::string text;     ///< one sentence or more
};

struct AccountToCheck {
  /// A setting and its value.
  using Named = std::pair<std::string, std::string>;

  AccountSecret service;
  AccountSecret mini;          ///< an empty appid: none
  std::string callback_token;  ///< empty: no callback
  std::string public_url;      ///< the origin of our pages, as browsers see it
  std::string callback_path;   ///< of our own: "/api/v1/wechat/callback"
  std::string login_path;      ///< where a login comes back to
  bool emulated = false;       ///< the platform is an emulator on this machine
  std::vector<Named> templates;
  std::vector<Named> notices;
  std::vector<Named> verify_files;  ///< name and content
};

class AccountCheck {
 public:
  struct Parts {
    HttpClient& platform;
    HttpClient& authorize;  ///< where browsers are sent to log in
    HttpClient& ours;       ///< our own public address
    const base::Clock& clock;
    base::Random& random;
  };

  AccountCheck(Parts parts, AccountToCheck account) : parts_(parts), account_(std::move(account)) {}

  /// Everything that was found, in the order in which it is best mended. Takes as long as a few calls. Once.
  boost::asio::awaitable<std::vector<Finding>> run();

 private:
  struct Reply {
    int errcode = 0;
    std::string errmsg;
    std::string body;
    std::optional<base::Instant> date;
  };
  using Step = boost::asio::awaitable<void>;

  void add(Verdict verdict, std::string subject, std::string text);
  void add_refusal(const std::string& subject, const Reply& reply);
  boost::asio::awaitable<std::optional<Reply>> ask(HttpClient& client, std::string subject, HttpRequest request);

  void check_public_url();
  boost::asio::awaitable<std::string> check_token();
  void check_clock(const std::optional<base::Instant>& platform_says);
  Step check_templates(const std::string& token);
  Step check_page_ticket(const std::string& token);
  Step check_menu_is_there(const std::string& token);
  Step check_login_domain();
  Step check_verify_files();
  Step check_callback();
  Step check_mini_program();

  const Parts parts_;
  const AccountToCheck account_;
  std::vector<Finding> findings_;
};

/// What an error of the platform means for who runs the account; `errmsg` names the address that is not on its list.
std::string words_for(int errcode, std::string_view errmsg);

}  // namespace zl::wechat
