#include "app/tokens.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "support/samples.hpp"

namespace zl::app {
namespace {

using std::chrono::hours;
using test::id_of;
using test::opening;

const std::string key_one = "the first key of thirty-two bytes";
const std::string key_two = "the other key of thirty-two bytes";

Claims of_user() {
  Claims claims;
  claims.account = id_of<base::AccountId>(1);
  claims.token = id_of<base::TokenId>(2);
  claims.version = 3;
  claims.expires_at = opening + hours(1);
  return claims;
}

Claims of_staff(domain::Role role) {
  Claims claims = of_user();
  claims.role = role;
  claims.station = id_of<base::StationId>(4);
  return claims;
}

void expect_same(const Claims& checked, const Claims& signed_claims) {
  EXPECT_EQ(checked.account, signed_claims.account);
  EXPECT_EQ(checked.token, signed_claims.token);
  EXPECT_EQ(checked.version, signed_claims.version);
  EXPECT_EQ(checked.expires_at, signed_claims.expires_at);
  EXPECT_EQ(checked.role, signed_claims.role);
  EXPECT_EQ(checked.station, signed_claims.station);
}

TEST(Token, gives_its_claims_back) {
  const TokenKeys keys(key_one, "");
  std::vector<Claims> all = {of_user()};
  for (const auto role :
       {domain::Role::town_admin, domain::Role::station_admin, domain::Role::staff, domain::Role::auditor}) {
    all.push_back(of_staff(role));
  }
  all.back().station.reset();
  for (const Claims& claims : all) {
    const auto checked = keys.check(keys.sign(claims), opening);
    ASSERT_TRUE(checked);
    expect_same(*checked, claims);
  }
}

TEST(Token, is_good_until_the_moment_it_expires) {
  const TokenKeys keys(key_one, "");
  const std::string token = keys.sign(of_user());
  EXPECT_TRUE(keys.check(token, of_user().expires_at - base::Milliseconds(1)));
  EXPECT_FALSE(keys.check(token, of_user().expires_at));
  EXPECT_FALSE(keys.check(token, of_user().expires_at + hours(1000)));
}

TEST(Token, lives_through_one_rotation_of_the_key) {
  const std::string token = TokenKeys(key_one, "").sign(of_user());
  EXPECT_TRUE(TokenKeys(key_two, key_one).check(token, opening));
  EXPECT_FALSE(TokenKeys(key_two, "").check(token, opening));
  EXPECT_FALSE(TokenKeys("a third key with thirty-two bytes", key_two).check(token, opening));
}

TEST(Token, is_signed_with_the_current_key) {
  const std::string token = TokenKeys(key_two, key_one).sign(of_user());
  EXPECT_TRUE(TokenKeys(key_two, "").check(token, opening));
  EXPECT_FALSE(TokenKeys(key_one, "").check(token, opening));
}

TEST(Token, is_none_with_any_bit_of_any_byte_flipped) {
  const TokenKeys keys(key_one, key_two);
  const std::string token = keys.sign(of_staff(domain::Role::staff));
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string forged = token;
      forged[i] = static_cast<char>(static_cast<unsigned char>(forged[i]) ^ (1U << static_cast<unsigned>(bit)));
      EXPECT_FALSE(keys.check(forged, opening)) << i << " " << bit;
    }
  }
}

TEST(Token, is_none_when_truncated_or_longer) {
  const TokenKeys keys(key_one, "");
  const std::string token = keys.sign(of_user());
  for (std::size_t length = 0; length < token.size(); ++length) {
    EXPECT_FALSE(keys.check(token.substr(0, length), opening)) << length;
    EXPECT_FALSE(keys.check(token.substr(length), opening) && length > 0) << length;
  }
  EXPECT_FALSE(keys.check(token + "A", opening));
  EXPECT_FALSE(keys.check(token + "=", opening));
  EXPECT_FALSE(keys.check(token + std::string(1000, 'A'), opening));
}

TEST(Token, of_another_kind_is_none) {
  const TokenKeys keys(key_one, "");
  std::string token = keys.sign(of_user());
  EXPECT_FALSE(keys.check("zt2" + token.substr(3), opening));
  EXPECT_FALSE(keys.check("z1." + token.substr(4), opening));
  for (const char* text :
       {"", ".", "zt1.", "zt1..", "zt1.AAAA", "zt1.AAAA.", "zt1..AAAA", "zt1.AAAA.AAAA", "eyJhbGciOiJub25lIn0.e30."}) {
    EXPECT_FALSE(keys.check(text, opening)) << text;
  }
}

constexpr base::Milliseconds lifetime = hours(24);

TEST(VoidedTokens, are_those_of_lower_versions) {
  VoidedTokenList list;
  EXPECT_FALSE(list.is_void(of_user()));
  list.raise(id_of<base::AccountId>(1), 3, opening);
  EXPECT_FALSE(list.is_void(of_user()));
  list.raise(id_of<base::AccountId>(1), 4, opening);
  EXPECT_TRUE(list.is_void(of_user()));
  list.raise(id_of<base::AccountId>(1), 2, opening);
  EXPECT_TRUE(list.is_void(of_user())) << "a version never falls";
  Claims somebody = of_user();
  somebody.account = id_of<base::AccountId>(5);
  EXPECT_FALSE(list.is_void(somebody));
}

TEST(VoidedTokens, are_those_that_were_ended) {
  VoidedTokenList list;
  list.end(id_of<base::TokenId>(2), of_user().expires_at);
  EXPECT_TRUE(list.is_void(of_user()));
  Claims other = of_user();
  other.token = id_of<base::TokenId>(3);
  EXPECT_FALSE(list.is_void(other));
}

TEST(VoidedTokens, are_forgotten_when_no_token_can_live_any_more) {
  VoidedTokenList list;
  list.end(id_of<base::TokenId>(2), opening + hours(1));
  list.raise(id_of<base::AccountId>(1), 4, opening);
  list.forget_expired(opening + hours(1) - base::Milliseconds(1), lifetime);
  EXPECT_EQ(list.size(), 2U);
  list.forget_expired(opening + hours(1), lifetime);
  EXPECT_EQ(list.size(), 1U);
  list.forget_expired(opening + lifetime, lifetime);
  EXPECT_TRUE(list.is_void(of_user()));
  list.forget_expired(opening + lifetime + base::Milliseconds(1), lifetime);
  EXPECT_EQ(list.size(), 0U);
}

TEST(VoidedTokens, may_be_told_and_asked_on_many_threads) {
  VoidedTokenList list;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&list, t] {
      for (std::uint64_t i = 0; i < 500; ++i) {
        base::AccountId account;
        account.bytes[0] = static_cast<std::uint8_t>(i);
        account.bytes[1] = static_cast<std::uint8_t>(t);
        list.raise(account, 2, opening);
        Claims claims;
        claims.account = account;
        EXPECT_TRUE(list.is_void(claims));
        list.forget_expired(opening, lifetime);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(list.size(), 4U * 256U);
}

}  // namespace
}  // namespace zl::app
