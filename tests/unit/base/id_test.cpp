#include "base/id.hpp"

#include <gtest/gtest.h>

#include <unordered_set>

namespace zl::base {
namespace {

TEST(Id, is_written_as_32_lower_case_digits_and_read_back) {
  Bytes16 bytes{};
  for (std::size_t i = 0; i < 16; ++i) bytes[i] = static_cast<std::uint8_t>(i * 17);
  const BookingId id{bytes};
  EXPECT_EQ(id.hex(), "00112233445566778899aabbccddeeff");
  EXPECT_EQ(BookingId::parse(id.hex()), id);
}

TEST(Id, is_nothing_for_any_other_text) {
  const std::string good(32, 'a');
  ASSERT_TRUE(UserId::parse(good));
  for (const std::string& text :
       {std::string(), good.substr(1), good + "a", good + "aa", std::string(32, 'A'), std::string(32, 'g'),
        " " + good.substr(1), good.substr(1) + " ", "0x" + good.substr(2), good.substr(1) + std::string(1, '\0'),
        std::string("aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"), std::string(32, '\xff')}) {
    EXPECT_EQ(UserId::parse(text), std::nullopt) << text;
  }
}

TEST(Id, keeps_raw_bytes_and_pads_short_ones) {
  const std::string raw("\x00\x01 with a zero\xff\xfe", 16);
  EXPECT_EQ(UserId::from_raw(raw).raw(), raw);
  EXPECT_EQ(UserId::from_raw("\x01").hex(), "01" + std::string(30, '0'));
  EXPECT_EQ(UserId::from_raw(raw + "more").raw(), raw);
}

TEST(Id, is_ordered_as_its_digits_are) {
  const auto low = *UserId::parse("7f" + std::string(30, 'f'));
  const auto high = *UserId::parse("80" + std::string(30, '0'));
  EXPECT_LT(low, high);
  EXPECT_LT(low.hex(), high.hex());
}

TEST(Id, works_as_a_key_of_hashed_sets) {
  std::unordered_set<AttendeeId> ids;
  for (int i = 0; i < 256; ++i) {
    AttendeeId id;
    id.bytes[15] = static_cast<std::uint8_t>(i);
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 256U);
}

TEST(Hex, gives_back_the_bytes) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(from_hex(to_hex(all)), all);
  EXPECT_EQ(to_hex(""), "");
  EXPECT_EQ(from_hex(""), "");
}

TEST(Hex, refuses_odd_lengths_and_other_characters) {
  for (const char* text : {"a", "abc", "AB", "0g", "g0", " a", "-1"}) EXPECT_EQ(from_hex(text), std::nullopt) << text;
}

}  // namespace
}  // namespace zl::base
