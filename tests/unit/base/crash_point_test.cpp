// What a build for production makes of a crash point.
#define ZL_CRASH_POINTS 0
#include "base/crash_point.hpp"

#include <gtest/gtest.h>

#include <set>

#define ZL_TEXT_OF(expansion) #expansion
#define ZL_TEXT(macro) ZL_TEXT_OF(macro)

namespace zl::base {
namespace {

TEST(CrashPoint, is_nothing_where_it_is_not_compiled_in) {
  EXPECT_STREQ(ZL_TEXT(ZL_CRASH_POINT("book.granted")), "static_cast<void>(0)");
}

TEST(CrashPoint, has_a_name_of_its_own) {
  EXPECT_EQ(std::set(crash_points.begin(), crash_points.end()).size(), crash_points.size());
  for (const std::string_view name : crash_points) EXPECT_NE(name.find('.'), std::string_view::npos) << name;
}

}  // namespace
}  // namespace zl::base
