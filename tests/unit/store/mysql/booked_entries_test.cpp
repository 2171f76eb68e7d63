// The lines of a group commit's audit row.
#include "store/mysql/booked_entries.hpp"

#include <gtest/gtest.h>

namespace zl::mysql {
namespace {

constexpr BookedEntry sample() {
  return {base::BookingId{{1}}, base::ActivityId{{2}}, base::AttendeeId{{3}}, base::UserId{{4}}, {}, {}};
}

TEST(BookedEntries, AreReadAsTheyWereWritten) {
  BookedEntry from_home = sample();
  from_home.address = "2001:db8::1";
  from_home.request_id = "a request id";
  std::string detail;
  append_line(detail, from_home);
  append_line(detail, sample());
  EXPECT_EQ(detail,
            "01000000000000000000000000000000 02000000000000000000000000000000 03000000000000000000000000000000 "
            "04000000000000000000000000000000 @2001:db8::1 a request id\n"
            "01000000000000000000000000000000 02000000000000000000000000000000 03000000000000000000000000000000 "
            "04000000000000000000000000000000 @ \n");

  const auto entries = read_booked(detail);
  ASSERT_EQ(entries.size(), 2U);
  ASSERT_TRUE(entries[0] && entries[1]);
  EXPECT_EQ(entries[0]->booking_id, from_home.booking_id);
  EXPECT_EQ(entries[0]->activity_id, from_home.activity_id);
  EXPECT_EQ(entries[0]->attendee_id, from_home.attendee_id);
  EXPECT_EQ(entries[0]->user_id, from_home.user_id);
  EXPECT_EQ(entries[0]->address, "2001:db8::1");
  EXPECT_EQ(entries[0]->request_id, "a request id");
  EXPECT_EQ(entries[1]->address, "");
  EXPECT_EQ(entries[1]->request_id, "");
}

TEST(BookedEntries, ALineThatIsNoneOfOursKeepsItsPlace) {
  std::string good;
  append_line(good, sample());
  const auto entries = read_booked("{}\n" + good + good.substr(0, 70) + "\n" + good.substr(0, good.size() - 1));
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_FALSE(entries[0]);
  EXPECT_TRUE(entries[1]);
  EXPECT_FALSE(entries[2]);
  EXPECT_TRUE(entries[3]);
  EXPECT_TRUE(read_booked("").empty());
}

}  // namespace
}  // namespace zl::mysql
