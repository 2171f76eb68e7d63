#include "server/sources.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "unit/server/temporary_folder.hpp"

namespace zl::server {
namespace {

const Value& value_of(const Given& given) {
  return std::get<Value>(given.value);
}

TEST(Sources, a_document_gives_its_entries_with_types_and_lines) {
  std::vector<Fault> faults;
  const auto given = collect_toml(
      "[http]\n"
      "port = 8081\n"
      "reuse_port = true\n"
      "trusted_proxies = ['10.0.0.1', '10.0.0.2']\n"
      "public_url = 'http://localhost'\n",
      "a.toml", faults);
  ASSERT_TRUE(faults.empty());
  ASSERT_EQ(given.size(), 4u);
  for (const auto& one : given) {
    if (one.key == "http.port") {
      EXPECT_EQ(value_of(one), Value(std::int64_t{8081}));
      EXPECT_EQ(one.origin, "a.toml, line 2");
    } else if (one.key == "http.reuse_port") {
      EXPECT_EQ(value_of(one), Value(true));
    } else if (one.key == "http.trusted_proxies") {
      EXPECT_EQ(value_of(one), Value(std::vector<std::string>{"10.0.0.1", "10.0.0.2"}));
    } else {
      EXPECT_EQ(value_of(one), Value(std::string("http://localhost")));
    }
  }
}

TEST(Sources, types_that_no_setting_has_are_kept_as_unusable) {
  for (const char* text : {"1.5", "2026-07-06", "{}", "[1]", "[['a']]", "inf"}) {
    std::vector<Fault> faults;
    const auto given = collect_toml(std::string("[http]\nport = ") + text, "a.toml", faults);
    ASSERT_EQ(given.size(), 1u) << text;
    EXPECT_TRUE(std::holds_alternative<Unusable>(given.front().value)) << text;
  }
}

TEST(Sources, an_unknown_section_is_a_fault_even_when_it_is_empty) {
  for (const char* text : {"[htpp]\n", "[htpp]\nport = 1\n", "port = 1\n", "[[http]]\nport = 1\n"}) {
    std::vector<Fault> faults;
    EXPECT_TRUE(collect_toml(text, "a.toml", faults).empty()) << text;
    ASSERT_EQ(faults.size(), 1u) << text;
    EXPECT_EQ(faults.front().origin, "a.toml, line 1") << text;
  }
}

TEST(Sources, what_is_not_toml_is_one_fault_with_its_line) {
  for (const char* text : {"[http]\nport = = 1", "[http]\nport = 1\nport = 2", "[http]\npublic_url = \"\xff\""}) {
    std::vector<Fault> faults;
    EXPECT_TRUE(collect_toml(text, "a.toml", faults).empty());
    ASSERT_EQ(faults.size(), 1u) << text;
    EXPECT_EQ(faults.front().subject, "a.toml");
    EXPECT_TRUE(faults.front().text.starts_with("is not valid TOML")) << faults.front().text;
  }
}

TEST(Sources, a_file_that_cannot_be_read_is_a_fault) {
  const test::TemporaryFolder folder;
  const auto pipe = folder.path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const auto& path : {folder.path("absent.toml"), folder.path(""), pipe,
                           folder.write("large.toml", std::string((1 << 20) + 1, '#'))}) {
    std::vector<Fault> faults;
    EXPECT_TRUE(collect({path, {}, {}}, faults).empty());
    ASSERT_EQ(faults.size(), 1u) << path;
    EXPECT_EQ(faults.front().subject, path);
  }
}

TEST(Sources, file_environment_and_options_follow_each_other) {
  const test::TemporaryFolder folder;
  const auto file = folder.write("a.toml", "[http]\nport = 1\n");
  std::vector<Fault> faults;
  const auto given = collect({file, {{"ZHONGLOU_HTTP__PORT", "2"}}, {"http.port=3", "http.port="}}, faults);
  ASSERT_TRUE(faults.empty());
  ASSERT_EQ(given.size(), 4u);
  EXPECT_EQ(given[0].kind, SourceKind::file);
  EXPECT_EQ(given[1].kind, SourceKind::environment);
  EXPECT_EQ(given[1].origin, "environment, ZHONGLOU_HTTP__PORT");
  EXPECT_EQ(given[2].kind, SourceKind::option);
  EXPECT_EQ(std::get<Written>(given[2].value).text, "3");
  EXPECT_EQ(std::get<Written>(given[3].value).text, "");
  for (const auto& one : given) EXPECT_EQ(one.key, "http.port");
}

TEST(Sources, a_variable_of_another_shape_is_a_fault_and_that_of_the_file_is_none) {
  std::vector<Fault> faults;
  const auto given = collect({{},
                              {{"ZHONGLOU_CONFIG", "x"},
                               {"ZHONGLOU_PORT", "1"},
                               {"ZHONGLOU_http__port", "1"},
                               {"ZHONGLOU_MYSQL_MIGRATE__USER", "u"}},
                              {}},
                             faults);
  ASSERT_EQ(given.size(), 1u);
  EXPECT_EQ(given.front().key, "mysql_migrate.user");
  ASSERT_EQ(faults.size(), 2u);
  EXPECT_EQ(faults[0].subject, "ZHONGLOU_PORT");
  EXPECT_EQ(faults[1].subject, "ZHONGLOU_http__port");
}

TEST(Sources, an_option_without_a_value_is_a_fault) {
  std::vector<Fault> faults;
  EXPECT_TRUE(collect({{}, {}, {"http.port"}}, faults).empty());
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults.front().origin, "option --set");
}

}  // namespace
}  // namespace zl::server
