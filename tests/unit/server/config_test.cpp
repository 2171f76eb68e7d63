// The whole way: sources laid over each other, faults of every kind, and the structs that come out.
#include "server/config.hpp"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "server/config_text.hpp"
#include "unit/server/temporary_folder.hpp"
#include "unit/server/variable.hpp"

namespace zl::server {
namespace {

const std::string key_a(64, 'a');
const std::string key_b(64, 'b');

/// What `serve` needs, and then `more`.
std::vector<std::string> with_secrets(std::vector<std::string> more) {
  std::vector<std::string> settings = {"mysql.password=secret", "auth.token_key=" + key_a};
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

/// "KEY=VALUE" each, as options, and secrets as variables.
Sources sources_of(const std::vector<std::string>& given) {
  Sources sources;
  for (const std::string& one : given) {
    const std::size_t equals = one.find('=');
    const Setting* const setting = find_setting(std::string_view(one).substr(0, equals));
    if (setting != nullptr && std::holds_alternative<SecretType>(setting->type)) {
      sources.environment.emplace_back(test::variable_of(one.substr(0, equals)), one.substr(equals + 1));
    } else {
      sources.options.push_back(one);
    }
  }
  return sources;
}

Loaded load(const std::vector<std::string>& given, Purpose purpose = Purpose::serve) {
  return load_config(sources_of(given), purpose);
}

bool same(const Config& left, const Config& right) {
  const auto of = [](const runtime::LogConfig& log) {
    return std::tie(log.level, log.format, log.file, log.offset_minutes);
  };
  return left.http == right.http && left.redis == right.redis && left.mysql == right.mysql &&
         left.mysql_migrate == right.mysql_migrate && left.booking == right.booking && left.auth == right.auth &&
         left.check_in == right.check_in && left.wechat == right.wechat && left.metrics == right.metrics &&
         of(left.log) == of(right.log);
}

/// A valid value that is not the default.
std::string another_value(const Setting& setting) {
  struct Another {
    std::string operator()(const IntegerType& type) const {
      return std::to_string(type.standard < type.most ? type.standard + 1 : type.standard - 1);
    }
    std::string operator()(const FlagType& type) const { return type.standard ? "false" : "true"; }
    std::string operator()(const TextType& type) const {
      if (type.form == TextForm::ip_address) return "127.0.0.9";
      if (type.form == TextForm::origin || type.form == TextForm::address) return "https://example.org";
      return type.form == TextForm::one_of_the_choices ? std::string(type.choices.back()) : "/another";
    }
    std::string operator()(const ListType& type) const {
      return type.form == TextForm::verify_file ? "MP_verify_a1.txt=a1" : "10.0.0.0/8";
    }
    std::string operator()(const SecretType&) const { return key_b; }
  };
  return std::visit(Another{}, setting.type);
}

TEST(Config, the_defaults_need_nothing_but_the_secrets) {
  const auto loaded = load(with_secrets({}));
  EXPECT_EQ(describe(loaded.faults), "");
  EXPECT_EQ(loaded.config.http.port, 8080);
  EXPECT_EQ(loaded.config.booking.hold_ttl_ms, 10000);
  EXPECT_EQ(loaded.config.mysql.password, "secret");
  EXPECT_EQ(loaded.config.auth.token_key, std::string(32, '\xaa'));
  EXPECT_EQ(loaded.config.auth.previous_token_key, "");
  EXPECT_EQ(loaded.config.log.offset_minutes, 480);
}

TEST(Config, io_threads_by_default_are_one_per_core_but_at_most_eight) {
  const auto threads = load(with_secrets({})).config.http.io_threads;
  EXPECT_GE(threads, 1u);
  EXPECT_LE(threads, 8u);
  EXPECT_EQ(load(with_secrets({"http.io_threads=33"})).config.http.io_threads, 33u);
}

TEST(Config, every_setting_reaches_its_struct) {
  for (const auto& setting : settings()) {
    const auto purpose = section_of(setting.key) == "mysql_migrate" ? Purpose::migrate : Purpose::serve;
    const auto options = with_secrets({"http.io_threads=64"});
    const auto before = load(options, purpose);
    auto changed = options;
    const bool at_top = setting.key == "http.io_threads";
    changed.push_back(std::string(setting.key) + "=" + (at_top ? "63" : another_value(setting)));
    const auto after = load(changed, purpose);
    EXPECT_FALSE(same(before.config, after.config)) << setting.key;
    const bool secret = std::holds_alternative<SecretType>(setting.type);
    const std::string origin = secret ? "environment, " + test::variable_of(setting.key) : "option --set";
    EXPECT_EQ(after.values.origin(setting.key), origin) << setting.key;
  }
}

TEST(Config, later_sources_override_earlier_ones) {
  const test::TemporaryFolder folder;
  const auto file = folder.write("a.toml", "[http]\nport = 1\nio_threads = 1\ndrain_ms = 1\n");
  const auto loaded = load_config({file,
                                   {{"ZHONGLOU_HTTP__IO_THREADS", "2"},
                                    {"ZHONGLOU_HTTP__DRAIN_MS", "2"},
                                    {"ZHONGLOU_MYSQL__PASSWORD", "p"},
                                    {"ZHONGLOU_AUTH__TOKEN_KEY", key_a}},
                                   {"http.drain_ms=3", "http.drain_ms=4"}},
                                  Purpose::serve);
  EXPECT_EQ(describe(loaded.faults), "");
  EXPECT_EQ(loaded.config.http.port, 1);
  EXPECT_EQ(loaded.config.http.io_threads, 2u);
  EXPECT_EQ(loaded.config.http.drain_ms, 4);
  EXPECT_EQ(loaded.values.origin("http.port"), file + ", line 2");
  EXPECT_EQ(loaded.values.origin("http.io_threads"), "environment, ZHONGLOU_HTTP__IO_THREADS");
  EXPECT_EQ(loaded.values.origin("redis.port"), "default");
}

TEST(Config, lists_in_options_are_separated_by_commas) {
  using List = std::vector<std::string>;
  EXPECT_EQ(load(with_secrets({"http.trusted_proxies=10.0.0.1, fd00::/8"})).config.http.trusted_proxies,
            (List{"10.0.0.1", "fd00::/8"}));
  EXPECT_EQ(load(with_secrets({"http.trusted_proxies="})).config.http.trusted_proxies, List{});
}

struct FaultCase {
  std::vector<std::string> options;
  std::string subject;
  std::string text;
};

TEST(Config, every_kind_of_fault_names_the_key_and_the_limit) {
  const std::string missing = "is missing: give it, or a file that holds it";
  const FaultCase cases[] = {
      {{"http.prot=1"}, "http.prot", "is not a setting"},
      {{"http.port_file=/x"}, "http.port_file", "is not a setting"},
      {{"http.port=65536"}, "http.port", "must be a whole number from 0 to 65535, not 65536"},
      {{"http.port=-1"}, "http.port", "must be a whole number from 0 to 65535, not -1"},
      {{"http.port=80x"}, "http.port", "must be a whole number from 0 to 65535, not \"80x\""},
      {{"http.port="}, "http.port", "must be a whole number from 0 to 65535, not \"\""},
      {{"http.port=99999999999999999999"},
       "http.port",
       "must be a whole number from 0 to 65535, not \"99999999999999999999\""},
      {{"http.drain_ms=300001"}, "http.drain_ms", "must be a whole number from 0 to 300000 (ms), not 300001"},
      {{"auth.dev_login=yes"}, "auth.dev_login", "must be true or false, not \"yes\""},
      {{"http.address=localhost"}, "http.address", "must be an IP address, not \"localhost\""},
      {{"mysql.user="}, "mysql.user", "must be a text that is not empty, not \"\""},
      {{"http.trusted_proxies=10.0.0.1,proxy"},
       "http.trusted_proxies",
       "must be a list, each an IP address or a network such as 10.0.0.0/8, not [\"10.0.0.1\", \"proxy\"]"},
      {{"log.level=loud"}, "log.level", "must be one of debug, info, warning, error, critical, off, not \"loud\""},
      {{"http.address=0.0.0.0", "http.public_url=https://example.org", "auth.dev_login=true"},
       "auth.dev_login",
       "lets anybody in as anybody: it must be false unless http.address is loopback, and that is \"0.0.0.0\""},
      {{"http.address=0.0.0.0"},
       "http.public_url",
       "must be given unless http.address is loopback, and that is \"0.0.0.0\""},
      {{"http.public_url=http://example.org"},
       "http.public_url",
       "must begin with https:// unless its host is loopback, not \"http://example.org\""},
      {{"mysql.item_deadline_ms=10000"},
       "mysql.item_deadline_ms",
       "must be less than booking.hold_ttl_ms, which is 10000, not 10000"},
      {{"redis.command_timeout_ms=20000"},
       "redis.command_timeout_ms",
       "must be less than booking.hold_ttl_ms, which is 10000, not 20000"},
      {{"booking.reconcile_interval_ms=2001"},
       "booking.reconcile_interval_ms",
       "must be at most a fifth of booking.hold_ttl_ms, which is 10000, not 2001"},
      {{"mysql.lock_wait_s=6"},
       "mysql.lock_wait_s",
       "must be no longer than mysql.statement_timeout_ms, which is 5000, not 6"},
      {{"auth.previous_token_key=" + key_a},
       "auth.previous_token_key",
       "must be another key than auth.token_key, or absent"},
      {{"metrics.port=8080"}, "metrics.port", "must be another than http.port on the same address, which is 8080"},
      {{"wechat.verify_files=index.html=x"},
       "wechat.verify_files",
       "must be a list, each a name and what it holds, such as MP_verify_a1B2.txt=a1B2, not [\"index.html=x\"]"},
      {{"wechat.enabled=true", "wechat.secret=s"}, "wechat.appid", "must be given while wechat.enabled is true"},
      {{"wechat.enabled=true", "wechat.appid=a"}, "wechat.secret", missing},
      {{"wechat.enabled=true", "wechat.appid=a", "wechat.secret=s", "wechat.mini_appid=m"},
       "wechat.mini_secret",
       missing},
      {{"wechat.enabled=true", "wechat.appid=a", "wechat.secret=s", "wechat.api_url=http://example.org"},
       "wechat.api_url",
       "must begin with https:// unless its host is loopback, not \"http://example.org\""},
      {{"wechat.enabled=true", "wechat.appid=a", "wechat.secret=s", "wechat.sms_url=http://example.org/sms"},
       "wechat.sms_url",
       "must begin with https:// unless its host is loopback, not \"http://example.org/sms\""},
      {{"wechat.enabled=true", "wechat.appid=a", "wechat.secret=s", "wechat.callback_token=a-b",
        "wechat.callback_mode=plain"},
       "wechat.callback_token",
       "must be of 3 to 32 letters and digits"},
      {{"wechat.enabled=true", "wechat.appid=a", "wechat.secret=s", "wechat.encoding_aes_key=short"},
       "wechat.encoding_aes_key",
       "must be of 43 letters and digits"},
      {{"wechat.enabled=true", "wechat.appid=a", "wechat.secret=s", "wechat.callback_token=abc"},
       "wechat.encoding_aes_key",
       missing},
  };
  for (const auto& c : cases) {
    const auto faults = load(with_secrets(c.options)).faults;
    ASSERT_EQ(faults.size(), 1u) << c.subject << "\n" << describe(faults);
    EXPECT_EQ(faults.front().subject, c.subject);
    EXPECT_EQ(faults.front().text, c.text);
  }
}

TEST(Config, a_rule_between_defaults_and_a_given_value_names_where_its_own_key_came_from) {
  const auto faults = load(with_secrets({"booking.hold_ttl_ms=5000"})).faults;
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(to_line(faults.front()),
            "mysql.item_deadline_ms (default): must be less than booking.hold_ttl_ms, which is 5000, not 5000");
}

TEST(Config, what_is_not_enabled_needs_nothing_and_other_work_needs_none_of_its_secrets) {
  EXPECT_EQ(describe(load(with_secrets({"wechat.callback_token=?", "wechat.mini_appid=m"})).faults), "");
  const auto plain =
      load(with_secrets({"wechat.enabled=true", "wechat.appid=a", "wechat.secret=s", "wechat.callback_token=abc",
                         "wechat.callback_mode=plain", "wechat.api_url=http://127.0.0.1:9000"}));
  EXPECT_EQ(describe(plain.faults), "");
  const std::vector<std::string> enabled{"mysql.password=p", "mysql_migrate.password=p", "wechat.enabled=true",
                                         "wechat.appid=a"};
  EXPECT_EQ(describe(load(enabled, Purpose::migrate).faults), "");
  EXPECT_EQ(describe(load(enabled, Purpose::create_admin).faults), "");
  EXPECT_EQ(load(enabled, Purpose::wechat).faults.size(), 1u);
}

TEST(Config, types_in_a_file_are_not_converted) {
  const test::TemporaryFolder folder;
  const auto file =
      folder.write("a.toml",
                   "[http]\nport = '8080'\nreuse_port = 1\npublic_url = true\ntrusted_proxies = '10.0.0.1'\n"
                   "drain_ms = 1.5\n[mysql]\npassword = 12345\n");
  const auto loaded = load_config({file, {{"ZHONGLOU_AUTH__TOKEN_KEY", key_a}}, {}}, Purpose::serve);
  auto lines = describe(loaded.faults);
  EXPECT_EQ(loaded.faults.size(), 6u) << lines;
  for (const std::string_view expected :
       {"http.port (", "65535, not a text", "http.reuse_port (", "or false, not a whole number", "not true or false",
        "10.0.0.0/8, not a text", "not a number with a fraction", "mysql.password ("}) {
    EXPECT_NE(lines.find(expected), std::string::npos) << expected << "\n" << lines;
  }
  EXPECT_EQ(lines.find("12345"), std::string::npos) << "a secret was shown";
}

TEST(Config, all_faults_of_all_sources_are_told_at_once) {
  const test::TemporaryFolder folder;
  const auto file = folder.write("a.toml", "[htpp]\nport = 1\n[http]\nport = 'x'\n");
  const auto loaded =
      load_config({file, {{"ZHONGLOU_NO", "1"}, {"ZHONGLOU_REDIS__PORT", "0"}}, {"log.color=1"}}, Purpose::serve);
  std::multiset<std::string> subjects;
  for (const auto& fault : loaded.faults) subjects.insert(fault.subject);
  EXPECT_EQ(subjects, (std::multiset<std::string>{"ZHONGLOU_NO", "auth.token_key", "htpp", "http.port", "log.color",
                                                  "mysql.password", "redis.port"}));
}

}  // namespace
}  // namespace zl::server
