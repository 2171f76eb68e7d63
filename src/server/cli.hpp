// The command line: what `zhonglou` was asked to do, as a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/id.hpp"
#include "domain/people.hpp"
#include "server/sources.hpp"

namespace zl::server {

inline constexpr std::string_view version = "0.1.0";

struct Serve {};

struct Migrate {};

/// The combination of role and station is valid, and the name is one that an account may have.
struct AdminCreate {
  std::string username;
  domain::Role role = domain::Role::town_admin;
  std::optional<base::StationId> station_id;
  std::string password_file;  ///< "-" is standard input
  bool if_missing = false;    ///< an account of this name is success, and stays as it is
};

/// Examines both stores, beside servers that run or not.
struct Verify {
  bool gates = true;              ///< else the ledger and its audit alone
  std::uint64_t seal_number = 0;  ///< a seal that a log tells of; 0 where none was given
  std::string seal_hash;          ///< 64 hex digits
  int patience_s = 10;            ///< a difference between gate and ledger is a fault after this
};

/// Tells the ledger that it was put back to an earlier moment.
struct Restored {};

/// Prints the settings with their sources, or all faults.
struct ConfigCheck {};

/// Prints config/zhonglou.toml.
struct ConfigTemplate {};

/// Says what is wrong with the set-up of the WeChat account.
struct WechatCheck {};

/// Gives the WeChat account its menu.
struct WechatMenu {
  std::string file;  ///< in the platform's own form; empty: the built-in one
};

/// Shows the QR code of a station or of a session.
struct WechatCode {
  std::variant<base::StationId, base::SessionId> of;
};

struct Command {
  std::variant<Serve, Migrate, AdminCreate, Verify, Restored, ConfigCheck, ConfigTemplate, WechatCheck, WechatMenu,
               WechatCode>
      action;
  std::optional<std::string> config_file;  ///< --config
  std::vector<std::string> options;        ///< --set, in their order
};

/// Nothing is to be done but to print `text`: help or version (status 0, standard output), or what is wrong with the
/// arguments and how to write them (status 2, standard error).
struct Usage {
  int status;
  std::string text;
};

std::variant<Command, Usage> parse_arguments(int count, const char* const* arguments);

/// Where the command's configuration comes from; ZHONGLOU_CONFIG names the file where --config doesn't.
Sources sources_of(const Command& command, std::vector<std::pair<std::string, std::string>> environment);

}  // namespace zl::server
