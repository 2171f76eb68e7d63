// What a writer remembers of bookings, and when it may not go by it.
#include "store/mysql/held_memory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

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
void load_summer(HeldMemory& memory, const std::vector<HeldRow>& rows = {}) {
  memory.on_session(7);
  memory.committed(summer, 5);
  memory.committed(summer, 6);
  memory.load(summer, rows);
  memory.committed(summer, 7);
}
HeldMemory loaded(const std::vector<HeldRow>& rows = {}) {
  HeldMemory memory;
  load_summer(memory, rows);
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

TEST(HeldMemory, TheSessionsOfItsLanesAreAllKnown) {
  HeldMemory memory;
  memory.on_session(7);
  memory.on_session(8);
  memory.committed(summer, 5);
  memory.load(summer, {});
  memory.on_session(7);
  memory.on_session(8);
  EXPECT_TRUE(memory.remembers(summer));
  for (std::uint64_t session = 9; session < 40; ++session) memory.on_session(session);
  memory.load(summer, {});
  memory.on_session(7);
  EXPECT_FALSE(memory.remembers(summer)) << "unknown by now";
}

TEST(HeldMemory, ACommitThatIsToldOfTooLateChangesNothing) {
  HeldMemory memory = loaded();
  EXPECT_TRUE(memory.committed(summer, 9));
  EXPECT_FALSE(memory.committed(summer, 8));
  EXPECT_TRUE(memory.is_ours(summer, 10));
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

constexpr MemoryMark first_mark{{1}};
constexpr MemoryMark second_mark{{2}};

TEST(HeldMemory, KeepsAMarkOnlyWhileItKnowsAll) {
  HeldMemory memory = loaded();
  EXPECT_EQ(memory.mark_of(summer), std::nullopt);
  memory.mark(summer, first_mark);
  EXPECT_EQ(memory.mark_of(summer), first_mark);
  memory.load(summer, {});
  EXPECT_EQ(memory.mark_of(summer), std::nullopt) << "not before the commit that loads is through";
  memory.mark(summer, second_mark);
  memory.drop(summer);
  EXPECT_EQ(memory.mark_of(summer), std::nullopt);
  memory.mark(summer, second_mark);
  EXPECT_EQ(memory.mark_of(summer), std::nullopt) << "something is missing";
  memory.load(summer, {});
  memory.mark(summer, second_mark);
  memory.forget(summer);
  EXPECT_EQ(memory.mark_of(summer), std::nullopt);
}

TEST(HeldMemory, CommitsUnderItsMarkCountInAnyOrder) {
  HeldMemory memory = loaded();
  memory.mark(summer, first_mark);
  EXPECT_TRUE(memory.committed_under(summer, first_mark));
  EXPECT_TRUE(memory.committed_under(summer, first_mark));
  EXPECT_TRUE(memory.is_ours(summer, 10));
}

TEST(HeldMemory, ACommitUnderAnOlderMarkIsNotAdded) {
  HeldMemory memory = loaded();
  memory.mark(summer, first_mark);
  memory.committed(summer, 8);
  memory.mark(summer, second_mark);
  EXPECT_FALSE(memory.committed_under(summer, first_mark)) << "who left the second mark has read it";
  EXPECT_TRUE(memory.is_ours(summer, 9));
  EXPECT_FALSE(memory.committed_under(winter, first_mark));
}

TEST(HeldMemory, KnowsTheSeatsThatItWasToldOf) {
  HeldMemory memory = loaded();
  EXPECT_FALSE(memory.knows_seats(summer, drawing));
  memory.note_seats(summer, drawing);
  EXPECT_TRUE(memory.knows_seats(summer, drawing));
  EXPECT_FALSE(memory.knows_seats(winter, drawing));
  memory.forget(summer);
  EXPECT_FALSE(memory.knows_seats(summer, drawing));
}

TEST(SharedHeldMemory, TwoLanesDecideBeforehandForDifferentPeopleOnly) {
  SharedHeldMemory memory;
  const BatchPeople mothers{{xiaoming}, {mother}};
  const BatchPeople fathers{{xiaohong}, {father}};
  const BatchPeople both_children{{xiaoming, xiaohong}, {}};
  const BatchPeople both_parents{{}, {mother, father}};
  EXPECT_TRUE(memory.enter(mothers));
  EXPECT_TRUE(memory.enter(fathers));
  EXPECT_FALSE(memory.enter(both_children));
  memory.leave(fathers);
  EXPECT_FALSE(memory.enter(both_parents));
  memory.leave(mothers);
  EXPECT_TRUE(memory.enter(both_parents));
  EXPECT_TRUE(memory.enter(both_children));
}

constexpr std::uint64_t next_commit = 8;  // after those of loaded()

/// Waits as a lane does, again and again: a thread that begins may need longer than a lane's patience.
template <class Condition>
void wait_until(const Condition& holds, SharedHeldMemory& memory, std::unique_lock<std::mutex>& lock) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds() && std::chrono::steady_clock::now() < give_up) memory.wait_for(lock, summer, next_commit + 1);
}

TEST(SharedHeldMemory, ALaneWaitsUntilTheOneBeforeItHasNotedItsCommit) {
  SharedHeldMemory memory;
  load_summer(memory.held);
  std::unique_lock lock(memory.mutex);
  memory.begin({summer});
  std::thread before([&] {
    const std::lock_guard noting(memory.mutex);
    memory.held.committed(summer, next_commit);
    memory.held.add(wish(1, xiaoming, mother));
    memory.end({summer});
  });
  wait_until([&] { return memory.held.is_ours(summer, next_commit + 1); }, memory, lock);
  EXPECT_TRUE(memory.held.is_ours(summer, next_commit + 1));
  EXPECT_EQ(held(memory.held, wish(9, xiaoming, father)), std::vector<std::uint8_t>{1});
  lock.unlock();
  before.join();
}

TEST(SharedHeldMemory, NobodyWaitsForWhatNoLaneWillTell) {
  SharedHeldMemory memory;
  load_summer(memory.held);
  std::unique_lock lock(memory.mutex);
  memory.wait_for(lock, summer, next_commit + 1);
  EXPECT_FALSE(memory.held.is_ours(summer, next_commit + 1)) << "another process was it";
  memory.begin({summer, winter});
  memory.wait_for(lock, summer, next_commit);
  EXPECT_TRUE(memory.held.is_ours(summer, next_commit)) << "up to date already";
  std::thread before([&] {
    const std::lock_guard noting(memory.mutex);
    memory.held.forget(summer);
    memory.end({summer, winter});
  });
  wait_until([&] { return !memory.held.remembers(summer); }, memory, lock);
  EXPECT_FALSE(memory.held.remembers(summer));
  lock.unlock();
  before.join();
}

TEST(SharedHeldMemory, PatienceEnds) {
  SharedHeldMemory memory;
  load_summer(memory.held);
  std::unique_lock lock(memory.mutex);
  memory.begin({summer});
  memory.wait_for(lock, summer, next_commit + 1);
  EXPECT_FALSE(memory.held.is_ours(summer, next_commit + 1));
}

}  // namespace
}  // namespace zl::mysql
