#include "server/config.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/id.hpp"
#include "base/invariant.hpp"
#include "server/config_rules.hpp"

namespace zl::server {
namespace {

constexpr std::size_t most_threads_by_default = 8;

/// A setting as its field's type; the table's bounds keep within it.
template <class T>
void fill(T& field, const Values& values, std::string_view key) {
  const auto number = values.integer(key);
  base::invariant(std::in_range<T>(number), "the bounds of a setting fit the field's type");
  field = static_cast<T>(number);
}

void fill(std::string& field, const Values& values, std::string_view key) {
  field = values.text(key);
}

void fill(bool& field, const Values& values, std::string_view key) {
  field = values.flag(key);
}

std::string key_bytes(const Values& values, std::string_view key) {
  return base::from_hex(values.text(key)).value_or(std::string());
}

HttpConfig http_config(const Values& values) {
  HttpConfig http;
  fill(http.address, values, "http.address");
  fill(http.port, values, "http.port");
  fill(http.io_threads, values, "http.io_threads");
  if (http.io_threads == 0) {
    http.io_threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, most_threads_by_default);
  }
  fill(http.reuse_port, values, "http.reuse_port");
  fill(http.public_url, values, "http.public_url");
  http.trusted_proxies = values.list("http.trusted_proxies");
  fill(http.header_limit_bytes, values, "http.header_limit_bytes");
  fill(http.body_limit_bytes, values, "http.body_limit_bytes");
  fill(http.header_timeout_ms, values, "http.header_timeout_ms");
  fill(http.body_timeout_ms, values, "http.body_timeout_ms");
  fill(http.idle_timeout_ms, values, "http.idle_timeout_ms");
  fill(http.write_timeout_ms, values, "http.write_timeout_ms");
  fill(http.max_connections, values, "http.max_connections");
  fill(http.max_connections_per_address, values, "http.max_connections_per_address");
  fill(http.unsent_limit_bytes, values, "http.unsent_limit_bytes");
  fill(http.rate_user_per_s, values, "http.rate_user_per_s");
  fill(http.rate_user_burst, values, "http.rate_user_burst");
  fill(http.rate_address_per_s, values, "http.rate_address_per_s");
  fill(http.rate_address_burst, values, "http.rate_address_burst");
  fill(http.rate_pause_ms, values, "http.rate_pause_ms");
  fill(http.queue_target_ms, values, "http.queue_target_ms");
  fill(http.drain_ms, values, "http.drain_ms");
  return http;
}

RedisConfig redis_config(const Values& values) {
  RedisConfig redis;
  fill(redis.unix_socket, values, "redis.unix_socket");
  fill(redis.host, values, "redis.host");
  fill(redis.port, values, "redis.port");
  fill(redis.username, values, "redis.username");
  fill(redis.password, values, "redis.password");
  fill(redis.connect_timeout_ms, values, "redis.connect_timeout_ms");
  fill(redis.command_timeout_ms, values, "redis.command_timeout_ms");
  fill(redis.max_pending, values, "redis.max_pending");
  fill(redis.queue_target_ms, values, "redis.queue_target_ms");
  return redis;
}

MysqlConfig mysql_config(const Values& values) {
  MysqlConfig mysql;
  fill(mysql.unix_socket, values, "mysql.unix_socket");
  fill(mysql.host, values, "mysql.host");
  fill(mysql.port, values, "mysql.port");
  fill(mysql.database, values, "mysql.database");
  fill(mysql.user, values, "mysql.user");
  fill(mysql.password, values, "mysql.password");
  fill(mysql.read_threads, values, "mysql.read_threads");
  fill(mysql.read_queue, values, "mysql.read_queue");
  fill(mysql.writers, values, "mysql.writers");
  fill(mysql.writer_queue, values, "mysql.writer_queue");
  fill(mysql.writer_batch, values, "mysql.writer_batch");
  fill(mysql.queue_target_ms, values, "mysql.queue_target_ms");
  fill(mysql.item_deadline_ms, values, "mysql.item_deadline_ms");
  fill(mysql.connect_timeout_ms, values, "mysql.connect_timeout_ms");
  fill(mysql.statement_timeout_ms, values, "mysql.statement_timeout_ms");
  fill(mysql.lock_wait_s, values, "mysql.lock_wait_s");
  return mysql;
}

BookingConfig booking_config(const Values& values) {
  BookingConfig booking;
  fill(booking.hold_ttl_ms, values, "booking.hold_ttl_ms");
  fill(booking.reconcile_interval_ms, values, "booking.reconcile_interval_ms");
  fill(booking.seats_poll_ms, values, "booking.seats_poll_ms");
  fill(booking.attendee_cache, values, "booking.attendee_cache");
  fill(booking.max_live_holders, values, "booking.max_live_holders");
  fill(booking.utc_offset_minutes, values, "booking.utc_offset_minutes");
  return booking;
}

AuthConfig auth_config(const Values& values) {
  AuthConfig auth;
  fill(auth.dev_login, values, "auth.dev_login");
  auth.token_key = key_bytes(values, "auth.token_key");
  auth.previous_token_key = key_bytes(values, "auth.previous_token_key");
  fill(auth.token_ttl_s, values, "auth.token_ttl_s");
  fill(auth.admin_token_ttl_s, values, "auth.admin_token_ttl_s");
  fill(auth.login_failures_per_account, values, "auth.login_failures_per_account");
  fill(auth.login_failures_per_address, values, "auth.login_failures_per_address");
  fill(auth.login_failure_window_s, values, "auth.login_failure_window_s");
  fill(auth.password_threads, values, "auth.password_threads");
  fill(auth.password_queue, values, "auth.password_queue");
  return auth;
}

MessageTemplates message_templates(const Values& values, const std::string& prefix) {
  MessageTemplates templates;
  fill(templates.booked, values, prefix + "booked");
  fill(templates.cancelled, values, prefix + "cancelled");
  fill(templates.offer, values, prefix + "offer");
  fill(templates.reminder, values, prefix + "reminder");
  fill(templates.changed, values, prefix + "changed");
  return templates;
}

WechatConfig wechat_config(const Values& values) {
  WechatConfig wechat;
  fill(wechat.enabled, values, "wechat.enabled");
  fill(wechat.appid, values, "wechat.appid");
  fill(wechat.secret, values, "wechat.secret");
  fill(wechat.callback_token, values, "wechat.callback_token");
  fill(wechat.encoding_aes_key, values, "wechat.encoding_aes_key");
  fill(wechat.callback_mode, values, "wechat.callback_mode");
  fill(wechat.api_url, values, "wechat.api_url");
  fill(wechat.authorize_url, values, "wechat.authorize_url");
  fill(wechat.code_url, values, "wechat.code_url");
  fill(wechat.ask_profile, values, "wechat.ask_profile");
  fill(wechat.mini_appid, values, "wechat.mini_appid");
  fill(wechat.mini_secret, values, "wechat.mini_secret");
  wechat.verify_files = values.list("wechat.verify_files");
  fill(wechat.call_timeout_ms, values, "wechat.call_timeout_ms");
  fill(wechat.max_calls, values, "wechat.max_calls");
  fill(wechat.login_ttl_s, values, "wechat.login_ttl_s");
  fill(wechat.max_logins_per_address, values, "wechat.max_logins_per_address");
  fill(wechat.profile_grace_hours, values, "wechat.profile_grace_hours");
  fill(wechat.send_per_s, values, "wechat.send_per_s");
  fill(wechat.reminder_hour, values, "wechat.reminder_hour");
  wechat.templates = message_templates(values, "wechat.template_");
  wechat.notices = message_templates(values, "wechat.notice_");
  fill(wechat.sms_url, values, "wechat.sms_url");
  fill(wechat.sms_token, values, "wechat.sms_token");
  return wechat;
}

MetricsConfig metrics_config(const Values& values) {
  MetricsConfig metrics;
  fill(metrics.address, values, "metrics.address");
  fill(metrics.port, values, "metrics.port");
  fill(metrics.on_main_listener, values, "metrics.on_main_listener");
  return metrics;
}

runtime::LogConfig log_config(const Values& values) {
  using runtime::LogLevel;
  constexpr std::pair<std::string_view, LogLevel> levels[] = {
      {"debug", LogLevel::debug}, {"info", LogLevel::info},         {"warning", LogLevel::warning},
      {"error", LogLevel::error}, {"critical", LogLevel::critical}, {"off", LogLevel::off},
  };
  runtime::LogConfig log;
  log.format = values.text("log.format") == "json" ? runtime::LogFormat::json : runtime::LogFormat::text;
  for (const auto& [name, level] : levels) {
    if (values.text("log.level") == name) log.level = level;
  }
  fill(log.file, values, "log.file");
  fill(log.offset_minutes, values, "booking.utc_offset_minutes");
  return log;
}

Config make_config(const Values& values) {
  Config config;
  config.http = http_config(values);
  config.redis = redis_config(values);
  config.mysql = mysql_config(values);
  fill(config.mysql_migrate.user, values, "mysql_migrate.user");
  fill(config.mysql_migrate.password, values, "mysql_migrate.password");
  config.booking = booking_config(values);
  config.auth = auth_config(values);
  fill(config.check_in.check_in_early_minutes, values, "check_in.check_in_early_minutes");
  config.wechat = wechat_config(values);
  config.metrics = metrics_config(values);
  config.log = log_config(values);
  return config;
}

}  // namespace

Loaded load_config(const Sources& sources, Purpose purpose) {
  Loaded loaded;
  const auto given = collect(sources, loaded.faults);
  loaded.values = resolve(given, purpose, loaded.faults);
  loaded.config = make_config(loaded.values);
  check_secrets(loaded.values, purpose, loaded.faults);
  check_rules(loaded.values, purpose, loaded.faults);
  return loaded;
}

}  // namespace zl::server
