#include "base/outcome.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace zl::base {
namespace {

TEST(Outcome, is_done_with_a_value) {
  const Outcome<int> outcome = 7;
  EXPECT_TRUE(outcome && outcome.is_done());
  EXPECT_FALSE(outcome.is_refused() || outcome.is_unknown());
  EXPECT_EQ(*outcome, 7);
}

TEST(Outcome, is_refused_with_a_code) {
  const Outcome<int> outcome = Code::not_found;
  EXPECT_FALSE(outcome || outcome.is_done() || outcome.is_unknown());
  ASSERT_TRUE(outcome.is_refused());
  EXPECT_EQ(outcome.refused().code, Code::not_found);
}

TEST(Outcome, that_is_unknown_is_neither_done_nor_refused) {
  const Outcome<int> outcome = Unknown{"timeout"};
  EXPECT_FALSE(outcome || outcome.is_done() || outcome.is_refused());
  ASSERT_TRUE(outcome.is_unknown());
  EXPECT_EQ(outcome.unknown().cause, "timeout");
}

TEST(Outcome, that_holds_false_or_nothing_is_done_all_the_same) {
  EXPECT_TRUE(Outcome<bool>(false).is_done());
  EXPECT_TRUE(Outcome<std::optional<int>>(std::nullopt).is_done());
}

TEST(Outcome, keeps_its_reason_when_the_value_type_changes) {
  const Refused reason{Code::invalid_request, "detail", {{"/name", "too long", "1..50"}}, 3};
  const auto refused = Outcome<int>(reason).as<std::string>();
  ASSERT_TRUE(refused.is_refused());
  EXPECT_EQ(refused.refused().detail, "detail");
  EXPECT_EQ(refused.refused().fields.at(0).pointer, "/name");
  EXPECT_EQ(refused.refused().retry_after_s, 3);
  const auto unknown = Outcome<int>(Unknown{"timeout"}).as<std::string>();
  ASSERT_TRUE(unknown.is_unknown());
  EXPECT_EQ(unknown.unknown().cause, "timeout");
}

TEST(Outcome, hands_out_values_that_only_move) {
  Outcome<std::unique_ptr<int>> outcome(std::make_unique<int>(7));
  const std::unique_ptr<int> value = std::move(outcome).value();
  EXPECT_EQ(*value, 7);
}

TEST(Refused, starts_as_an_internal_error) {
  EXPECT_EQ(Refused{}.code, Code::internal);
}

}  // namespace
}  // namespace zl::base
