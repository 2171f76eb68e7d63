// Hashes, keyed hashes and base64url against the vectors of their standards.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <thread>
#include <vector>

#include "base/id.hpp"
#include "runtime/base64url.hpp"
#include "runtime/hmac.hpp"
#include "runtime/random_device.hpp"
#include "runtime/sha256.hpp"
#include "runtime/system_clock.hpp"

namespace zl::runtime {
namespace {

std::string hex(const Digest& digest) {
  return base::to_hex(view(digest));
}

TEST(Sha256, gives_the_digests_of_fips_180) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, pieces_give_the_same_and_the_object_starts_anew) {
  Sha256 hash;
  for (int round = 0; round < 2; ++round) {
    hash.update("a");
    hash.update("");
    hash.update("bc");
    EXPECT_EQ(hash.finish(), sha256("abc"));
  }
}

TEST(HmacSha256, gives_the_codes_of_rfc_4231) {
  const HmacSha256 first(std::string(20, '\x0b'));
  EXPECT_EQ(hex(first("Hi There")), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  const HmacSha256 second("Jefe");
  EXPECT_EQ(hex(second("what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const HmacSha256 longer_than_a_block(std::string(131, '\xaa'));
  EXPECT_EQ(hex(longer_than_a_block("Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256, an_empty_key_is_a_key) {
  const HmacSha256 other("other");
  EXPECT_EQ(hex(HmacSha256("")("")), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(HmacSha256, keys_stay_apart) {
  std::vector<std::unique_ptr<HmacSha256>> keys;
  std::vector<Digest> expected;
  keys.reserve(40);
  expected.reserve(40);
  for (int i = 0; i < 40; ++i) {
    keys.push_back(std::make_unique<HmacSha256>(std::to_string(i)));
    expected.push_back((*keys.back())("message"));
  }
  for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ((*keys[i])("message"), expected[i]);
}

TEST(HmacSha256, threads_compute_under_one_key_at_once) {
  const HmacSha256 key("key");
  const Digest expected = key("message");
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) wrong += key("message") == expected ? 0 : 1;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ConstantTimeEqual, compares_length_and_content) {
  EXPECT_TRUE(constant_time_equal("", ""));
  EXPECT_TRUE(constant_time_equal("abc", "abc"));
  EXPECT_FALSE(constant_time_equal("abc", "abd"));
  EXPECT_FALSE(constant_time_equal("abc", "ab"));
}

TEST(Base64url, encodes_the_vectors_of_rfc_4648_without_padding) {
  const std::pair<std::string_view, std::string_view> vectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "-_-_"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(base64url_encode(bytes), text);
    EXPECT_EQ(base64url_decode(text), bytes);
  }
}

TEST(Base64url, refuses_every_text_but_the_one_that_encode_gives) {
  for (const std::string_view text : {"Zg==", "Z", "Zm9vY", "Zh", "Zm9", "Zm+v", "Zm/v", "Zm 9", "Zm9v\n", "钟楼"}) {
    EXPECT_EQ(base64url_decode(text), std::nullopt) << text;
  }
}

TEST(Base64url, fills_a_place_of_just_the_right_size) {
  std::array<std::uint8_t, 4> place{};
  EXPECT_TRUE(base64url_decode_into("Zm9vYg", place));
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(place.data()), place.size()), "foob");
  for (const std::string_view text : {"", "Zm9v", "Zm9vYmE", "Zm9vYmFy", "Zm9vYh", "Zm9+Yg", "Zm9vYg==", "Zm9vY"}) {
    EXPECT_FALSE(base64url_decode_into(text, place)) << text;
  }
}

TEST(Base64url, gives_any_bytes_back) {
  SystemRandom random;
  std::vector<std::uint8_t> bytes(257);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    random.fill(std::span(bytes).first(size));
    const std::string_view original(reinterpret_cast<const char*>(bytes.data()), size);
    EXPECT_EQ(base64url_decode(base64url_encode(original)), original);
  }
}

TEST(SystemRandom, does_not_repeat_itself) {
  SystemRandom random;
  EXPECT_NE(random.next_id<base::BookingId>(), random.next_id<base::BookingId>());
  random.fill({});
}

TEST(SystemClock, goes_forward_and_knows_the_year) {
  const SystemClock clock;
  const auto before = clock.steady_now();
  EXPECT_GE(clock.steady_now(), before);
  EXPECT_GT(clock.wall_now().unix_ms, 1'700'000'000'000);
}

}  // namespace
}  // namespace zl::runtime
