#include "base/code.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace zl::base {
namespace {

TEST(Code, has_a_name_of_its_own) {
  std::set<std::string_view> names;
  for (int value = 1; value <= code_count; ++value) {
    const std::string_view text = name(static_cast<Code>(value));
    EXPECT_TRUE(names.insert(text).second) << text;
    EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; })) << text;
  }
}

TEST(Code, has_the_names_of_the_contract) {
  const std::set<std::string_view> contract = {"invalid_request",
                                               "unauthorized",
                                               "forbidden",
                                               "ineligible",
                                               "not_found",
                                               "method_not_allowed",
                                               "request_timeout",
                                               "length_required",
                                               "too_large",
                                               "unsupported_media_type",
                                               "header_too_large",
                                               "not_open",
                                               "closed",
                                               "sold_out",
                                               "already_booked",
                                               "limit_reached",
                                               "overlaps",
                                               "already_checked_in",
                                               "wrong_session",
                                               "invalid_state",
                                               "in_progress",
                                               "version_mismatch",
                                               "idempotency_conflict",
                                               "too_many_requests",
                                               "internal",
                                               "overloaded",
                                               "unavailable",
                                               "outcome_unknown"};
  std::set<std::string_view> names;
  for (int value = 1; value <= code_count; ++value) names.insert(name(static_cast<Code>(value)));
  EXPECT_EQ(names, contract);
}

TEST(Code, never_reads_as_success) {
  EXPECT_NE(static_cast<int>(Code::invalid_request), 0);
}

}  // namespace
}  // namespace zl::base
