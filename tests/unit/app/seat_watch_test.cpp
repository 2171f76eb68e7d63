#include "app/seat_watch.hpp"

#include <gtest/gtest.h>

#include "support/engine.hpp"

namespace zl::app {
namespace {

using base::Milliseconds;
using test::Fate;
using test::id_of;

class SeatWatchTest : public testing::Test {
 protected:
  SeatWatchTest() {
    engine.put(test::sample_activity(1, 1));
    engine.put(test::sample_activity(2, 20'001));
    engine.publish();
    engine.build_gate();
    engine.add_child(1);
  }

  void poll() { engine.run(engine.seats.poll(test::sample_programme_id)); }
  void learn(const SeatCount& count) {
    engine.seats.learn(test::sample_programme_id, count, engine.clock.steady_now());
    engine.settle();
  }
  bool sold_out_is_known() { return engine.knowledge(1).known_sold_out({}, {}, engine.clock.steady_now()).has_value(); }
  void sell_out(bool committed = true) {
    const auto wish = test::sample_wish(70, 1, 70);
    ASSERT_TRUE(engine.gate.model.book(wish, 0, engine.clock.wall_now()));
    if (committed) engine.gate.model.confirm(wish);
  }

  test::Engine engine;
};

TEST_F(SeatWatchTest, learns_the_counts_of_a_programme) {
  poll();
  EXPECT_EQ(engine.knowledge(1).remaining(), 1);
  EXPECT_EQ(engine.knowledge(2).remaining(), 20'001);
  EXPECT_EQ(engine.gate.holders_calls.count(), 0);
}

TEST_F(SeatWatchTest, fetches_the_holders_when_the_last_seat_went) {
  sell_out();
  poll();
  engine.settle();
  EXPECT_EQ(engine.gate.holders_calls.count(), 1);
  EXPECT_TRUE(sold_out_is_known());
  poll();
  engine.settle();
  EXPECT_EQ(engine.gate.holders_calls.count(), 1);
}

TEST_F(SeatWatchTest, fetches_the_holders_again_until_none_of_them_only_holds) {
  sell_out(false);
  poll();
  engine.settle();
  EXPECT_FALSE(sold_out_is_known()) << "the hold may come back";
  engine.gate.model.confirm(test::sample_wish(70, 1, 70));
  poll();
  engine.settle();
  EXPECT_EQ(engine.gate.holders_calls.count(), 1) << "not so soon";
  engine.clock.advance(provisional_pause);
  poll();
  engine.settle();
  EXPECT_TRUE(sold_out_is_known());
}

TEST_F(SeatWatchTest, takes_what_an_answer_says_for_no_younger_than_its_question) {
  sell_out();
  engine.gate.holders_calls.next(Fate::late);
  poll();
  engine.settle();
  engine.clock.advance(Milliseconds(1001));
  engine.gate.holders_calls.release();
  engine.settle();
  EXPECT_FALSE(sold_out_is_known());
  poll();
  engine.settle();
  EXPECT_TRUE(sold_out_is_known());
}

TEST_F(SeatWatchTest, tries_again_where_the_holders_could_not_be_fetched) {
  sell_out();
  engine.gate.holders_calls.next(Fate::request_lost);
  poll();
  engine.settle();
  EXPECT_FALSE(sold_out_is_known());
  poll();
  engine.settle();
  EXPECT_TRUE(sold_out_is_known());
}

TEST_F(SeatWatchTest, keeps_a_sold_out_mark_alive_by_polling) {
  sell_out();
  poll();
  engine.settle();
  engine.clock.advance(Milliseconds(1001));
  EXPECT_FALSE(sold_out_is_known());
  poll();
  EXPECT_TRUE(sold_out_is_known());
}

TEST_F(SeatWatchTest, asks_for_the_counts_only_where_the_version_is_another) {
  poll();
  poll();
  EXPECT_EQ(engine.gate.seats_calls.count(), 1);
  EXPECT_EQ(engine.gate.version_calls.count(), 1);
  ASSERT_TRUE(engine.gate.model.book(test::sample_wish(71, 2, 71), 0, engine.clock.wall_now()));
  poll();
  EXPECT_EQ(engine.gate.seats_calls.count(), 2);
  EXPECT_EQ(engine.knowledge(2).remaining(), 20'000);
  engine.put(test::sample_activity(3, 5));
  engine.publish();
  poll();
  EXPECT_EQ(engine.gate.seats_calls.count(), 3) << "another activity may be looked at";
}

TEST_F(SeatWatchTest, asks_for_the_counts_where_the_version_is_not_answered) {
  poll();
  for (const Fate fate : {Fate::refused, Fate::request_lost, Fate::answer_lost}) {
    const int before = engine.gate.seats_calls.count();
    engine.gate.version_calls.next(fate);
    poll();
    EXPECT_EQ(engine.gate.seats_calls.count(), before + 1);
  }
}

TEST_F(SeatWatchTest, does_not_keep_the_holders_of_very_large_activities) {
  learn({id_of<base::ActivityId>(2), {1, 9}, 20'001, 20'001});
  EXPECT_EQ(engine.knowledge(2).remaining(), 0);
  EXPECT_EQ(engine.gate.holders_calls.count(), 0);
}

TEST_F(SeatWatchTest, leaves_out_news_of_activities_that_it_does_not_know) {
  learn({id_of<base::ActivityId>(99), {1, 9}, 1, 1});
  EXPECT_EQ(engine.gate.holders_calls.count(), 0);
}

TEST_F(SeatWatchTest, mends_a_gate_that_it_finds_lost) {
  engine.gate.model.lose();
  engine.clock.advance(Milliseconds(1001));
  poll();
  EXPECT_NE(engine.gate.model.programme(test::sample_programme_id), nullptr);
}

TEST_F(SeatWatchTest, mends_a_gate_that_lacks_a_published_activity) {
  engine.put(test::sample_activity(3, 5));
  engine.publish();
  engine.clock.advance(Milliseconds(1001));
  poll();
  EXPECT_NE(engine.gate.model.activity(test::sample_programme_id, id_of<base::ActivityId>(3)), nullptr);
}

TEST_F(SeatWatchTest, asks_nothing_of_programmes_without_published_activities) {
  engine.run(engine.seats.poll(id_of<base::ProgrammeId>(9)));
  EXPECT_EQ(engine.gate.seats_calls.count(), 0);
}

TEST_F(SeatWatchTest, polls_only_what_somebody_looked_at_lately) {
  const auto polls = [&](bool touched) {
    runtime::TaskGroup own(engine.loop.get_executor());
    SeatWatch watch(engine.gate, engine.keeper, engine.catalogue, engine.clock, own, Milliseconds(60'000), 20'000);
    if (touched) engine.knowledge(1).touch(engine.clock.steady_now());
    const int before = engine.gate.seats_calls.count();
    own.spawn(watch.keep(), "watch");
    engine.settle();
    own.stop();
    engine.settle();
    return engine.gate.seats_calls.count() - before;
  };
  engine.clock.advance(std::chrono::hours(1));
  EXPECT_EQ(polls(false), 0);
  EXPECT_EQ(polls(true), 1);
  engine.clock.advance(Milliseconds(10'000));
  EXPECT_EQ(polls(false), 0);
}

TEST_F(SeatWatchTest, spreads_the_polls_of_many_programmes_over_the_interval) {
  domain::Programme other = test::sample_programme();
  other.id = id_of<base::ProgrammeId>(2);
  domain::Activity activity = test::sample_activity(3, 5);
  activity.programme_id = other.id;
  engine.put(other);
  engine.put(activity);
  engine.publish();
  engine.knowledge(1).touch(engine.clock.steady_now());
  engine.knowledge(3).touch(engine.clock.steady_now());
  runtime::TaskGroup own(engine.loop.get_executor());
  SeatWatch watch(engine.gate, engine.keeper, engine.catalogue, engine.clock, own, Milliseconds(60'000), 20'000);
  const int before = engine.gate.seats_calls.count();
  own.spawn(watch.keep(), "watch");
  engine.settle();
  EXPECT_EQ(engine.gate.seats_calls.count() - before, 1) << "the other one's turn comes half an interval later";
  own.stop();
  engine.settle();
}

}  // namespace
}  // namespace zl::app
