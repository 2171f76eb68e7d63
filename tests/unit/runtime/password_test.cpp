#include "runtime/password.hpp"

#include <gtest/gtest.h>

#include "runtime/random_device.hpp"

namespace zl::runtime {
namespace {

constexpr std::string_view parameters = "$argon2id$v=19$m=19456,t=2,p=1$";

TEST(Password, only_the_right_one_fits) {
  SystemRandom random;
  const std::string encoded = hash_password("zhonglou-demo", random);
  EXPECT_TRUE(encoded.starts_with(parameters));
  EXPECT_TRUE(verify_password(encoded, "zhonglou-demo"));
  EXPECT_FALSE(verify_password(encoded, "zhonglou-demO"));
  EXPECT_FALSE(verify_password(encoded, ""));
}

TEST(Password, the_same_one_is_hashed_under_a_new_salt) {
  SystemRandom random;
  EXPECT_NE(hash_password("zhonglou-demo", random), hash_password("zhonglou-demo", random));
}

TEST(Password, bytes_after_a_nul_count) {
  SystemRandom random;
  const std::string encoded = hash_password(std::string_view("secret\0one", 10), random);
  EXPECT_FALSE(verify_password(encoded, std::string_view("secret\0two", 10)));
}

TEST(Password, text_that_is_no_hash_fits_nothing) {
  for (const std::string_view encoded : {"", "plain", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv"}) {
    EXPECT_FALSE(verify_password(encoded, "plain")) << encoded;
  }
  EXPECT_FALSE(verify_password(std::string(1000, 'a'), "a"));
}

TEST(Password, the_dummy_has_the_form_of_a_real_hash_and_fits_nothing) {
  SystemRandom random;
  EXPECT_TRUE(dummy_hash().starts_with(parameters));
  EXPECT_EQ(dummy_hash().size(), hash_password("zhonglou-demo", random).size());
  EXPECT_FALSE(verify_password(dummy_hash(), "zhonglou-demo"));
}

}  // namespace
}  // namespace zl::runtime
