// What a writer remembers of bookings, and when it may not go by it.
#include "store/mysql/held_memory.hpp"

#include <gtest/gtest.h>

namespace zl::mysql {
namespace {

using Way = HeldMemory::Way;

constexpr base::ProgrammeId summer{{1}};
constexpr base::ProgrammeId winter{{2}};
constexpr base::ActivityId drawing{{1}};
constexpr base::AttendeeId xiaoming{{1}};
constexpr base::AttendeeId xiaohong{{2}};
constexpr base::UserId mother{{1}};
constexpr base::UserId father{{2}};

domain::BookingWish wish(std::uint8_t id, base::AttendeeId attendee, base::UserId user,
                         base::ProgrammeId programme = summer) {
  return {base::BookingId{{id}}, drawing, programme, attendee, user};
}

std::vector<std::uint8_t> held(const HeldMemory& memory, const domain::BookingWish& by) {
  std::vector<HeldRow> rows;
  memory.held_by(by, rows);
  std::vector<std::uint8_t> ids;
  ids.reserve(rows.size());
  for (const HeldRow& row : rows) ids.push_back(row.held.id.bytes[0]);
  return ids;
}

/// A memory that knows all of the summer after its second commit.
HeldMemory loaded(const std::vector<HeldRow>& rows = {}) {
  HeldMemory memory;
  memory.on_session(7);
  memory.committed(summer, 5);
  memory.committed(summer, 6);
  memory.load(summer, rows);
  memory.committed(summer, 7);
  return memory;
}

TEST(HeldMemory, LoadsAProgrammeOnceItsWriterIsAlone) {
  HeldMemory memory;
  EXPECT_EQ(memory.way(summer), Way::read);
  memory.committed(summer, 5);
  EXPECT_EQ(memory.way(summer), Way::read) << "who was it before?";
  memory.committed(summer, 7);
  EXPECT_EQ(memory.way(summer), Way::read) << "somebody was";
  memory.committed(summer, 8);
  EXPECT_EQ(memory.way(summer), Way::load);
  EXPECT_FALSE(memory.remembers(summer));
  memory.load(summer, {});
  EXPECT_EQ(memory.way(summer), Way::remembered);
  EXPECT_TRUE(memory.remembers(summer));
  EXPECT_EQ(memory.way(winter), Way::read);
}

TEST(HeldMemory, IsOursOnlyWhereNobodyElseHasCommitted) {
  const HeldMemory memory = loaded();
  EXPECT_TRUE(memory.is_ours(summer, 8));
  EXPECT_FALSE(memory.is_ours(summer, 9));
  EXPECT_FALSE(memory.is_ours(summer, 7));
  EXPECT_FALSE(memory.is_ours(winter, 1));
}

TEST(HeldMemory, GivesWhatWasReadAndWhatWasAdded) {
  HeldMemory memory = loaded({{summer, {base::BookingId{{1}}, drawing, xiaoming, mother}}});
  memory.add(wish(2, xiaohong, mother));
  memory.add(wish(3, xiaoming, father));
  EXPECT_EQ(held(memory, wish(9, xiaoming, base::UserId{{9}})), (std::vector<std::uint8_t>{1, 3}));
  EXPECT_EQ(held(memory, wish(9, base::AttendeeId{{9}}, mother)), (std::vector<std::uint8_t>{1, 2}));
  EXPECT_EQ(held(memory, wish(9, xiaohong, father)), (std::vector<std::uint8_t>{2, 3}));
  EXPECT_TRUE(held(memory, wish(9, base::AttendeeId{{9}}, base::UserId{{9}})).empty());
}

TEST(HeldMemory, ForgetsAllInAnotherSession) {
  HeldMemory memory = loaded();
  memory.on_session(7);
  EXPECT_TRUE(memory.remembers(summer));
  memory.on_session(8);
  EXPECT_FALSE(memory.remembers(summer));
  EXPECT_FALSE(memory.is_ours(summer, 8));
}

TEST(HeldMemory, WhatWasDroppedIsLoadedAgainAndWhatWasForgottenIsReadFirst) {
  HeldMemory memory = loaded();
  memory.drop(summer);
  EXPECT_EQ(memory.way(summer), Way::load);
  memory.load(summer, {});
  memory.forget(summer);
  EXPECT_EQ(memory.way(summer), Way::read);
}

TEST(HeldMemory, DoesNotTakeWhatIsTooLarge) {
  HeldMemory memory;
  memory.committed(summer, 1);
  const HeldRow row{summer, {base::BookingId{{1}}, drawing, xiaoming, mother}};
  memory.load(summer, std::vector<HeldRow>(HeldMemory::load_limit + 1, row));
  EXPECT_FALSE(memory.remembers(summer));
  memory.committed(summer, 2);
  EXPECT_EQ(memory.way(summer), Way::read) << "and does not try again";
}

TEST(HeldMemory, MakesRoomAtItsLimitByWhatWasUsedLongestAgo) {
  HeldMemory memory(2);
  memory.committed(summer, 1);
  memory.load(summer, {});
  memory.add(wish(1, xiaoming, mother));
  memory.committed(winter, 1);
  memory.load(winter, {});
  memory.committed(summer, 2);
  EXPECT_TRUE(memory.remembers(summer) && memory.remembers(winter));
  memory.add(wish(2, xiaohong, mother));
  memory.committed(summer, 3);
  EXPECT_FALSE(memory.remembers(winter));
  EXPECT_FALSE(memory.remembers(summer)) << "too large alone";
  EXPECT_EQ(memory.way(summer), Way::read);
  memory.add(wish(3, xiaoming, mother));
  EXPECT_EQ(held(memory, wish(9, xiaoming, mother)), std::vector<std::uint8_t>());
}

}  // namespace
}  // namespace zl::mysql
