// Secrets: which command needs which, their files, and that they are never shown.
#include <gtest/gtest.h>

#include <algorithm>

#include "server/config.hpp"
#include "server/config_text.hpp"
#include "unit/server/temporary_folder.hpp"

namespace zl::server {
namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;

const std::string key(64, 'a');
const Variables password{{"ZHONGLOU_MYSQL__PASSWORD", "p"}};

std::vector<std::string> missing(Purpose purpose) {
  std::vector<std::string> subjects;
  for (const auto& fault : load_config({}, purpose).faults) subjects.push_back(fault.subject);
  return subjects;
}

TEST(Secrets, are_required_by_the_commands_that_use_them_only) {
  using Keys = std::vector<std::string>;
  EXPECT_EQ(missing(Purpose::serve), (Keys{"mysql.password", "auth.token_key"}));
  EXPECT_EQ(missing(Purpose::migrate), (Keys{"mysql_migrate.password"}));
  EXPECT_EQ(missing(Purpose::create_admin), (Keys{"mysql.password"}));
  EXPECT_EQ(missing(Purpose::operate), (Keys{"mysql.password"}));
}

TEST(Secrets, come_from_files_without_the_blanks_around_them) {
  const test::TemporaryFolder folder;
  const auto password_file = folder.write("password", " s e \t\r\n", 0640);
  const auto key_file = folder.write("token_key", key + "\n");
  const auto file = folder.write(
      "a.toml", "[mysql]\npassword_file = '" + password_file + "'\n[auth]\ntoken_key_file = '" + key_file + "'\n");
  const auto loaded = load_config({file, {}, {}}, Purpose::serve);
  EXPECT_EQ(describe(loaded.faults), "");
  EXPECT_EQ(loaded.config.mysql.password, "s e");
  EXPECT_EQ(loaded.config.auth.token_key, std::string(32, '\xaa'));
}

TEST(Secrets, of_other_commands_are_not_read) {
  const test::TemporaryFolder folder;
  const auto loaded = load_config({{},
                                   {{"ZHONGLOU_MYSQL_MIGRATE__PASSWORD_FILE", folder.path("unreadable")},
                                    {"ZHONGLOU_MYSQL__PASSWORD", "p"},
                                    {"ZHONGLOU_AUTH__TOKEN_KEY", key}},
                                   {}},
                                  Purpose::serve);
  EXPECT_EQ(describe(loaded.faults), "");
  EXPECT_EQ(loaded.config.mysql_migrate.password, "");
}

struct FileCase {
  std::string content;
  mode_t mode;
  std::string fault;
};

TEST(Secrets, a_file_that_is_open_to_the_world_empty_or_of_another_form_is_a_fault) {
  const FileCase cases[] = {
      {key, 0604, "which everybody may read: chmod o-rwx it"},
      {" \n", 0600, "which is empty"},
      {"not-a-key", 0600, "which must hold 64 hex digits (0-9, a-f)"},
      {std::string(5000, 'a'), 0600, "which is larger than 4096 bytes"},
  };
  for (const auto& c : cases) {
    const test::TemporaryFolder folder;
    const auto path = folder.write("secret", c.content, c.mode);
    const auto loaded = load_config({{}, password, {"auth.token_key_file=" + path}}, Purpose::serve);
    ASSERT_EQ(loaded.faults.size(), 1u) << describe(loaded.faults);
    EXPECT_EQ(loaded.faults.front(), (Fault{"auth.token_key_file", "option --set", "names " + path + ", " + c.fault}));
  }
}

TEST(Secrets, an_absent_file_is_one_fault_and_not_also_a_missing_secret) {
  const test::TemporaryFolder folder;
  const auto path = folder.path("absent");
  const auto faults = load_config({{}, password, {"auth.token_key_file=" + path}}, Purpose::serve).faults;
  ASSERT_EQ(faults.size(), 1u) << describe(faults);
  EXPECT_TRUE(faults.front().text.starts_with("names " + path + ", which can't be read")) << faults.front().text;
}

TEST(Secrets, both_forms_in_one_source_are_a_fault_and_a_later_source_wins) {
  const test::TemporaryFolder folder;
  const auto path = folder.write("password", "from-file");
  const auto both = load_config({{},
                                 {{"ZHONGLOU_AUTH__TOKEN_KEY", key},
                                  {"ZHONGLOU_MYSQL__PASSWORD", "given"},
                                  {"ZHONGLOU_MYSQL__PASSWORD_FILE", path}},
                                 {}},
                                Purpose::serve);
  ASSERT_EQ(both.faults.size(), 1u) << describe(both.faults);
  EXPECT_EQ(both.faults.front().text, "stands beside mysql.password: give one of both");

  const auto later = load_config(
      {{}, {{"ZHONGLOU_AUTH__TOKEN_KEY", key}, {"ZHONGLOU_MYSQL__PASSWORD", "given"}}, {"mysql.password_file=" + path}},
      Purpose::serve);
  EXPECT_EQ(describe(later.faults), "");
  EXPECT_EQ(later.config.mysql.password, "from-file");
}

TEST(Secrets, are_not_taken_from_options_which_everybody_on_the_machine_can_read) {
  for (const auto& setting : settings()) {
    if (!std::holds_alternative<SecretType>(setting.type)) continue;
    const std::string name(setting.key);
    for (const Purpose purpose : {Purpose::serve, Purpose::migrate, Purpose::wechat}) {
      const auto faults = load_config({{}, {}, {name + "=" + key}}, purpose).faults;
      const auto its = std::ranges::find(faults, name, &Fault::subject);
      ASSERT_NE(its, faults.end()) << name;
      EXPECT_EQ(to_line(*its), name + " (option --set): would stand in the process's arguments: use " + name + "_file");
      EXPECT_EQ(describe(faults).find(key), std::string::npos);
    }
  }
}

TEST(Secrets, are_never_shown) {
  const std::string bad_key = "0123456789-is-not-a-key";
  const auto with_key = [](const std::string& given) {
    return load_config({{}, {{"ZHONGLOU_MYSQL__PASSWORD", "hidden"}, {"ZHONGLOU_AUTH__TOKEN_KEY", given}}, {}},
                       Purpose::serve);
  };
  const auto good = with_key(key);
  const auto bad = with_key(bad_key);
  EXPECT_EQ(bad.faults.size(), 1u);
  for (const auto& text : {describe(good.values), describe(bad.values), describe(bad.faults)}) {
    EXPECT_EQ(text.find("hidden"), std::string::npos);
    EXPECT_EQ(text.find(key), std::string::npos);
    EXPECT_EQ(text.find(bad_key), std::string::npos);
  }
  EXPECT_NE(describe(good.values).find("mysql.password = ***  # environment, ZHONGLOU_MYSQL__PASSWORD\n"),
            std::string::npos);
  EXPECT_NE(describe(good.values).find("redis.password = not set  # default\n"), std::string::npos);
}

}  // namespace
}  // namespace zl::server
