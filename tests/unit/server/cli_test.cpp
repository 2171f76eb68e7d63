#include "server/cli.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "server/password_input.hpp"
#include "unit/server/temporary_folder.hpp"

namespace zl::server {
namespace {

using Parsed = std::variant<Command, Usage>;

Parsed parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "zhonglou");
  return parse_arguments(static_cast<int>(arguments.size()), arguments.data());
}

template <class Action>
bool is(const Parsed& parsed) {
  const auto* command = std::get_if<Command>(&parsed);
  return command != nullptr && std::holds_alternative<Action>(command->action);
}

TEST(Cli, knows_its_commands) {
  EXPECT_TRUE(is<Serve>(parse({"serve"})));
  EXPECT_TRUE(is<Migrate>(parse({"migrate"})));
  EXPECT_TRUE(is<Verify>(parse({"verify"})));
  EXPECT_TRUE(is<Restored>(parse({"restored", "--config", "a.toml"})));
  EXPECT_TRUE(is<ConfigCheck>(parse({"config", "check"})));
  EXPECT_TRUE(is<ConfigTemplate>(parse({"config", "template"})));
  EXPECT_TRUE(is<WechatCheck>(parse({"wechat", "check"})));
  EXPECT_TRUE(is<WechatMenu>(parse({"wechat", "menu"})));
}

TEST(Cli, reads_whose_code_is_wanted) {
  const std::string id(32, 'a');
  const auto of = [](const Parsed& parsed) { return std::get<WechatCode>(std::get<Command>(parsed).action).of; };
  const auto station = parse({"wechat", "qr", "--station", id.c_str()});
  ASSERT_TRUE(is<WechatCode>(station));
  EXPECT_EQ(std::get<base::StationId>(of(station)), base::StationId::parse(id));
  const auto session = parse({"wechat", "qr", "--session", id.c_str(), "--config", "a.toml"});
  ASSERT_TRUE(is<WechatCode>(session));
  EXPECT_EQ(std::get<base::SessionId>(of(session)), base::SessionId::parse(id));
}

TEST(Cli, refuses_a_code_of_nothing_of_both_and_of_no_id) {
  const std::string id(32, 'a');
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{"wechat", "qr"},
                                             {"wechat", "qr", "--station", id.c_str(), "--session", id.c_str()},
                                             {"wechat", "qr", "--station", "door"},
                                             {"wechat", "qr", "--session", "door"},
                                             {"wechat"}}) {
    const auto parsed = parse(arguments);
    ASSERT_TRUE(std::holds_alternative<Usage>(parsed));
    EXPECT_EQ(std::get<Usage>(parsed).status, 2);
  }
}

TEST(Cli, reads_the_file_of_a_menu) {
  const auto parsed = parse({"wechat", "menu", "--file", "menu.json"});
  ASSERT_TRUE(is<WechatMenu>(parsed));
  EXPECT_EQ(std::get<WechatMenu>(std::get<Command>(parsed).action).file, "menu.json");
}

TEST(Cli, takes_the_configuration_before_and_behind_the_command) {
  const std::vector<const char*> forms[] = {
      {"--config", "a.toml", "--set", "http.port=1", "--set", "log.level=off", "serve"},
      {"serve", "--config", "a.toml", "--set", "http.port=1", "--set", "log.level=off"},
      {"config", "check", "--set", "http.port=1", "--set=log.level=off", "--config=a.toml"},
  };
  for (const auto& form : forms) {
    const auto parsed = parse(form);
    ASSERT_TRUE(std::holds_alternative<Command>(parsed));
    const auto& command = std::get<Command>(parsed);
    EXPECT_EQ(command.config_file, "a.toml");
    EXPECT_EQ(command.options, (std::vector<std::string>{"http.port=1", "log.level=off"}));
  }
}

TEST(Cli, reads_an_admin_account_that_is_to_be_created) {
  const std::string id(32, 'a');
  const auto parsed = parse({"admin", "create", "--username", "door", "--role", "staff", "--password-file", "-",
                             "--station", id.c_str(), "--if-missing", "--config", "a.toml"});
  ASSERT_TRUE(is<AdminCreate>(parsed));
  const auto& admin = std::get<AdminCreate>(std::get<Command>(parsed).action);
  EXPECT_EQ(admin.username, "door");
  EXPECT_EQ(admin.role, domain::Role::staff);
  EXPECT_EQ(admin.station_id, base::StationId::parse(id));
  EXPECT_EQ(admin.password_file, "-");
  EXPECT_TRUE(admin.if_missing);
}

TEST(Cli, reads_what_an_examination_is_told) {
  const std::string seal = "17:" + std::string(64, 'b');
  const auto parsed = parse({"verify", "--seal", seal.c_str(), "--patience", "3", "--no-gates"});
  ASSERT_TRUE(is<Verify>(parsed));
  const auto& verify = std::get<Verify>(std::get<Command>(parsed).action);
  EXPECT_EQ(verify.seal_number, 17U);
  EXPECT_EQ(verify.seal_hash, std::string(64, 'b'));
  EXPECT_EQ(verify.patience_s, 3);
  EXPECT_FALSE(verify.gates);
  EXPECT_TRUE(std::get<Verify>(std::get<Command>(parse({"verify"})).action).gates);
}

TEST(Cli, a_seal_is_a_number_and_a_hash) {
  const std::string hash(64, 'b');
  for (const std::string& seal : {std::string("17"), "17:" + hash + "b", "0:" + hash, "x:" + hash, ":" + hash,
                                  "17:" + std::string(64, 'g'), "17 :" + hash}) {
    const auto parsed = parse({"verify", "--seal", seal.c_str()});
    ASSERT_TRUE(std::holds_alternative<Usage>(parsed)) << seal;
    EXPECT_EQ(std::get<Usage>(parsed).status, 2);
    EXPECT_NE(std::get<Usage>(parsed).text.find("--seal"), std::string::npos);
  }
  EXPECT_TRUE(std::holds_alternative<Usage>(parse({"verify", "--patience", "0"})));
}

struct BadCase {
  std::vector<const char*> arguments;
  std::string what;
};

TEST(Cli, wrong_arguments_are_told_with_the_usage_and_status_2) {
  static const std::string id(32, 'a');
  const char* station = id.c_str();
  const BadCase cases[] = {
      {{}, "subcommand is required"},
      {{"swerve"}, "swerve"},
      {{"serve", "now"}, "now"},
      {{"serve", "--port", "1"}, "--port"},
      {{"admin"}, "subcommand is required"},
      {{"config"}, "subcommand is required"},
      {{"serve", "--config"}, "--config"},
      {{"admin", "create", "--username", "door", "--role", "staff"}, "--password-file"},
      {{"admin", "create", "--username", "Door", "--role", "town_admin", "--password-file", "-"}, "--username"},
      {{"admin", "create", "--username", "ab", "--role", "town_admin", "--password-file", "-"}, "3 to 32 characters"},
      {{"admin", "create", "--username", "door", "--role", "boss", "--password-file", "-"}, "--role: must be"},
      {{"admin", "create", "--username", "door", "--role", "staff", "--password-file", "-"}, "--station is required"},
      {{"admin", "create", "--username", "door", "--role", "staff", "--password-file", "-", "--station", "ZL"},
       "32 hex digits"},
      {{"admin", "create", "--username", "door", "--role", "town_admin", "--password-file", "-", "--station", station},
       "belongs to no station"},
  };
  for (const auto& c : cases) {
    const auto parsed = parse(c.arguments);
    ASSERT_TRUE(std::holds_alternative<Usage>(parsed)) << c.what;
    const auto& usage = std::get<Usage>(parsed);
    EXPECT_EQ(usage.status, 2);
    EXPECT_NE(usage.text.find(c.what), std::string::npos) << usage.text;
    EXPECT_NE(usage.text.find("Usage: zhonglou"), std::string::npos) << usage.text;
  }
}

TEST(Cli, help_and_version_are_no_errors) {
  for (const auto& arguments : {std::vector<const char*>{"--help"}, {"admin", "create", "--help"}, {"--version"}}) {
    const auto parsed = parse(arguments);
    ASSERT_TRUE(std::holds_alternative<Usage>(parsed));
    EXPECT_EQ(std::get<Usage>(parsed).status, 0);
    EXPECT_FALSE(std::get<Usage>(parsed).text.empty());
  }
  EXPECT_EQ(std::get<Usage>(parse({"--version"})).text, "zhonglou " + std::string(version) + "\n");
}

TEST(Cli, the_variable_names_the_file_where_the_option_does_not) {
  Command command;
  EXPECT_EQ(sources_of(command, {}).file, std::nullopt);
  EXPECT_EQ(sources_of(command, {{"ZHONGLOU_CONFIG", "variable.toml"}}).file, "variable.toml");
  command.config_file = "option.toml";
  EXPECT_EQ(sources_of(command, {{"ZHONGLOU_CONFIG", "variable.toml"}}).file, "option.toml");
}

std::optional<std::string> password_from(const std::string& input) {
  std::istringstream stream(input);
  std::string why;
  auto password = read_password("-", stream, why);
  EXPECT_EQ(password.has_value(), why.empty()) << why;
  return password;
}

TEST(PasswordInput, takes_the_first_line_as_it_is) {
  EXPECT_EQ(password_from(" with spaces \nignored"), " with spaces ");
  EXPECT_EQ(password_from("zhonglou-demo\r\n"), "zhonglou-demo");
  EXPECT_EQ(password_from("without-an-end"), "without-an-end");
}

TEST(PasswordInput, refuses_what_no_account_may_have) {
  EXPECT_EQ(password_from(""), std::nullopt);
  EXPECT_EQ(password_from("too-short\n"), std::nullopt);
  EXPECT_EQ(password_from(std::string(129, 'p')), std::nullopt);
  EXPECT_EQ(password_from("control\x01sign"), std::nullopt);
  EXPECT_EQ(password_from("not-utf-8-\xff\xff"), std::nullopt);
  EXPECT_EQ(password_from(std::string(128, 'p')), std::string(128, 'p'));
}

TEST(PasswordInput, reads_a_file_and_says_why_it_cannot) {
  const test::TemporaryFolder folder;
  std::istringstream unused;
  std::string why;
  EXPECT_EQ(read_password(folder.write("password", "zhonglou-demo\n"), unused, why), "zhonglou-demo");
  EXPECT_EQ(read_password(folder.path("absent"), unused, why), std::nullopt);
  EXPECT_TRUE(why.starts_with(folder.path("absent") + " can't be read")) << why;
}

}  // namespace
}  // namespace zl::server
