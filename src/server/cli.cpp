#include "server/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <sstream>

#include "base/id.hpp"
#include "base/limits.hpp"

namespace zl::server {
namespace {

constexpr int usage_status = 2;
constexpr int longest_patience_s = 3600;
constexpr std::size_t hash_digits = 64;

std::optional<domain::Role> role_named(std::string_view name) {
  const auto found = std::ranges::find(domain::all_roles, name, domain::role_name);
  if (found == domain::all_roles.end()) return std::nullopt;
  return *found;
}

std::string fault_of_username(const std::string& name) {
  namespace limits = base::limits;
  const bool fits = name.size() >= limits::username_min && name.size() <= limits::username_max;
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
  if (fits && plain) return {};
  return "must be " + std::to_string(limits::username_min) + " to " + std::to_string(limits::username_max) +
         " characters of a-z, 0-9, '.', '_', '-'";
}

/// Says what is wrong with a role that has, or lacks, a station.
std::string fault_of_station(domain::Role role, bool given) {
  switch (role) {
    case domain::Role::town_admin:
      return given ? "--station: a town_admin belongs to no station" : "";
    case domain::Role::station_admin:
    case domain::Role::staff:
      return given ? "" : "--station is required: a station_admin and staff belong to a station";
    case domain::Role::auditor:
      return {};
  }
  return {};
}

/// Reads "NUMBER:HASH"; false where it is none.
bool read_seal(const std::string& text, Verify& verify) {
  const char* const end = text.data() + text.size();
  const auto [colon, fault] = std::from_chars(text.data(), end, verify.seal_number);
  if (fault != std::errc() || colon == end || *colon != ':' || verify.seal_number == 0) return false;
  verify.seal_hash.assign(colon + 1, end);
  return verify.seal_hash.size() == hash_digits && base::from_hex(verify.seal_hash).has_value();
}

/// CLI11's view of the command line; parse() fills the members.
class Parser {
 public:
  Parser() {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", "zhonglou " + std::string(version));
    app_.add_option("--config", command_.config_file, "Configuration file (TOML); also ZHONGLOU_CONFIG")
        ->type_name("FILE");
    app_.add_option("--set", command_.options, "One setting, over file and environment; may be repeated")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    serve_ = add(app_, "serve", "Serve until SIGTERM or SIGINT");
    migrate_ = add(app_, "migrate", "Bring the database's schema up to date");
    auto* admin = add(app_, "admin", "Staff accounts");
    admin->require_subcommand(1);
    admin_create_ = add(*admin, "create", "Create a staff account");
    add_admin_create_options();
    verify_ = add(app_, "verify", "Examine ledger, audit and gates: status 0 clean, 1 faults, 2 could not look");
    verify_->add_option("--seal", seal_, "A seal of the audit as the log told of it")->type_name("NUMBER:HASH");
    verify_->add_option("--patience", wanted_.patience_s, "Seconds after which a gate that differs is a fault (10)")
        ->type_name("SECONDS")
        ->check(CLI::Range(1, longest_patience_s));
    verify_->add_flag("!--no-gates", wanted_.gates, "Leave the gates out, where there is no Redis");
    restored_ = add(app_, "restored", "After a restore, before servers start: make every gate be rebuilt");
    auto* config = add(app_, "config", "The configuration");
    config->require_subcommand(1);
    config_check_ =
        add(*config, "check", "Print the settings with their sources, or everything that is wrong with them");
    config_template_ = add(*config, "template", "Print a configuration file with every setting explained");
    add_wechat_commands();
  }

  std::variant<Command, Usage> parse(int count, const char* const* arguments) {
    try {
      app_.parse(count, arguments);
    } catch (const CLI::Success& success) {
      std::ostringstream out;
      app_.exit(success, out, out);
      return Usage{0, out.str()};
    } catch (const CLI::RequiredError& error) {
      // A mistyped command would be told as a missing one.
      const auto unknown = app_.remaining(true);
      return usage(unknown.empty() ? error.what() : "not expected: " + unknown.front());
    } catch (const CLI::ParseError& error) {
      return usage(error.what());
    }
    if (admin_create_->parsed()) {
      if (const auto fault = complete_admin_create(); !fault.empty()) return usage(fault);
      command_.action = admin_;
    } else if (migrate_->parsed()) {
      command_.action = Migrate{};
    } else if (verify_->parsed()) {
      if (seal_ && !read_seal(*seal_, wanted_)) return usage("--seal: must be a number, ':' and 64 hex digits");
      command_.action = wanted_;
    } else if (restored_->parsed()) {
      command_.action = Restored{};
    } else if (config_check_->parsed()) {
      command_.action = ConfigCheck{};
    } else if (config_template_->parsed()) {
      command_.action = ConfigTemplate{};
    } else if (wechat_check_->parsed()) {
      command_.action = WechatCheck{};
    } else if (wechat_menu_->parsed()) {
      command_.action = wechat_menu_wish_;
    } else if (wechat_qr_->parsed()) {
      if (const auto fault = complete_wechat_qr(); !fault.empty()) return usage(fault);
    }
    return command_;
  }

 private:
  static CLI::App* add(CLI::App& parent, const std::string& name, const std::string& what) {
    auto* command = parent.add_subcommand(name, what);
    command->fallthrough();  // --config and --set may stand behind the command too
    return command;
  }

  void add_admin_create_options() {
    admin_create_->add_option("--username", admin_.username, "Name to log in with")
        ->required()
        ->type_name("NAME")
        ->check(CLI::Validator(fault_of_username, ""));
    admin_create_->add_option("--role", role_, "town_admin, station_admin, staff or auditor")
        ->required()
        ->type_name("ROLE");
    admin_create_->add_option("--password-file", admin_.password_file, "File that holds the password; - reads it here")
        ->required()
        ->type_name("FILE|-");
    admin_create_->add_option("--station", station_, "Id of the station that the account belongs to")->type_name("ID");
    admin_create_->add_flag("--if-missing", admin_.if_missing, "Leave an account of this name as it is");
  }

  void add_wechat_commands() {
    auto* wechat = add(app_, "wechat", "The WeChat account");
    wechat->require_subcommand(1);
    wechat_check_ = add(*wechat, "check", "Say what is wrong with the account's set-up; changes nothing");
    wechat_menu_ = add(*wechat, "menu", "Give the account its menu: the built-in one, or that of a file");
    wechat_menu_->add_option("--file", wechat_menu_wish_.file, "Menu in the platform's form: {\"button\":[...]}")
        ->type_name("FILE");
    wechat_qr_ = add(*wechat, "qr", "Show the QR code of a station or of a session");
    auto* station = wechat_qr_->add_option("--station", station_, "Id of the station")->type_name("ID");
    wechat_qr_->add_option("--session", session_, "Id of the session")->type_name("ID")->excludes(station);
  }

  /// Sets the action, or says what is wrong.
  std::string complete_wechat_qr() {
    const auto station = base::StationId::parse(station_.value_or(""));
    const auto session = base::SessionId::parse(session_.value_or(""));
    if (!station_ && !session_) return "wechat qr needs --station or --session";
    if (station_ && !station) return "--station: must be an id of 32 hex digits, not " + *station_;
    if (session_ && !session) return "--session: must be an id of 32 hex digits, not " + *session_;
    if (station) {
      command_.action = WechatCode{*station};
    } else {
      command_.action = WechatCode{*session};
    }
    return {};
  }

  std::string complete_admin_create() {
    const auto role = role_named(role_);
    if (!role) return "--role: must be town_admin, station_admin, staff or auditor, not " + role_;
    admin_.role = *role;
    if (station_) {
      admin_.station_id = base::StationId::parse(*station_);
      if (!admin_.station_id) return "--station: must be an id of 32 hex digits, not " + *station_;
    }
    return fault_of_station(admin_.role, station_.has_value());
  }

  Usage usage(const std::string& fault) const { return {usage_status, "zhonglou: " + fault + "\n\n" + app_.help()}; }

  CLI::App app_{"Zhonglou books the seats of community service stations.", "zhonglou"};
  CLI::App* serve_ = nullptr;
  CLI::App* migrate_ = nullptr;
  CLI::App* admin_create_ = nullptr;
  CLI::App* verify_ = nullptr;
  CLI::App* restored_ = nullptr;
  CLI::App* config_check_ = nullptr;
  CLI::App* config_template_ = nullptr;
  CLI::App* wechat_check_ = nullptr;
  CLI::App* wechat_menu_ = nullptr;
  CLI::App* wechat_qr_ = nullptr;

  Command command_;
  AdminCreate admin_;
  std::string role_;
  std::optional<std::string> station_;
  std::optional<std::string> session_;
  WechatMenu wechat_menu_wish_;
  Verify wanted_;
  std::optional<std::string> seal_;
};

}  // namespace

std::variant<Command, Usage> parse_arguments(int count, const char* const* arguments) {
  return Parser().parse(count, arguments);
}

Sources sources_of(const Command& command, std::vector<std::pair<std::string, std::string>> environment) {
  Sources sources{command.config_file, std::move(environment), command.options};
  const auto named = std::ranges::find(sources.environment, file_variable, &std::pair<std::string, std::string>::first);
  if (!sources.file && named != sources.environment.end()) sources.file = named->second;
  return sources;
}

}  // namespace zl::server
