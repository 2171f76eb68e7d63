#include "domain/violation.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace zl::domain {
namespace {

using base::Code;

const std::vector<Violation> by_weight = {Closed{},       NotOpen{},  Ineligible{}, AlreadyBooked{},
                                          LimitReached{}, Overlaps{}, SoldOut{}};
const std::vector<Code> codes_by_weight = {Code::closed,        Code::not_open, Code::ineligible, Code::already_booked,
                                           Code::limit_reached, Code::overlaps, Code::sold_out};

TEST(Violation, has_the_code_of_its_kind) {
  for (std::size_t i = 0; i < by_weight.size(); ++i) EXPECT_EQ(code_of(by_weight[i]), codes_by_weight[i]);
}

TEST(TopCode, is_the_weightiest_of_any_two) {
  for (std::size_t i = 0; i < by_weight.size(); ++i) {
    for (std::size_t j = 0; j < by_weight.size(); ++j) {
      EXPECT_EQ(top_code({by_weight[i], by_weight[j]}), codes_by_weight[std::min(i, j)]);
    }
  }
}

TEST(SortByWeight, orders_whatever_came_in) {
  std::vector<Violation> violations(by_weight.rbegin(), by_weight.rend());
  sort_by_weight(violations);
  std::vector<Code> codes(violations.size());
  std::ranges::transform(violations, codes.begin(), code_of);
  EXPECT_EQ(codes, codes_by_weight);
}

TEST(SortByWeight, keeps_the_order_of_equals) {
  std::vector<Violation> violations{LimitReached{CapScope::attendee, 1, 1, false}, Closed{},
                                    LimitReached{CapScope::user, 2, 2, false}};
  sort_by_weight(violations);
  EXPECT_EQ(std::get<LimitReached>(violations.at(1)).scope, CapScope::attendee);
  EXPECT_EQ(std::get<LimitReached>(violations.at(2)).scope, CapScope::user);
}

TEST(Provisional, is_what_rests_on_an_uncommitted_hold) {
  for (const Violation& violation : by_weight) EXPECT_FALSE(is_provisional(violation));
  EXPECT_TRUE(is_provisional(AlreadyBooked{{}, true}));
  EXPECT_TRUE(is_provisional(LimitReached{CapScope::user, 1, 1, true}));
  EXPECT_TRUE(is_provisional(Overlaps{{}, true}));
  EXPECT_TRUE(is_provisional(SoldOut{{}, true}));
}

TEST(TopCodeDeathTest, of_nothing_is_a_programmers_error) {
  EXPECT_DEATH(top_code({}), "at least one violation");
}

}  // namespace
}  // namespace zl::domain
