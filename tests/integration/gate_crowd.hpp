// Many who want a seat at once.
#pragma once

#include <cstdint>
#include <vector>

#include "support/samples.hpp"

namespace zl::redis {

/// Wishes of different people for one activity.
inline std::vector<domain::BookingWish> crowd(std::uint64_t count, std::uint64_t activity = 1) {
  std::vector<domain::BookingWish> wishes;
  for (std::uint64_t i = 1; i <= count; ++i) wishes.push_back(test::sample_wish(100 * activity + i, activity, i));
  return wishes;
}

}  // namespace zl::redis
