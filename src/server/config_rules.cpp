#include "server/config_rules.hpp"

#include <string>

#include "domain/message_fields.hpp"
#include "server/text_forms.hpp"

namespace zl::server {
namespace {

class Rules {
 public:
  Rules(const Values& values, std::vector<Fault>& faults) : values_(values), faults_(faults) {}

  void check_exposure() {
    const bool loopback = is_loopback(values_.text("http.address"));
    const auto& url = values_.text("http.public_url");
    if (values_.flag("auth.dev_login") && !loopback) {
      fault("auth.dev_login",
            "lets anybody in as anybody: it must be false unless http.address is loopback, and that is " +
                shown("http.address"));
    }
    if (url.empty() && !loopback) {
      fault("http.public_url", "must be given unless http.address is loopback, and that is " + shown("http.address"));
    }
    if (url.starts_with("http://") && !is_loopback_origin(url)) {
      fault("http.public_url", "must begin with https:// unless its host is loopback, not " + toml_text(url));
    }
  }

  void check_times() {
    // Holds are given back while their booking still waits otherwise: correct by the fences, and useless to everybody.
    less("mysql.item_deadline_ms", "booking.hold_ttl_ms");
    less("redis.command_timeout_ms", "booking.hold_ttl_ms");
    // No seat stays lost for longer than the hold time: a gate that didn't hear of a cancellation is looked at in every
    // fourth pass, and what two passes saw is mended.
    constexpr std::int64_t passes = 5;
    if (values_.integer("booking.reconcile_interval_ms") * passes > values_.integer("booking.hold_ttl_ms")) {
      fault("booking.reconcile_interval_ms", "must be at most a fifth of booking.hold_ttl_ms, which is " +
                                                 shown("booking.hold_ttl_ms") + ", not " +
                                                 shown("booking.reconcile_interval_ms"));
    }
    constexpr std::int64_t ms_per_s = 1000;
    if (values_.integer("mysql.lock_wait_s") * ms_per_s > values_.integer("mysql.statement_timeout_ms")) {
      fault("mysql.lock_wait_s", "must be no longer than mysql.statement_timeout_ms, which is " +
                                     shown("mysql.statement_timeout_ms") + ", not " + shown("mysql.lock_wait_s"));
    }
  }

  void check_keys() {
    const auto& key = values_.text("auth.token_key");
    if (!key.empty() && key == values_.text("auth.previous_token_key")) {
      fault("auth.previous_token_key", "must be another key than auth.token_key, or absent");
    }
  }

  void check_ports() {
    const auto port = values_.integer("metrics.port");
    if (port != 0 && port == values_.integer("http.port") &&
        values_.text("metrics.address") == values_.text("http.address")) {
      fault("metrics.port", "must be another than http.port on the same address, which is " + shown("http.port"));
    }
  }

  /// Of an enabled account; the secrets only where they were read.
  void check_wechat(bool with_secrets) {
    for (const std::string_view key : {"wechat.appid", "wechat.api_url", "wechat.authorize_url", "wechat.code_url"}) {
      if (values_.text(key).empty()) fault(key, "must be given while wechat.enabled is true");
    }
    for (const std::string_view key : {"wechat.api_url", "wechat.authorize_url", "wechat.code_url", "wechat.sms_url"}) {
      const std::string& url = values_.text(key);
      if (url.starts_with("http://") && !is_loopback_origin(url.substr(0, url.find('/', http_prefix.size())))) {
        fault(key, "must begin with https:// unless its host is loopback, not " + toml_text(url));
      }
    }
    for (const std::string_view kind : {"booked", "cancelled", "offer", "reminder", "changed"}) {
      check_message_template("wechat.template_" + std::string(kind));
      check_message_template("wechat.notice_" + std::string(kind));
    }
    if (with_secrets) check_wechat_secrets();
  }

 private:
  static constexpr std::string_view http_prefix = "http://";

  void check_message_template(const std::string& key) {
    const std::string& text = values_.text(key);
    if (text.empty() || domain::MessageTemplate::parse(text)) return;
    fault(key, "must be a template's id, alone or with its fields, \"ID thing1=activity time2=starts_at\", not " +
                   toml_text(text));
  }

  void check_wechat_secrets() {
    constexpr std::string_view missing = "is missing: give it, or a file that holds it";
    constexpr std::size_t token_min = 3;
    constexpr std::size_t token_max = 32;
    constexpr std::size_t aes_key_length = 43;
    const std::string& token = values_.text("wechat.callback_token");
    const std::string& aes_key = values_.text("wechat.encoding_aes_key");
    if (values_.text("wechat.secret").empty()) fault("wechat.secret", std::string(missing));
    if (!values_.text("wechat.mini_appid").empty() && values_.text("wechat.mini_secret").empty()) {
      fault("wechat.mini_secret", std::string(missing));
    }
    if (!token.empty() && (token.size() < token_min || token.size() > token_max || !is_alphanumeric(token))) {
      fault("wechat.callback_token", "must be of 3 to 32 letters and digits");
    }
    if (!aes_key.empty() && (aes_key.size() != aes_key_length || !is_alphanumeric(aes_key))) {
      fault("wechat.encoding_aes_key", "must be of 43 letters and digits");
    }
    const bool sealed = values_.text("wechat.callback_mode") != "plain";
    if (!token.empty() && sealed && aes_key.empty()) fault("wechat.encoding_aes_key", std::string(missing));
  }

  void less(std::string_view key, std::string_view than) {
    if (values_.integer(key) < values_.integer(than)) return;
    fault(key, "must be less than " + std::string(than) + ", which is " + shown(than) + ", not " + shown(key));
  }

  void fault(std::string_view key, std::string text) {
    faults_.push_back({std::string(key), values_.origin(key), std::move(text)});
  }

  std::string shown(std::string_view key) const { return toml_text(values_.value(key)); }

  const Values& values_;
  std::vector<Fault>& faults_;
};

}  // namespace

void check_rules(const Values& values, Purpose purpose, std::vector<Fault>& faults) {
  Rules rules(values, faults);
  rules.check_exposure();
  rules.check_times();
  rules.check_keys();
  rules.check_ports();
  if (values.flag("wechat.enabled")) rules.check_wechat(purpose == Purpose::serve || purpose == Purpose::wechat);
}

}  // namespace zl::server
