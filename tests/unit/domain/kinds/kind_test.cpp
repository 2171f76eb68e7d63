#include "domain/kinds/kind.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace zl::domain {
namespace {

TEST(Kind, is_found_by_the_name_of_its_policy) {
  for (const Kind kind : {Kind::class_, Kind::camp}) {
    const KindPolicy& policy = policy_of(kind);
    EXPECT_EQ(policy.kind, kind);
    EXPECT_EQ(kind_named(policy.name), kind);
    EXPECT_GE(policy.sessions_min, 1U);
    EXPECT_LE(policy.sessions_max, base::limits::sessions_per_activity);
  }
  EXPECT_EQ(policy_of(Kind::class_).name, "class");
  EXPECT_EQ(policy_of(Kind::camp).name, "camp");
}

TEST(Kind, is_nothing_for_other_names) {
  for (const char* name : {"", "Class", "class ", "classes", "class_", "duty"}) {
    EXPECT_EQ(kind_named(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace zl::domain
