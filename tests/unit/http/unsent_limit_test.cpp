// What is answered and not taken: bounded in all, and no client has more than what is left for the others.
#include "http/unsent_limit.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace zl::http {
namespace {

using Shares = std::vector<UnsentLimit::Share>;

/// Takes pieces until there is no room; how much that was.
std::size_t fill(UnsentLimit& limit, const std::string& address, std::size_t piece, Shares& shares) {
  std::size_t bytes = 0;
  while (auto share = limit.take(address, piece)) {
    shares.push_back(*std::move(share));
    bytes += piece;
  }
  return bytes;
}

TEST(UnsentLimit, one_client_has_half_and_the_next_half_of_the_rest) {
  UnsentLimit limit(1000);
  Shares shares;
  EXPECT_EQ(fill(limit, "10.0.0.1", 10, shares), 500U);
  EXPECT_EQ(fill(limit, "10.0.0.2", 10, shares), 250U);
  EXPECT_EQ(fill(limit, "10.0.0.1", 10, shares), 0U);
  EXPECT_EQ(limit.held(), 750U);
  EXPECT_EQ(limit.refused(), 3U);
}

TEST(UnsentLimit, however_many_come_the_sum_stays_below_it) {
  UnsentLimit limit(1'000'000);
  Shares shares;
  for (int client = 0; client < 100; ++client) fill(limit, "10.0.0." + std::to_string(client), 1000, shares);
  EXPECT_LE(limit.held(), 1'000'000U);
  EXPECT_GE(limit.held(), 990'000U);
}

TEST(UnsentLimit, what_is_given_back_is_there_again) {
  UnsentLimit limit(1000);
  Shares shares;
  fill(limit, "10.0.0.1", 100, shares);
  shares.pop_back();
  EXPECT_EQ(limit.held(), 400U);
  EXPECT_TRUE(limit.take("10.0.0.1", 100).has_value());
  shares.clear();
  EXPECT_EQ(limit.held(), 0U);
  EXPECT_EQ(fill(limit, "10.0.0.1", 500, shares), 500U);
}

TEST(UnsentLimit, addresses_of_one_network_are_one_client) {
  UnsentLimit limit(1000);
  Shares shares;
  EXPECT_EQ(fill(limit, "2001:db8::1", 100, shares), 500U);
  EXPECT_EQ(fill(limit, "2001:db8::2", 100, shares), 0U);
}

}  // namespace
}  // namespace zl::http
