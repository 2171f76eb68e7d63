// A push is dealt with once, however often it comes, and answered in time.
#include "app/handle_push.hpp"

#include "unit/app/chat_fixture.hpp"

namespace zl::app {
namespace {

using base::Code;
using test::Eventual;
using test::Fate;
using test::id_of;

class HandlePushTest : public test::ChatTest {
 protected:
  using Words = base::Outcome<std::string>;

  /// For what waits for real time.
  Words slowly(const Push& pushed) {
    const Eventual<Words> answer = engine.start(handle(pushed, "request"));
    while (!*answer) {
      engine.loop.restart();
      engine.loop.run_one_for(std::chrono::milliseconds(5));
      engine.clock.advance(std::chrono::milliseconds(1));
    }
    engine.settle();
    return **answer;
  }
  PushMetrics counted() { return PushMetrics::of(engine.metrics); }
  int count(const std::string& call) const { return static_cast<int>(std::ranges::count(engine.trace, call)); }
};

TEST_F(HandlePushTest, a_repetition_gets_the_same_answer_and_nothing_is_done_again) {
  set_time(0);
  const Push scanned = push(Scanned{scene_name(id_of<base::SessionId>(1))});
  const std::string first = words(scanned);
  EXPECT_EQ(words(scanned), first);
  EXPECT_EQ(attendance.check_in_calls.count(), 1);
  EXPECT_EQ(pushes.counts.size(), 1U);
  EXPECT_EQ(counted().repeated.value(), 1U);
}

TEST_F(HandlePushTest, the_words_of_two_pushes_are_their_own) {
  EXPECT_NE(say("我的预约"), say("帮助"));
  EXPECT_EQ(pushes.rows.size(), 2U);
}

TEST_F(HandlePushTest, who_unfollows_is_unbound_and_counted_without_a_name) {
  say("取消");
  EXPECT_EQ(words(push(Unfollowed{})), "");
  EXPECT_FALSE(identities.bound.contains("o1"));
  EXPECT_TRUE(pushes.told["o1"].empty());
  ASSERT_EQ(pushes.counts.size(), 1U);
  EXPECT_EQ(pushes.counts.front().event, FollowEvent::unfollowed);
  EXPECT_EQ(pushes.counts.front().scene, "");
  EXPECT_TRUE(say("我的预约").find("请先登录一次") != std::string::npos);
}

TEST_F(HandlePushTest, followers_are_counted_by_day_and_code) {
  set_time(-10 * 60);
  words(push(Followed{station_scene}));
  words(push(Followed{"somebody_elses"}));
  words(push(Scanned{scene_name(id_of<base::SessionId>(2))}));
  ASSERT_EQ(pushes.counts.size(), 3U);
  EXPECT_EQ(pushes.counts[0].scene, station_scene);
  EXPECT_EQ(pushes.counts[0].event, FollowEvent::followed);
  EXPECT_EQ(pushes.counts[0].day, *base::parse_date("2026-07-20"));
  EXPECT_EQ(pushes.counts[1].scene, "");
  EXPECT_EQ(pushes.counts[2].event, FollowEvent::scanned);
  EXPECT_EQ(identities.rebind_calls.count(), 2);
}

TEST_F(HandlePushTest, receipts_and_consents_are_passed_on) {
  EXPECT_EQ(words(push(Delivered{{{"42", "", Delivery::delivered, ""}, {"43", "", Delivery::failed, ""}}})), "");
  EXPECT_EQ(words(push(ConsentChanged{{{"T1", Consent::given}}}, "o2")), "");
  EXPECT_EQ(receipts.told, (std::vector<std::string>{"o1 42", "o1 43", "o2 T1"}));
}

TEST_F(HandlePushTest, consents_that_are_told_again_since_nothing_was_kept_come_with_the_same_key) {
  const Push given = push(ConsentChanged{{{"T1", Consent::given}}});
  pushes.finish_calls.next(Fate::request_lost);
  words(given);
  pushes.rows[given.key].taken = false;  // its turn has lapsed
  words(given);
  EXPECT_EQ(receipts.push_keys, (std::vector<std::string>{given.key, given.key}));
}

TEST_F(HandlePushTest, following_and_leaving_are_told_with_the_instant_at_which_they_happened) {
  Push followed = push(Followed{});
  followed.created_at_s = 20;
  Push left = push(Unfollowed{});
  left.created_at_s = 10;
  words(followed);
  words(left);
  EXPECT_EQ(identities.told_at, (std::vector<std::int64_t>{20, 10}));
  EXPECT_EQ(receipts.told_at, (std::vector<std::int64_t>{20, 10}));
}

TEST_F(HandlePushTest, who_sends_messages_is_told_who_follows) {
  words(push(Followed{}));
  const Push left = push(Unfollowed{});
  receipts.calls.next(Fate::refused);
  EXPECT_TRUE(engine.run(handle(left, "request")).is_refused());
  EXPECT_TRUE(identities.bound.contains("o1")) << "nothing is left half done that is not repeated";
  words(left);
  EXPECT_EQ(receipts.told, (std::vector<std::string>{"o1 follows", "o1 left"}));
}

TEST_F(HandlePushTest, what_could_not_be_done_is_left_to_the_next_repetition) {
  const Push left = push(Unfollowed{});
  identities.unbind_calls.next(Fate::refused);
  const Words refused = engine.run(handle(left, "request"));
  ASSERT_TRUE(refused.is_refused());
  EXPECT_EQ(refused.refused().code, Code::unavailable);
  EXPECT_TRUE(identities.bound.contains("o1"));
  EXPECT_EQ(words(left), "");
  EXPECT_FALSE(identities.bound.contains("o1"));

  const Push told = push(Delivered{{{"42", "", Delivery::delivered, ""}}});
  receipts.calls.next(Fate::answer_lost);
  EXPECT_TRUE(engine.run(handle(told, "request")).is_refused());
  EXPECT_EQ(words(told), "");
  EXPECT_EQ(counted().failed.value(), 2U);
}

TEST_F(HandlePushTest, without_its_memory_nothing_is_done) {
  for (const Fate fate : {Fate::refused, Fate::request_lost, Fate::answer_lost}) {
    pushes.begin_calls.next(fate);
    const Words words = engine.run(handle(push(Unfollowed{}), "request"));
    ASSERT_TRUE(words.is_refused());
    EXPECT_EQ(words.refused().code, Code::unavailable);
  }
  EXPECT_EQ(identities.unbind_calls.count(), 0);
}

TEST_F(HandlePushTest, an_answer_that_was_not_kept_is_said_all_the_same) {
  pushes.finish_calls.next(Fate::request_lost);
  EXPECT_EQ(say("帮助"), words::help("https://zl.example"));
}

TEST_F(HandlePushTest, words_that_come_too_late_are_not_waited_for_and_a_repetition_hears_them) {
  const Push asked = push(Said{"我的预约"});
  engine.ledger.of_user_calls.next(Fate::late);
  EXPECT_EQ(slowly(asked).value(), "");
  EXPECT_EQ(counted().late.value(), 1U);
  engine.ledger.of_user_calls.release();
  engine.settle();
  EXPECT_TRUE(words(asked).starts_with("您的预约："));
}

TEST_F(HandlePushTest, where_the_memory_is_too_slow_it_is_to_be_repeated) {
  pushes.begin_calls.next(Fate::late);
  EXPECT_TRUE(slowly(push(Unfollowed{})).is_refused());
  pushes.begin_calls.release();
  engine.settle();
  EXPECT_FALSE(identities.bound.contains("o1")) << "and was done in the end";
}

TEST_F(HandlePushTest, while_another_process_is_at_it_nobody_else_begins) {
  const Push asked = push(Said{"帮助"});
  pushes.rows[asked.key] = {1, true, {}};
  EXPECT_EQ(slowly(asked).value(), "");
  EXPECT_EQ(pushes.rows[asked.key].turn, 1U);
  EXPECT_EQ(pushes.finish_calls.count(), 0);
}

TEST_F(HandlePushTest, the_answer_of_another_process_is_waited_for) {
  const Push asked = push(Said{"帮助"});
  pushes.rows[asked.key] = {1, true, {}};
  const Eventual<Words> answer = engine.start(handle(asked, "request"));
  EXPECT_FALSE(*answer);
  pushes.rows[asked.key].answer = "别的进程说的";
  while (!*answer) engine.loop.restart(), engine.loop.run_one();
  EXPECT_EQ((*answer)->value(), "别的进程说的");
}

TEST_F(HandlePushTest, what_a_crashed_process_has_left_undone_is_done) {
  const Push left = push(Unfollowed{});
  pushes.rows[left.key] = {1, true, {}};
  const Eventual<Words> answer = engine.start(handle(left, "request"));
  pushes.rows[left.key].taken = false;  // its turn has lapsed
  while (!*answer) engine.loop.restart(), engine.loop.run_one();
  EXPECT_EQ((*answer)->value(), "");
  EXPECT_FALSE(identities.bound.contains("o1"));
  EXPECT_EQ(pushes.rows[left.key].turn, 2U);
}

TEST_F(HandlePushTest, of_two_who_did_the_same_the_first_answer_stands) {
  const Push asked = push(Said{"我的预约"});
  engine.ledger.of_user_calls.next(Fate::late);
  const Eventual<Words> slow = engine.start(handle(asked, "request"));
  pushes.rows[asked.key].taken = false;
  const std::string first = words(asked);
  book(2, 1);
  engine.ledger.of_user_calls.release();
  engine.settle();
  EXPECT_EQ((*slow)->value(), first);
}

TEST_F(HandlePushTest, an_exception_leaves_it_to_the_next_repetition) {
  class Broken final : public MessageReceipts {
    test::Answer<base::Done> delivered(std::string, std::vector<DeliveryReport>) override {
      throw std::runtime_error("broken");
    }
    test::Answer<base::Done> consent_changed(std::string, std::vector<ConsentChange>, std::string) override {
      throw std::runtime_error("broken");
    }
  } broken;
  HandlePush unlucky({pushes, converse, identities, &broken, nullptr, engine.time, test::town_offset_minutes,
                      engine.group, engine.clock, PushMetrics::of(engine.metrics), times});
  const Words told = engine.run(unlucky(push(Delivered{}), "request"));
  ASSERT_TRUE(told.is_refused());
  EXPECT_EQ(told.refused().code, Code::unavailable);
}

TEST_F(HandlePushTest, a_process_that_stops_takes_no_pushes) {
  engine.group.stop();
  EXPECT_TRUE(engine.run(handle(push(Unfollowed{}), "request")).is_refused());
  EXPECT_EQ(identities.unbind_calls.count(), 0);
}

TEST_F(HandlePushTest, where_no_messages_are_sent_receipts_are_let_go) {
  HandlePush quiet({pushes, converse, identities, nullptr, nullptr, engine.time, test::town_offset_minutes,
                    engine.group, engine.clock, PushMetrics::of(engine.metrics), times});
  EXPECT_EQ(engine.run(quiet(push(Delivered{{{"1", "", Delivery::failed, ""}}}), "request")).value(), "");
  EXPECT_EQ(count("receipts"), 0);
}

}  // namespace
}  // namespace zl::app
