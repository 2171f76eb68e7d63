// The configuration of each module, checked: what the wiring hands on. Fields are named as their keys are; what each
// is and what larger and smaller values do stands in settings_table.cpp, and in the template made from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/log.hpp"
#include "server/sources.hpp"
#include "server/values.hpp"

namespace zl::server {

struct HttpConfig {
  std::string address;  ///< an IP literal
  std::uint16_t port = 0;
  std::size_t io_threads = 1;  ///< the number itself, never 0
  bool reuse_port = false;
  std::string public_url;  ///< empty: "http://", address (IPv6 in brackets) and the port that was bound
  std::vector<std::string> trusted_proxies;
  std::size_t header_limit_bytes = 0;
  std::size_t body_limit_bytes = 0;
  std::int64_t header_timeout_ms = 0;
  std::int64_t body_timeout_ms = 0;
  std::int64_t idle_timeout_ms = 0;
  std::int64_t write_timeout_ms = 0;
  std::size_t max_connections = 0;
  std::size_t max_connections_per_address = 0;
  std::size_t unsent_limit_bytes = 0;
  std::int64_t rate_user_per_s = 0;
  std::int64_t rate_user_burst = 0;
  std::int64_t rate_address_per_s = 0;
  std::int64_t rate_address_burst = 0;
  std::int64_t rate_pause_ms = 0;
  std::int64_t queue_target_ms = 0;
  std::int64_t drain_ms = 0;

  bool operator==(const HttpConfig&) const = default;
};

struct RedisConfig {
  std::string unix_socket;  ///< empty: host and port
  std::string host;
  std::uint16_t port = 0;
  std::string username;
  std::string password;  ///< empty: none
  std::int64_t connect_timeout_ms = 0;
  std::int64_t command_timeout_ms = 0;
  std::size_t max_pending = 0;
  std::int64_t queue_target_ms = 0;

  bool operator==(const RedisConfig&) const = default;
};

struct MysqlConfig {
  std::string unix_socket;  ///< empty: host and port
  std::string host;
  std::uint16_t port = 0;
  std::string database;
  std::string user;
  std::string password;  ///< empty where the purpose doesn't use it
  std::size_t read_threads = 0;
  std::size_t read_queue = 0;
  std::size_t writers = 0;
  std::size_t writer_queue = 0;
  std::size_t writer_batch = 0;
  std::int64_t queue_target_ms = 0;
  std::int64_t item_deadline_ms = 0;
  std::int64_t connect_timeout_ms = 0;
  std::int64_t statement_timeout_ms = 0;
  std::int64_t lock_wait_s = 0;

  bool operator==(const MysqlConfig&) const = default;
};

/// Beside MysqlConfig's place and times.
struct MysqlMigrateConfig {
  std::string user;
  std::string password;  ///< empty unless the purpose is to migrate

  bool operator==(const MysqlMigrateConfig&) const = default;
};

struct BookingConfig {
  std::int64_t hold_ttl_ms = 0;
  std::int64_t reconcile_interval_ms = 0;
  std::int64_t seats_poll_ms = 0;
  std::size_t attendee_cache = 0;
  std::size_t max_live_holders = 0;
  int utc_offset_minutes = 0;

  bool operator==(const BookingConfig&) const = default;
};

struct AuthConfig {
  bool dev_login = false;
  std::string token_key;           ///< 32 bytes; empty where the purpose doesn't use it
  std::string previous_token_key;  ///< 32 bytes, or empty
  std::int64_t token_ttl_s = 0;
  std::int64_t admin_token_ttl_s = 0;
  std::size_t login_failures_per_account = 0;
  std::size_t login_failures_per_address = 0;
  std::int64_t login_failure_window_s = 0;
  std::size_t password_threads = 0;
  std::size_t password_queue = 0;

  bool operator==(const AuthConfig&) const = default;
};

struct CheckInConfig {
  std::int64_t check_in_early_minutes = 0;

  bool operator==(const CheckInConfig&) const = default;
};

/// By kind of message; empty: none is sent of that kind.
struct MessageTemplates {
  std::string booked;
  std::string cancelled;
  std::string offer;
  std::string reminder;
  std::string changed;

  bool operator==(const MessageTemplates&) const = default;
};

struct WechatConfig {
  bool enabled = false;  ///< else nothing below is looked at
  std::string appid;
  std::string secret;            ///< empty where the purpose doesn't use it; likewise the secrets below
  std::string callback_token;    ///< empty: no callback
  std::string encoding_aes_key;  ///< empty in plain mode
  std::string callback_mode;
  std::string api_url;
  std::string authorize_url;
  std::string code_url;
  bool ask_profile = false;
  std::string mini_appid;  ///< empty: no mini-program
  std::string mini_secret;
  std::vector<std::string> verify_files;  ///< "NAME=CONTENT"
  std::int64_t call_timeout_ms = 0;
  std::size_t max_calls = 0;
  std::int64_t login_ttl_s = 0;
  std::size_t max_logins_per_address = 0;
  std::int64_t profile_grace_hours = 0;
  std::int64_t send_per_s = 0;
  int reminder_hour = 0;
  MessageTemplates templates;  ///< to followers
  MessageTemplates notices;    ///< to whom asked for them
  std::string sms_url;         ///< empty: none
  std::string sms_token;

  bool operator==(const WechatConfig&) const = default;
};

struct MetricsConfig {
  std::string address;     ///< an IP literal
  std::uint16_t port = 0;  ///< 0: no listener
  bool on_main_listener = false;

  bool operator==(const MetricsConfig&) const = default;
};

struct Config {
  HttpConfig http;
  RedisConfig redis;
  MysqlConfig mysql;
  MysqlMigrateConfig mysql_migrate;
  BookingConfig booking;
  AuthConfig auth;
  CheckInConfig check_in;
  WechatConfig wechat;
  MetricsConfig metrics;
  runtime::LogConfig log;
};

struct Loaded {
  Config config;              ///< to be used only where there are no faults
  Values values;              ///< for showing them with their sources
  std::vector<Fault> faults;  ///< all that were found
};

/// Reads the sources once and checks everything that `purpose` needs.
Loaded load_config(const Sources& sources, Purpose purpose);

}  // namespace zl::server
