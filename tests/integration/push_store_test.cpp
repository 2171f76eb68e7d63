// Pushes on a real MariaDB: one turn at a time, one answer for ever, and counts that no repetition doubles.
#include "store/mysql/push_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "app/reply_text.hpp"
#include "store/mysql/catalogue_store.hpp"
#include "store/mysql/family_store.hpp"
#include "store/mysql/retention.hpp"
#include "store_harness.hpp"

namespace zl::test {
namespace {

using app::FollowCount;
using app::FollowEvent;
using app::PushBegun;
using app::PushTurn;
using mysql::sql;
using std::chrono::seconds;

class PushStoreTest : public StoreTest {
 protected:
  PushBegun begin(const std::string& key, base::Milliseconds duration = seconds(60)) {
    return wait(store_->begin(key, duration)).value();
  }
  std::string finish(const PushTurn& turn, const std::string& answer, std::optional<FollowCount> count = {}) {
    return wait(store_->finish(turn, answer, std::move(count))).value();
  }
  void lapse(const std::string& key) {
    connection_.execute(sql("UPDATE pushes SET turn_until_ms = turn_until_ms - 61000 WHERE push_key = ?", key));
  }
  std::string fresh_key() { return "e" + new_id<base::UserId>().hex(); }
  std::uint64_t counted(const FollowCount& count, const std::string& column) {
    const auto rows = connection_.query(
        sql("SELECT " + column + " FROM follow_counts WHERE day = ? AND scene = ?", count.day, count.scene));
    return rows.empty() ? 0 : rows.front().u64(0);
  }
  FollowCount a_count(FollowEvent event) {
    return {event, "s." + new_id<base::StationId>().hex(), *base::parse_date("2026-07-06")};
  }

  const std::unique_ptr<app::PushStore> store_ = mysql::create_push_store(pool_);
};

TEST_F(PushStoreTest, gives_one_turn_at_a_time) {
  const std::string key = fresh_key();
  std::vector<asio::awaitable<base::Outcome<PushBegun>>> calls;
  calls.reserve(16);
  for (int i = 0; i < 16; ++i) calls.push_back(store_->begin(key, seconds(60)));
  const auto outcomes = all(std::move(calls));
  EXPECT_EQ(std::ranges::count_if(outcomes, [](const auto& outcome) { return outcome.value().turn.has_value(); }), 1);
  EXPECT_TRUE(std::ranges::none_of(outcomes, [](const auto& outcome) { return outcome.value().answer.has_value(); }));
}

TEST_F(PushStoreTest, gives_the_answer_again_for_ever) {
  const std::string key = fresh_key();
  const std::string words = std::string("您的预约：\n1. 《书法》'\\") + '\0' + "𠮷";
  EXPECT_EQ(finish(begin(key).turn.value(), words), words);
  lapse(key);
  const PushBegun again = begin(key);
  EXPECT_FALSE(again.turn);
  EXPECT_EQ(again.answer, words);
}

TEST_F(PushStoreTest, no_words_are_an_answer_too) {
  const std::string key = fresh_key();
  finish(begin(key).turn.value(), "");
  EXPECT_EQ(begin(key).answer, "");
}

TEST_F(PushStoreTest, has_room_for_the_longest_key_and_answer) {
  const std::string key(64, 'k');
  const std::string words(app::reply_limit_bytes, '\xE4');
  EXPECT_EQ(finish(begin(key).turn.value(), words), words);
  EXPECT_EQ(begin(key).answer, words);
}

TEST_F(PushStoreTest, a_turn_comes_round_when_it_was_given_up_or_has_lapsed) {
  const std::string key = fresh_key();
  const PushTurn first = begin(key).turn.value();
  EXPECT_FALSE(begin(key).turn);
  ASSERT_TRUE(wait(store_->give_up(first)));
  const PushTurn second = begin(key).turn.value();
  EXPECT_GT(second.number, first.number);
  ASSERT_TRUE(wait(store_->give_up(first))) << "whose turn is over ends nobody else's";
  EXPECT_FALSE(begin(key).turn);
  lapse(key);
  EXPECT_GT(begin(key).turn.value().number, second.number);
}

TEST_F(PushStoreTest, the_first_answer_stands) {
  const std::string key = fresh_key();
  const PushTurn slow = begin(key).turn.value();
  lapse(key);
  const PushTurn quick = begin(key).turn.value();
  EXPECT_EQ(finish(slow, "slow"), "slow") << "said, but not kept: the later turn goes on";
  EXPECT_EQ(finish(quick, "quick"), "quick");
  EXPECT_EQ(finish(slow, "slow"), "quick");
  EXPECT_EQ(begin(key).answer, "quick");
  ASSERT_TRUE(wait(store_->give_up(quick)));
  EXPECT_EQ(begin(key).answer, "quick");
}

TEST_F(PushStoreTest, counts_by_day_and_code_once_for_each_push) {
  const FollowCount followed = a_count(FollowEvent::followed);
  const std::string key = fresh_key();
  const PushTurn slow = begin(key).turn.value();
  lapse(key);
  const PushTurn quick = begin(key).turn.value();
  finish(quick, "", followed);
  finish(quick, "", followed);
  finish(slow, "", followed);
  EXPECT_EQ(counted(followed, "followed"), 1U);

  FollowCount left = followed;
  left.event = FollowEvent::unfollowed;
  FollowCount scanned = followed;
  scanned.event = FollowEvent::scanned;
  for (const FollowCount& count : {followed, left, scanned, scanned})
    finish(begin(fresh_key()).turn.value(), "", count);
  EXPECT_EQ(counted(followed, "followed"), 2U);
  EXPECT_EQ(counted(followed, "unfollowed"), 1U);
  EXPECT_EQ(counted(followed, "scanned"), 2U);
}

TEST_F(PushStoreTest, counts_from_many_pushes_at_once) {
  const FollowCount scanned = a_count(FollowEvent::scanned);
  std::vector<asio::awaitable<base::Outcome<std::string>>> calls;
  calls.reserve(16);
  for (int i = 0; i < 16; ++i) calls.push_back(store_->finish(begin(fresh_key()).turn.value(), "", scanned));
  for (const auto& outcome : all(std::move(calls))) EXPECT_TRUE(outcome);
  EXPECT_EQ(counted(scanned, "scanned"), 16U);
}

TEST_F(PushStoreTest, remembers_the_last_choices_for_as_long_as_they_hold) {
  const std::string openid = "o" + new_id<base::UserId>().hex();
  std::vector<base::BookingId> choices;
  choices.reserve(20);
  for (int i = 0; i < 20; ++i) choices.push_back(new_id<base::BookingId>());
  EXPECT_TRUE(wait(store_->choices(openid, clock_.now)).value().empty());
  ASSERT_TRUE(wait(store_->remember_choices(openid, choices)));
  EXPECT_EQ(wait(store_->choices(openid, clock_.now)).value(), choices);
  EXPECT_TRUE(wait(store_->choices(openid, clock_.now + base::Milliseconds(1))).value().empty());
  ASSERT_TRUE(wait(store_->remember_choices(openid, {choices[3]})));
  EXPECT_EQ(wait(store_->choices(openid, clock_.now)).value(), std::vector<base::BookingId>{choices[3]});
  ASSERT_TRUE(wait(store_->remember_choices(openid, {})));
  EXPECT_TRUE(wait(store_->choices(openid, clock_.now)).value().empty());
}

TEST_F(PushStoreTest, what_has_served_its_time_is_forgotten) {
  const std::string old_key = fresh_key();
  const std::string openid = "o" + new_id<base::UserId>().hex();
  begin(old_key);
  ASSERT_TRUE(wait(store_->remember_choices(openid, {new_id<base::BookingId>()})));
  const base::Instant before = clock_.now;
  clock_.now = clock_.now + one_hour;
  const std::string new_key = fresh_key();
  begin(new_key);
  connection_.execute(
      sql("INSERT INTO consent_marks (push_key, created_at) SELECT push_key, created_at FROM pushes "
          "WHERE push_key IN (?)",
          std::vector<std::string>{old_key, new_key}));
  app::RetentionLimits limits;
  limits.pushes_before = clock_.now;
  limits.choices_before = clock_.now;
  EXPECT_TRUE(wait(mysql::create_retention(pool_)->purge(limits)));
  for (const char* table : {"pushes", "consent_marks"}) {
    const std::string count = "SELECT COUNT(*) FROM " + std::string(table) + " WHERE push_key = ?";
    EXPECT_EQ(number(sql(count, old_key)), 0U) << table;
    EXPECT_EQ(number(sql(count, new_key)), 1U) << table;
  }
  EXPECT_TRUE(wait(store_->choices(openid, before)).value().empty());
}

TEST_F(PushStoreTest, the_seats_of_a_family_are_its_childrens_whoever_booked) {
  const domain::Station station = station_named(random_, "钟楼站");
  const domain::Programme programme = programme_of(random_, station);
  const domain::Activity activity = activity_of(random_, programme);
  const domain::Activity other = activity_of(random_, programme);
  const auto catalogue = mysql::create_catalogue_store(pool_);
  ASSERT_TRUE(wait(catalogue->create_station(station, admin_, std::nullopt)));
  ASSERT_TRUE(wait(catalogue->create_programme(programme, admin_, std::nullopt)));
  ASSERT_TRUE(wait(catalogue->create_activity(activity, admin_, std::nullopt)));
  ASSERT_TRUE(wait(catalogue->create_activity(other, admin_, std::nullopt)));
  const base::UserId mother = a_user();
  const base::UserId father = a_user("爸爸");
  const auto child_of_both = [&](std::string_view name) {
    const base::AttendeeId child = an_attendee(name);
    for (const base::UserId& guardian : {mother, father}) {
      connection_.execute(
          sql("INSERT INTO guardianships (user_id, attendee_id, relation, name, birth_date, "
              "created_at) VALUES (?, ?, 1, ?, '2017-05-04', 0)",
              guardian, child, name));
    }
    return child;
  };
  const base::AttendeeId ann = child_of_both("ann");
  const base::AttendeeId ben = child_of_both("ben");
  const base::AttendeeId cleo = child_of_both("cleo");
  const base::BookingId of_ben = a_booking(activity, mother, ben);
  const base::BookingId of_ann = a_booking(activity, father, ann);
  a_booking(other, mother, ann);
  const base::BookingId of_cleo = a_booking(activity, mother, cleo);
  a_booking(activity);
  connection_.execute(sql("UPDATE bookings SET state = 4, active = NULL WHERE id = ?", of_cleo));

  const auto families = mysql::create_family_store(pool_);
  const auto seats = wait(families->seats_in(mother, programme.id, activity.id)).value();
  ASSERT_EQ(seats.size(), 2U);
  EXPECT_EQ(seats[0].booking_id, of_ann);
  EXPECT_EQ(seats[0].attendee_id, ann);
  EXPECT_EQ(seats[0].attendee_name, "ann");
  EXPECT_EQ(seats[1].booking_id, of_ben);
  EXPECT_TRUE(wait(families->seats_in(a_user(), programme.id, activity.id)).value().empty());
}

}  // namespace
}  // namespace zl::test
