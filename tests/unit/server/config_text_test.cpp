#include "server/config_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "server/config_check.hpp"

namespace zl::server {
namespace {

// ctest runs in the source folder.
const std::string template_path = "config/zhonglou.toml";

const std::vector<std::pair<std::string, std::string>> secrets = {{"ZHONGLOU_MYSQL__PASSWORD", "hidden"},
                                                                  {"ZHONGLOU_AUTH__TOKEN_KEY", std::string(64, 'a')}};

TEST(ConfigTemplate, the_file_in_the_repository_is_what_the_program_prints) {
  std::ifstream stream(template_path);
  std::ostringstream text;
  text << stream.rdbuf();
  EXPECT_EQ(text.str(), config_template()) << "zhonglou config template > " << template_path;
}

TEST(ConfigTemplate, parses_without_a_fault_and_changes_no_default) {
  const auto from_file = load_config({template_path, secrets, {}}, Purpose::serve);
  const auto defaults = load_config({{}, secrets, {}}, Purpose::serve);
  EXPECT_EQ(describe(from_file.faults), "");
  for (const auto& setting : settings()) {
    EXPECT_EQ(from_file.values.value(setting.key), defaults.values.value(setting.key)) << setting.key;
  }
}

TEST(ConfigTemplate, names_every_setting_once_and_nothing_else) {
  std::vector<Fault> faults;
  const auto given = collect_toml(config_template(), "template", faults);
  ASSERT_TRUE(faults.empty());
  std::size_t plain = 0;
  for (const auto& setting : settings()) {
    const auto times = std::ranges::count(given, setting.key, &Given::key);
    const bool secret = std::holds_alternative<SecretType>(setting.type);
    EXPECT_EQ(times, secret ? 0 : 1) << setting.key;
    plain += secret ? 0 : 1;
    if (secret) {
      const auto line = "\n# " + std::string(name_in_section(setting.key)) + "_file = ";
      EXPECT_NE(config_template().find(line), std::string::npos) << setting.key;
    }
  }
  EXPECT_EQ(given.size(), plain);
}

TEST(ConfigCheck, prints_ok_and_every_setting_with_its_source) {
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(check_config({{}, secrets, {"http.port=8081"}}, out, err), 0);
  EXPECT_TRUE(out.str().starts_with("configuration ok\n"));
  EXPECT_NE(out.str().find("\nhttp.port = 8081  # option --set\n"), std::string::npos);
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(out.str(), '\n')), settings().size() + 1);
  EXPECT_EQ(err.str(), "");
}

TEST(ConfigCheck, prints_all_faults_and_fails) {
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(check_config({{}, {}, {"http.port=x"}}, out, err), 1);
  EXPECT_EQ(out.str(), "");
  EXPECT_EQ(std::ranges::count(err.str(), '\n'), 3);
  EXPECT_NE(err.str().find("http.port (option --set): must be a whole number"), std::string::npos);
}

}  // namespace
}  // namespace zl::server
