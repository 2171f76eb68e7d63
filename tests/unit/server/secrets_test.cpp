// Secrets: which command needs which, their files, and that they are never shown.
#include <gtest/gtest.h>

#include "server/config.hpp"
#include "server/config_text.hpp"
#include "unit/server/temporary_folder.hpp"

namespace zl::server {
namespace {

const std::string key(64, 'a');

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
  const auto password = folder.write("password", " s e \t\r\n", 0640);
  const auto token_key = folder.write("token_key", key + "\n");
  const auto file = folder.write(
      "a.toml", "[mysql]\npassword_file = '" + password + "'\n[auth]\ntoken_key_file = '" + token_key + "'\n");
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
    const auto loaded = load_config({{}, {}, {"mysql.password=p", "auth.token_key_file=" + path}}, Purpose::serve);
    ASSERT_EQ(loaded.faults.size(), 1u) << describe(loaded.faults);
    EXPECT_EQ(loaded.faults.front(), (Fault{"auth.token_key_file", "option --set", "names " + path + ", " + c.fault}));
  }
}

TEST(Secrets, an_absent_file_is_one_fault_and_not_also_a_missing_secret) {
  const test::TemporaryFolder folder;
  const auto path = folder.path("absent");
  const auto faults = load_config({{}, {}, {"mysql.password=p", "auth.token_key_file=" + path}}, Purpose::serve).faults;
  ASSERT_EQ(faults.size(), 1u) << describe(faults);
  EXPECT_TRUE(faults.front().text.starts_with("names " + path + ", which can't be read")) << faults.front().text;
}

TEST(Secrets, both_forms_in_one_source_are_a_fault_and_a_later_source_wins) {
  const test::TemporaryFolder folder;
  const auto path = folder.write("password", "from-file");
  const auto both = load_config(
      {{}, {}, {"auth.token_key=" + key, "mysql.password=given", "mysql.password_file=" + path}}, Purpose::serve);
  ASSERT_EQ(both.faults.size(), 1u) << describe(both.faults);
  EXPECT_EQ(both.faults.front().text, "stands beside mysql.password: give one of both");

  const auto later = load_config(
      {{}, {{"ZHONGLOU_MYSQL__PASSWORD", "given"}}, {"auth.token_key=" + key, "mysql.password_file=" + path}},
      Purpose::serve);
  EXPECT_EQ(describe(later.faults), "");
  EXPECT_EQ(later.config.mysql.password, "from-file");
}

TEST(Secrets, are_never_shown) {
  const std::string bad_key = "0123456789-is-not-a-key";
  const auto good = load_config({{}, {}, {"mysql.password=hidden", "auth.token_key=" + key}}, Purpose::serve);
  const auto bad = load_config({{}, {}, {"mysql.password=hidden", "auth.token_key=" + bad_key}}, Purpose::serve);
  EXPECT_EQ(bad.faults.size(), 1u);
  for (const auto& text : {describe(good.values), describe(bad.values), describe(bad.faults)}) {
    EXPECT_EQ(text.find("hidden"), std::string::npos);
    EXPECT_EQ(text.find(key), std::string::npos);
    EXPECT_EQ(text.find(bad_key), std::string::npos);
  }
  EXPECT_NE(describe(good.values).find("mysql.password = ***  # option --set\n"), std::string::npos);
  EXPECT_NE(describe(good.values).find("redis.password = not set  # default\n"), std::string::npos);
}

}  // namespace
}  // namespace zl::server
