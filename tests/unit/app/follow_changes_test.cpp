#include "app/follow_changes.hpp"

#include <gtest/gtest.h>

#include "support/engine.hpp"
#include "support/fake_catalogue.hpp"

namespace zl::app {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using test::Fate;
using test::id_of;

class FollowChangesTest : public testing::Test {
 protected:
  FollowChangesTest() {
    domain::Station station;
    station.id = id_of<base::StationId>(1);
    station.name = "钟楼";
    store.content = {{station}, {test::sample_programme()}, {test::sample_activity(1, 10)}};
  }

  base::Outcome<base::Done> load() { return engine.run(follow.load()); }

  void tell(std::uint64_t seq, ChangeKind kind, const base::Bytes16& subject, std::uint64_t number = 0) {
    feed.changes.push_back({seq, kind, subject, number});
  }
  void tell_of_programme(std::uint64_t seq) { tell(seq, ChangeKind::programme, test::sample_programme().id.bytes); }

  void change_capacity(int capacity) {
    store.content.activities[0].capacity = capacity;
    ++store.content.activities[0].version;
  }
  int known_capacity() { return catalogue.current().activity(id_of<base::ActivityId>(1))->activity.capacity; }

  void poll() { engine.run(follow.poll()); }

  FollowChanges::Parts parts_with(runtime::TaskGroup& group) {
    return {store, feed, accounts, catalogue, voided, attendees, engine.clock, group, hours(24)};
  }

  Claims claims(std::uint64_t account, std::uint64_t token, std::uint32_t version) {
    Claims made;
    made.account = id_of<base::AccountId>(account);
    made.token = id_of<base::TokenId>(token);
    made.version = version;
    return made;
  }

  test::Engine engine;
  test::FakeCatalogueStore store{engine.trace};
  test::FakeChangeFeed feed{engine.trace};
  test::FakeAccountStore accounts{engine.trace};
  CatalogueHolder catalogue;
  VoidedTokenList voided;
  AttendeeCache attendees{100};
  FollowChanges follow{parts_with(engine.group)};
};

TEST_F(FollowChangesTest, reads_everything_before_the_first_request) {
  accounts.voided = {{{id_of<base::AccountId>(1), 3}}, {{id_of<base::TokenId>(2), engine.clock.wall_now() + hours(1)}}};
  ASSERT_TRUE(load());
  EXPECT_EQ(known_capacity(), 10);
  EXPECT_TRUE(voided.is_void(claims(1, 9, 2)));
  EXPECT_TRUE(voided.is_void(claims(9, 2, 1)));
  EXPECT_EQ(accounts.asked_since, engine.clock.wall_now() - hours(24));
}

TEST_F(FollowChangesTest, asks_for_the_feeds_position_first) {
  ASSERT_TRUE(load());
  EXPECT_EQ(engine.trace, (test::Trace{"feed.newest", "catalogue.load", "accounts.voided_since"}));
}

TEST_F(FollowChangesTest, says_which_store_did_not_answer_at_the_start) {
  for (test::Calls* calls : {&feed.newest_calls, &store.load_calls, &accounts.voided_calls}) {
    calls->next(Fate::request_lost);
    EXPECT_TRUE(load().is_unknown());
  }
  EXPECT_TRUE(load());
}

TEST_F(FollowChangesTest, takes_a_change_of_a_programme_in_once) {
  ASSERT_TRUE(load());
  change_capacity(15);
  tell_of_programme(1);
  tell_of_programme(2);
  poll();
  EXPECT_EQ(known_capacity(), 15);
  EXPECT_EQ(store.programme_calls.count(), 1) << "several changes of one programme are one reading";
  poll();
  EXPECT_EQ(store.programme_calls.count(), 1);
}

TEST_F(FollowChangesTest, takes_changes_of_stations_tokens_accounts_and_attendees_in) {
  ASSERT_TRUE(load());
  const auto attendee = id_of<base::AttendeeId>(5);
  const auto guardian = id_of<base::UserId>(5);
  attendees.keep({attendee, *base::parse_date("2016-01-01"), {guardian}}, attendees.ticket(attendee));
  ASSERT_TRUE(attendees.birth_date(attendee, guardian));
  store.content.stations[0].name = "新钟楼";
  store.content.stations[0].version = 2;
  tell(1, ChangeKind::station, id_of<base::StationId>(1).bytes);
  tell(2, ChangeKind::account, id_of<base::AccountId>(1).bytes, 4);
  tell(3, ChangeKind::token, id_of<base::TokenId>(2).bytes, 99'999);
  tell(4, ChangeKind::attendee, attendee.bytes);
  poll();
  EXPECT_EQ(catalogue.current().station(id_of<base::StationId>(1))->name, "新钟楼");
  EXPECT_TRUE(voided.is_void(claims(1, 9, 3)));
  EXPECT_FALSE(voided.is_void(claims(1, 9, 4)));
  EXPECT_TRUE(voided.is_void(claims(9, 2, 1)));
  EXPECT_FALSE(attendees.birth_date(attendee, guardian));
}

TEST_F(FollowChangesTest, sees_a_lower_number_that_was_committed_later) {
  ASSERT_TRUE(load());
  tell_of_programme(8);
  poll();
  engine.clock.advance(seconds(14));
  change_capacity(15);
  tell_of_programme(7);
  poll();
  EXPECT_EQ(known_capacity(), 15);
}

TEST_F(FollowChangesTest, does_not_look_back_for_ever) {
  ASSERT_TRUE(load());
  tell_of_programme(8);
  poll();
  engine.clock.advance(seconds(16));
  poll();
  poll();
  EXPECT_EQ(feed.asked_since.back(), 8U);
  change_capacity(15);
  tell_of_programme(9);
  poll();
  EXPECT_EQ(known_capacity(), 15);
}

TEST_F(FollowChangesTest, reads_again_what_could_not_be_read) {
  ASSERT_TRUE(load());
  change_capacity(15);
  tell_of_programme(1);
  store.programme_calls.next(Fate::request_lost);
  poll();
  EXPECT_EQ(known_capacity(), 10);
  poll();
  EXPECT_EQ(known_capacity(), 15);

  store.content.stations[0].name = "新钟楼";
  store.content.stations[0].version = 2;
  tell(2, ChangeKind::station, id_of<base::StationId>(1).bytes);
  store.stations_calls.next(Fate::refused);
  poll();
  poll();
  EXPECT_EQ(catalogue.current().station(id_of<base::StationId>(1))->name, "新钟楼");
  poll();
  EXPECT_EQ(store.stations_calls.count(), 2);
  EXPECT_EQ(store.programme_calls.count(), 2);
}

TEST_F(FollowChangesTest, gets_over_a_feed_that_did_not_answer) {
  ASSERT_TRUE(load());
  change_capacity(15);
  tell_of_programme(1);
  feed.since_calls.next(Fate::request_lost);
  poll();
  EXPECT_EQ(known_capacity(), 10);
  poll();
  EXPECT_EQ(known_capacity(), 15);
}

}  // namespace
}  // namespace zl::app
