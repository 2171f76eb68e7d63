// One credential for a fleet: asked for once, renewed in turns, discarded only where it still is the current one.
#include "wechat/credential_keeper.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/credential_store_model.hpp"
#include "unit/wechat/support.hpp"

namespace zl::wechat {
namespace {

using base::Milliseconds;
using base::Outcome;
using std::chrono::seconds;
using test::Eventual;
using test::Fate;

/// Gives token-1, token-2 …, or what the test put in front.
class FakeSource final : public CredentialSource {
 public:
  explicit FakeSource(test::ManualClock& clock) : clock_(clock) {}

  boost::asio::awaitable<FetchAnswer> fetch() override {
    ++asked;
    if (held_up) co_await calls.wait();
    clock_.advance(takes);
    if (!answers.empty()) {
      FetchAnswer answer = answers.front();
      answers.pop_front();
      co_return answer;
    }
    co_return Fetched{"token-" + std::to_string(++given), lifetime};
  }

  int asked = 0;
  int given = 0;
  bool held_up = false;
  Milliseconds takes{0};
  Milliseconds lifetime = seconds(7200);
  std::deque<FetchAnswer> answers;
  test::Trace trace;
  test::Calls calls{trace, "fetch"};

 private:
  test::ManualClock& clock_;
};

class CredentialKeeperTest : public ::testing::Test {
 protected:
  using Got = Outcome<std::string>;

  std::unique_ptr<CredentialKeeper> a_keeper(Milliseconds caller_wait = std::chrono::minutes(1)) {
    CredentialKeeperConfig config;
    config.name = "token:wx1";
    config.caller_wait = caller_wait;
    const CredentialKeeper::Parts parts{store_, source_, group_, sleeper_, clock_, random_};
    return std::make_unique<CredentialKeeper>(parts, std::move(config));
  }

  Got get(CredentialKeeper& keeper) { return loop_.run(keeper.get()); }
  void discard(CredentialKeeper& keeper, std::string used) {
    loop_.run(test::ManualLoop::done(keeper.discard(std::move(used))));
  }
  test::CredentialStoreModel::Entry& stored() { return store_.entries["token:wx1"]; }

  test::ManualLoop loop_;
  test::ManualClock clock_;
  test::ManualSleeper sleeper_{clock_};
  test::TextRandom random_{std::string(8, '\0')};
  test::CredentialStoreModel store_{clock_};
  FakeSource source_{clock_};
  runtime::TaskGroup group_{loop_.context.get_executor()};
  std::unique_ptr<CredentialKeeper> keeper_ = a_keeper();
};

TEST_F(CredentialKeeperTest, two_hundred_callers_of_a_cold_cache_ask_once_and_all_are_served) {
  source_.held_up = true;
  std::vector<Eventual<Got>> all;
  all.reserve(200);
  for (int i = 0; i < 200; ++i) all.push_back(loop_.start(keeper_->get()));
  EXPECT_EQ(source_.asked, 1);
  source_.calls.release();
  loop_.settle();
  for (const auto& got : all) {
    ASSERT_TRUE(*got);
    ASSERT_TRUE(**got);
    EXPECT_EQ((*got)->value(), "token-1");
  }
  EXPECT_EQ(source_.asked, 1);
}

TEST_F(CredentialKeeperTest, a_fleet_of_cold_processes_asks_once) {
  source_.held_up = true;
  sleeper_.held = true;
  std::vector<std::unique_ptr<CredentialKeeper>> fleet;
  std::vector<Eventual<Got>> all;
  for (int i = 0; i < 8; ++i) {
    fleet.push_back(a_keeper());
    for (int j = 0; j < 25; ++j) all.push_back(loop_.start(fleet.back()->get()));
  }
  EXPECT_EQ(source_.asked, 1);
  EXPECT_EQ(sleeper_.slept.size(), 7U) << "the others wait for their turn";
  sleeper_.wake();
  loop_.settle();
  EXPECT_EQ(source_.asked, 1);
  source_.calls.release();
  loop_.settle();
  sleeper_.wake();
  loop_.settle();
  for (const auto& got : all) {
    ASSERT_TRUE(*got);
    ASSERT_TRUE(**got) << (*got)->refused().detail;
    EXPECT_EQ((*got)->value(), "token-1");
  }
  EXPECT_EQ(source_.asked, 1);
}

TEST_F(CredentialKeeperTest, a_known_credential_is_given_without_asking_anybody) {
  EXPECT_EQ(get(*keeper_).value(), "token-1");
  store_.trace.clear();
  EXPECT_EQ(get(*keeper_).value(), "token-1");
  EXPECT_TRUE(store_.trace.empty());
}

TEST_F(CredentialKeeperTest, a_started_process_takes_what_the_store_has) {
  EXPECT_EQ(get(*keeper_).value(), "token-1");
  EXPECT_EQ(get(*a_keeper()).value(), "token-1");
  EXPECT_EQ(source_.asked, 1);
}

TEST_F(CredentialKeeperTest, renews_when_less_than_the_margin_is_left) {
  ASSERT_TRUE(get(*keeper_));
  clock_.advance(seconds(6899));
  EXPECT_EQ(get(*keeper_).value(), "token-1");
  clock_.advance(seconds(1));
  EXPECT_EQ(get(*keeper_).value(), "token-2");
}

TEST_F(CredentialKeeperTest, counts_a_lifetime_from_when_the_question_was_sent) {
  source_.takes = seconds(5);
  ASSERT_TRUE(get(*keeper_));
  EXPECT_EQ(stored().lapses_at - clock_.steady_now(), seconds(7195));
}

TEST_F(CredentialKeeperTest, uses_a_short_lived_credential_for_a_while_before_it_renews) {
  source_.lifetime = seconds(290);
  EXPECT_EQ(get(*keeper_).value(), "token-1");
  EXPECT_EQ(get(*keeper_).value(), "token-1");
  clock_.advance(seconds(60));
  EXPECT_EQ(get(*keeper_).value(), "token-2");
}

TEST_F(CredentialKeeperTest, a_refused_credential_lapses_for_all_and_is_renewed_once) {
  const auto other = a_keeper();
  ASSERT_TRUE(get(*keeper_));
  ASSERT_TRUE(get(*other));
  discard(*keeper_, "token-1");
  EXPECT_EQ(get(*keeper_).value(), "token-2");
  // The other process learns it from the platform, and finds the new one in the store.
  discard(*other, "token-1");
  EXPECT_EQ(get(*other).value(), "token-2");
  EXPECT_EQ(source_.asked, 2);
}

TEST_F(CredentialKeeperTest, a_late_refusal_does_not_touch_the_fresh_credential) {
  ASSERT_TRUE(get(*keeper_));
  discard(*keeper_, "token-1");
  ASSERT_TRUE(get(*keeper_));
  discard(*keeper_, "token-1");
  EXPECT_EQ(get(*keeper_).value(), "token-2");
  EXPECT_EQ(get(*a_keeper()).value(), "token-2");
  EXPECT_EQ(source_.asked, 2);
}

TEST_F(CredentialKeeperTest, a_refused_credential_is_not_taken_from_a_store_that_could_not_be_told) {
  ASSERT_TRUE(get(*keeper_));
  store_.expire_calls.next(Fate::request_lost);
  discard(*keeper_, "token-1");
  EXPECT_EQ(get(*keeper_).value(), "token-2");
}

TEST_F(CredentialKeeperTest, believes_the_platform_that_gives_a_refused_credential_again) {
  ASSERT_TRUE(get(*keeper_));
  discard(*keeper_, "token-1");
  source_.answers.push_back(Fetched{"token-1", seconds(7000)});
  EXPECT_EQ(get(*keeper_).value(), "token-1");
  // However often it is refused now, the platform is not asked before a minute is over.
  for (int i = 0; i < 10; ++i) {
    discard(*keeper_, "token-1");
    EXPECT_EQ(get(*keeper_).value(), "token-1");
  }
  EXPECT_EQ(source_.asked, 2);
  clock_.advance(seconds(61));
  discard(*keeper_, "token-1");
  EXPECT_EQ(get(*keeper_).value(), "token-2");
}

TEST_F(CredentialKeeperTest, tries_again_while_the_platform_is_busy_longer_each_time) {
  for (int i = 0; i < 3; ++i) source_.answers.push_back(FetchFault{true, {}, "busy"});
  EXPECT_EQ(get(*keeper_).value(), "token-1");
  EXPECT_EQ(sleeper_.slept, (std::vector<Milliseconds>{seconds(1), seconds(2), seconds(4)}));
}

TEST_F(CredentialKeeperTest, gives_up_after_five_tries_and_ends_its_turn) {
  for (int i = 0; i < 5; ++i) source_.answers.push_back(FetchFault{true, {}, "busy"});
  const Got got = get(*keeper_);
  ASSERT_TRUE(got.is_refused());
  EXPECT_EQ(got.refused().code, base::Code::unavailable);
  EXPECT_EQ(source_.asked, 5);
  EXPECT_EQ(stored().turn_until, base::SteadyTime());
}

TEST_F(CredentialKeeperTest, asks_nobody_in_the_pause_after_a_failure) {
  source_.answers.push_back(FetchFault{false, seconds(60), "secret frozen"});
  EXPECT_EQ(get(*keeper_).refused().retry_after_s, 60);
  store_.trace.clear();
  clock_.advance(seconds(20));
  EXPECT_EQ(get(*keeper_).refused().retry_after_s, 40);
  EXPECT_TRUE(store_.trace.empty());
  clock_.advance(seconds(40));
  EXPECT_EQ(get(*keeper_).value(), "token-1");
}

TEST_F(CredentialKeeperTest, looks_into_the_store_once_a_minute_however_long_the_platform_says_to_wait) {
  source_.answers.push_back(FetchFault{false, std::chrono::hours(15), "quota"});
  EXPECT_EQ(get(*keeper_).refused().retry_after_s, 60);
}

TEST_F(CredentialKeeperTest, pauses_longer_with_each_failure_in_a_row) {
  std::vector<int> pauses;
  for (int i = 0; i < 8; ++i) {
    source_.answers.push_back(FetchFault{false, {}, "no"});
    pauses.push_back(get(*keeper_).refused().retry_after_s);
    clock_.advance(seconds(60));
  }
  EXPECT_EQ(pauses, (std::vector<int>{1, 2, 4, 8, 16, 32, 60, 60}));
  EXPECT_TRUE(get(*keeper_));
}

TEST_F(CredentialKeeperTest, a_turn_whose_holder_died_comes_round) {
  stored().turn = 7;
  stored().turn_until = clock_.steady_now() + seconds(10);
  EXPECT_EQ(get(*keeper_).value(), "token-1");
  EXPECT_EQ(stored().turn, 8U);
  EXPECT_EQ(source_.asked, 1);
}

TEST_F(CredentialKeeperTest, gives_up_on_a_turn_that_lasts_too_long) {
  stored().turn_until = clock_.steady_now() + std::chrono::hours(1);
  EXPECT_TRUE(get(*keeper_).is_refused());
  EXPECT_EQ(source_.asked, 0);
}

TEST_F(CredentialKeeperTest, a_process_that_was_held_up_past_its_turn_stores_nothing) {
  source_.held_up = true;
  const auto late = loop_.start(keeper_->get());
  ASSERT_EQ(source_.asked, 1);
  clock_.advance(seconds(31));
  source_.held_up = false;
  source_.answers.push_back(Fetched{"newer", seconds(7200)});
  EXPECT_EQ(get(*a_keeper()).value(), "newer");
  source_.calls.release();
  loop_.settle();
  ASSERT_TRUE(*late);
  EXPECT_EQ((*late)->value(), "newer");
  EXPECT_EQ(stored().value, "newer");
}

TEST_F(CredentialKeeperTest, serves_what_it_fetched_where_the_store_fails_to_take_it) {
  store_.put_calls.next(Fate::refused);
  EXPECT_EQ(get(*keeper_).value(), "token-1");
  const auto other = a_keeper();
  store_.put_calls.next(Fate::answer_lost);
  clock_.advance(seconds(31));
  EXPECT_EQ(get(*other).value(), "token-2");
  EXPECT_EQ(stored().value, "token-2");
}

TEST_F(CredentialKeeperTest, is_unavailable_without_the_store_and_recovers) {
  store_.find_calls.next(Fate::refused);
  EXPECT_TRUE(get(*keeper_).is_refused());
  clock_.advance(seconds(1));
  store_.take_calls.next(Fate::request_lost);
  EXPECT_TRUE(get(*keeper_).is_refused());
  clock_.advance(seconds(2));
  EXPECT_EQ(get(*keeper_).value(), "token-1");
}

TEST_F(CredentialKeeperTest, a_caller_waits_for_its_time_and_the_renewal_goes_on) {
  const auto impatient = a_keeper(Milliseconds(1));
  source_.held_up = true;
  EXPECT_TRUE(get(*impatient).is_refused());
  source_.calls.release();
  loop_.settle();
  EXPECT_EQ(get(*impatient).value(), "token-1");
  EXPECT_EQ(source_.asked, 1);
}

TEST_F(CredentialKeeperTest, takes_no_renewal_on_when_the_process_stops) {
  group_.stop();
  EXPECT_TRUE(get(*keeper_).is_refused());
  EXPECT_EQ(source_.asked, 0);
}

/// A store with a bug.
class ThrowingSource final : public CredentialSource {
 public:
  boost::asio::awaitable<FetchAnswer> fetch() override {
    throw std::runtime_error("broken");
    co_return FetchFault{};
  }
};

TEST_F(CredentialKeeperTest, an_exception_fails_one_renewal_and_not_the_keeper) {
  ThrowingSource broken;
  CredentialKeeperConfig config;
  config.name = "token:wx1";
  const CredentialKeeper::Parts parts{store_, broken, group_, sleeper_, clock_, random_};
  CredentialKeeper keeper(parts, config);
  EXPECT_TRUE(get(keeper).is_refused());
  clock_.advance(seconds(60));
  EXPECT_TRUE(get(keeper).is_refused());
}

}  // namespace
}  // namespace zl::wechat
