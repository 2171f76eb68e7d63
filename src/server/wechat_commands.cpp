#include "server/wechat_commands.hpp"

#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

#include "app/show_scene_code.hpp"
#include "base/time.hpp"
#include "domain/message_fields.hpp"
#include "runtime/log.hpp"
#include "runtime/loops.hpp"
#include "runtime/random_device.hpp"
#include "runtime/run_on.hpp"
#include "runtime/system_clock.hpp"
#include "runtime/task_group.hpp"
#include "server/mysql_side.hpp"
#include "server/wechat_side.hpp"
#include "wechat/account_check.hpp"
#include "wechat/menu.hpp"

namespace zl::server {
namespace {

constexpr std::string_view callback_path = "/api/v1/wechat/callback";
constexpr std::string_view login_path = "/api/v1/login/wechat/callback";

/// Runs a command of an enabled account; what it throws becomes a sentence on standard error.
template <class F>
int guarded(const Config& config, F command) {
  try {
    if (!config.wechat.enabled) throw std::runtime_error("wechat.enabled is false: there is no account to look at");
    runtime::LogConfig quiet = config.log;
    quiet.level = runtime::LogLevel::off;  // what is worth saying is said on standard output
    runtime::log::init(quiet);
    const int status = command();
    runtime::log::shutdown();
    return status;
  } catch (const std::exception& error) {
    std::cerr << "zhonglou: " << error.what() << '\n';
    return 1;
  }
}

std::string public_url_of(const HttpConfig& config) {
  if (!config.public_url.empty()) return config.public_url;
  if (config.port == 0) throw std::runtime_error("http.public_url must be given");
  const bool is_v6 = config.address.find(':') != std::string::npos;
  return "http://" + (is_v6 ? "[" + config.address + "]" : config.address) + ":" + std::to_string(config.port);
}

/// The account as a serving process has it, with the fleet's token, on a loop of its own.
class Account {
 public:
  explicit Account(const Config& config)
      : mysql_(config.mysql, clock_, random_, metrics_),
        wechat_(config.wechat, public_url_of(config.http), {mysql_.credentials(), tasks_, clock_, random_, metrics_}) {
    loops_.start();
  }
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;
  ~Account() {
    tasks_.stop();
    runtime::run_on(loops_, 0, tasks_.join(patience));
    mysql_.stop();
    loops_.stop();
    loops_.join();
  }

  template <class T>
  T run(boost::asio::awaitable<T> task) {
    return runtime::run_on(loops_, 0, std::move(task));
  }
  const base::Clock& clock() const { return clock_; }
  MysqlSide& mysql() { return mysql_; }
  WechatSide& wechat() { return wechat_; }

 private:
  static constexpr std::chrono::seconds patience{30};

  runtime::SystemClock clock_;
  runtime::SystemRandom random_;
  runtime::Metrics metrics_;
  runtime::Loops loops_{1};
  runtime::TaskGroup tasks_{loops_.executor(0)};
  MysqlSide mysql_;
  WechatSide wechat_;
};

std::string words(const base::Refused& refused) {
  return refused.detail.empty() ? std::string(base::name(refused.code)) : refused.detail;
}

/// Throws why it came to nothing, with what the platform has said meanwhile.
template <class T>
[[noreturn]] void fail(const base::Outcome<T>& outcome, const std::vector<wechat::Alarm>& alarms) {
  std::string text =
      outcome.is_refused() ? words(outcome.refused()) : "it is not known what became of it: " + outcome.unknown().cause;
  for (const wechat::Alarm& alarm : alarms) {
    text += "\n" + wechat::words_for(alarm.errcode, "") + " (errcode " + std::to_string(alarm.errcode) + ")";
  }
  throw std::runtime_error(text);
}

std::vector<wechat::AccountToCheck::Named> configured(const MessageTemplates& texts, const std::string& prefix) {
  std::vector<wechat::AccountToCheck::Named> named;
  const auto add = [&](std::string_view kind, const std::string& text) {
    if (const auto parsed = domain::MessageTemplate::parse(text)) {
      named.emplace_back(prefix + std::string(kind), parsed->id);
    }
  };
  add("booked", texts.booked);
  add("cancelled", texts.cancelled);
  add("offer", texts.offer);
  add("reminder", texts.reminder);
  add("changed", texts.changed);
  return named;
}

wechat::AccountToCheck account_to_check(const WechatConfig& config, const std::string& public_url) {
  wechat::AccountToCheck account;
  account.service = {config.appid, config.secret};
  account.mini = {config.mini_appid, config.mini_secret};
  account.callback_token = config.callback_token;
  account.public_url = public_url;
  account.callback_path = callback_path;
  account.login_path = login_path;
  account.emulated = config.api_url.starts_with("http://");
  account.templates = configured(config.templates, "wechat.template_");
  account.notices = configured(config.notices, "wechat.notice_");
  for (const std::string& file : config.verify_files) {
    const std::size_t equals = file.find('=');
    account.verify_files.emplace_back(file.substr(0, equals), file.substr(equals + 1));
  }
  return account;
}

std::string_view label_of(wechat::Verdict verdict) {
  switch (verdict) {
    case wechat::Verdict::good:
      return "ok     ";
    case wechat::Verdict::note:
      return "note   ";
    case wechat::Verdict::wrong:
      return "WRONG  ";
  }
  return "";
}

int print(const std::vector<wechat::Finding>& findings) {
  std::size_t wrong = 0;
  for (const wechat::Finding& finding : findings) {
    if (finding.verdict == wechat::Verdict::wrong) ++wrong;
    std::cout << label_of(finding.verdict) << finding.subject << ": " << finding.text << '\n';
  }
  std::cout << (wrong == 0 ? "nothing is wrong" : std::to_string(wrong) + " wrong") << '\n';
  return wrong == 0 ? 0 : 1;
}

std::string menu_of(const WechatMenu& wanted, const Config& config) {
  if (wanted.file.empty()) return wechat::default_menu(public_url_of(config.http));
  std::ifstream file(wanted.file, std::ios::binary);
  if (!file) throw std::runtime_error(wanted.file + " can't be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// As a town_admin: who may run this may do anything.
base::Outcome<app::SceneCode> code_of(Account& account, const WechatCode& wanted) {
  const auto content = account.run(account.mysql().catalogue().load());
  if (!content) fail(content, {});
  app::CatalogueHolder catalogue;
  catalogue.update([&content](const app::Catalogue&) { return app::Catalogue(*content); });
  app::ShowSceneCode show(account.wechat().codes(), catalogue, account.clock());
  app::Claims operator_of_all;
  operator_of_all.role = domain::Role::town_admin;
  if (const auto* station = std::get_if<base::StationId>(&wanted.of)) {
    return account.run(show.of_station(*station, operator_of_all));
  }
  return account.run(show.of_session(std::get<base::SessionId>(wanted.of), operator_of_all));
}

}  // namespace

int check_wechat(const Config& config) {
  return guarded(config, [&config] {
    const std::string public_url = public_url_of(config.http);
    const runtime::SystemClock clock;
    runtime::SystemRandom random;
    const auto platform = wechat::create_http_client(client_config(config.wechat, config.wechat.api_url));
    const auto authorize = wechat::create_http_client(client_config(config.wechat, config.wechat.authorize_url));
    const auto ours = wechat::create_http_client(client_config(config.wechat, public_url));
    wechat::AccountCheck check({*platform, *authorize, *ours, clock, random},
                               account_to_check(config.wechat, public_url));
    runtime::Loops loops(1);
    loops.start();
    const auto findings = runtime::run_on(loops, 0, check.run());
    loops.stop();
    loops.join();
    return print(findings);
  });
}

int set_wechat_menu(const Config& config, const WechatMenu& wanted) {
  return guarded(config, [&] {
    const wechat::CheckedMenu menu = wechat::check_menu(menu_of(wanted, config));
    for (const std::string& fault : menu.faults) std::cerr << "zhonglou: " << fault << '\n';
    if (!menu.faults.empty()) return 1;
    mysql::init_driver();
    Account account(config);
    wechat::ApiCall call{wechat::menu_path, {}, menu.json, true};
    const auto reply = account.run(account.wechat().api().call(std::move(call)));
    if (!reply) fail(reply, account.wechat().alarms().raised());
    if (reply->errcode != 0) {
      throw std::runtime_error("the platform refuses the menu: errcode " + std::to_string(reply->errcode) + ", rid " +
                               reply->rid);
    }
    std::cout << "the menu is set; phones show it within five minutes, or when the account is followed anew\n";
    return 0;
  });
}

int show_wechat_code(const Config& config, const WechatCode& wanted) {
  return guarded(config, [&] {
    mysql::init_driver();
    Account account(config);
    const auto code = code_of(account, wanted);
    if (!code) fail(code, account.wechat().alarms().raised());
    std::cout << "ticket   " << code->ticket << "\nurl      " << code->url << "\nimage    " << code->image_url
              << "\nexpires  "
              << (code->expires_at ? base::format_instant(*code->expires_at, config.booking.utc_offset_minutes)
                                   : "never")
              << '\n';
    return 0;
  });
}

}  // namespace zl::server
