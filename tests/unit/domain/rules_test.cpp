#include "domain/rules.hpp"

#include <gtest/gtest.h>

namespace zl::domain {
namespace {

TEST(Overlap, is_half_open_and_symmetric) {
  const Interval morning{{100}, {200}};
  struct Case {
    Interval other;
    bool expected;
  };
  for (const Case& c : {Case{{{0}, {100}}, false}, Case{{{200}, {300}}, false}, Case{{{0}, {101}}, true},
                        Case{{{199}, {300}}, true}, Case{{{100}, {200}}, true}, Case{{{120}, {130}}, true},
                        Case{{{0}, {1000}}, true}, Case{{{300}, {400}}, false}}) {
    EXPECT_EQ(overlap(morning, c.other), c.expected) << c.other.starts_at.unix_ms;
    EXPECT_EQ(overlap(c.other, morning), c.expected) << c.other.starts_at.unix_ms;
  }
}

TEST(Overlap, of_nothing_is_none) {
  EXPECT_FALSE(any_overlap({}, {}));
  EXPECT_FALSE(any_overlap({{{0}, {100}}}, {}));
}

TEST(Rules, without_caps_and_overlaps_need_no_look_at_other_bookings) {
  EXPECT_FALSE(Rules{}.look_at_other_bookings());
  EXPECT_FALSE((Rules{{}, {}, false, 24}).look_at_other_bookings());
  EXPECT_TRUE((Rules{1, {}, false, 0}).look_at_other_bookings());
  EXPECT_TRUE((Rules{{}, 1, false, 0}).look_at_other_bookings());
  EXPECT_TRUE((Rules{{}, {}, true, 0}).look_at_other_bookings());
}

}  // namespace
}  // namespace zl::domain
