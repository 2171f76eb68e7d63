#include "server/settings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "server/values.hpp"

namespace zl::server {
namespace {

TEST(Settings, keys_are_unique_and_stand_in_their_sections_in_order) {
  std::set<std::string_view> keys;
  std::vector<std::string_view> order;
  for (const auto& setting : settings()) {
    EXPECT_TRUE(keys.insert(setting.key).second) << setting.key;
    if (order.empty() || order.back() != section_of(setting.key)) order.push_back(section_of(setting.key));
  }
  std::vector<std::string_view> names;
  for (const auto& section : sections()) names.push_back(section.name);
  EXPECT_EQ(order, names);
}

TEST(Settings, no_key_reads_as_the_file_of_a_secret) {
  for (const auto& setting : settings()) {
    EXPECT_EQ(find_setting(std::string(setting.key) + "_file"), nullptr) << setting.key;
  }
}

TEST(Settings, every_default_keeps_to_its_own_limit) {
  for (const auto& setting : settings()) {
    if (std::holds_alternative<SecretType>(setting.type)) continue;
    std::vector<Fault> faults;
    resolve(std::vector<Given>{{std::string(setting.key), default_value(setting), SourceKind::file, "test"}},
            Purpose::serve, faults);
    EXPECT_TRUE(faults.empty()) << setting.key;
  }
}

TEST(Settings, numbers_with_a_direction_say_both_and_have_a_unit_that_the_key_repeats) {
  for (const auto& setting : settings()) {
    EXPECT_TRUE(setting.what.ends_with('.')) << setting.key;
    EXPECT_EQ(setting.larger.empty(), setting.smaller.empty()) << setting.key;
    const auto* integer = std::get_if<IntegerType>(&setting.type);
    if (integer == nullptr) continue;
    for (const std::string_view unit : {"ms", "s", "bytes", "minutes"}) {
      if (integer->unit == unit) EXPECT_TRUE(setting.key.ends_with("_" + std::string(unit))) << setting.key;
    }
  }
}

TEST(Settings, toml_text_escapes_what_would_end_or_break_the_string) {
  EXPECT_EQ(toml_text(Value(std::string("a\"b\\c\nd"))), R"("a\"b\\c\u000Ad")");
  EXPECT_EQ(toml_text(Value(std::vector<std::string>{"a", "b"})), R"(["a", "b"])");
  EXPECT_EQ(toml_text(Value(std::int64_t{-3})), "-3");
  EXPECT_EQ(toml_text(Value(true)), "true");
}

}  // namespace
}  // namespace zl::server
