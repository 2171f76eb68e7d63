#include "domain/booking.hpp"

#include <gtest/gtest.h>

namespace zl::domain {
namespace {

TEST(GrantNumber, is_epoch_and_arrival_in_one) {
  const GrantNumber grant = GrantNumber::of(3, 7);
  EXPECT_EQ(grant.value, 3 * (std::uint64_t{1} << 40) + 7);
  EXPECT_EQ(grant.epoch(), 3U);
  EXPECT_EQ(grant.arrival(), 7U);
}

TEST(GrantNumber, of_a_later_epoch_is_above_every_earlier_one) {
  const std::uint64_t last_arrival = (std::uint64_t{1} << 40) - 1;
  EXPECT_LT(GrantNumber::of(1, last_arrival), GrantNumber::of(2, 0));
  EXPECT_LT(GrantNumber::of(2, 0), GrantNumber::of(2, 1));
  EXPECT_EQ(GrantNumber::of(1, last_arrival).epoch(), 1U);
}

TEST(Booking, counts_against_quotas_until_it_is_cancelled) {
  EXPECT_TRUE(is_active(BookingState::confirmed));
  EXPECT_TRUE(is_active(BookingState::waitlisted));
  EXPECT_TRUE(is_active(BookingState::offered));
  EXPECT_FALSE(is_active(BookingState::cancelled));
}

}  // namespace
}  // namespace zl::domain
