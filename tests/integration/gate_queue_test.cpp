// What a turn of the loop sends to the gate: how many calls it makes, and when.
#include "store/redis/gate_queue.hpp"

#include <hiredis/hiredis.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <map>
#include <memory>

#include "integration/gate_crowd.hpp"
#include "integration/gate_harness.hpp"

namespace zl::redis {
namespace {

using base::Code;
using test::id_of;
using Codes = std::vector<Code>;

class GateQueueTest : public GateTest {
 protected:
  static boost::asio::awaitable<void> book_and_count(RedisGate& gate, domain::BookingWish wish,
                                                     std::atomic<int>& answered) {
    (void)co_await gate.book(wish, 0);
    ++answered;
  }
  /// What becomes of wishes, in the order of asking.
  struct Asked {
    std::map<std::size_t, Decision> decisions;  ///< on the loop, until all are answered
    std::size_t asked = 0;
    std::atomic<std::size_t> answered = 0;
  };
  static boost::asio::awaitable<void> book_and_keep(RedisGate& gate, domain::BookingWish wish, Asked& into) {
    const std::size_t number = into.asked++;
    into.decisions.emplace(number, co_await gate.book(wish, 0));
    ++into.answered;
  }
  /// On the loop: all in the turn that runs.
  void press(const std::vector<domain::BookingWish>& wishes, Asked& into) {
    for (const domain::BookingWish& wish : wishes) {
      boost::asio::co_spawn(loops.executor(0), book_and_keep(*gate, wish, into), boost::asio::detached);
    }
  }
  void press_together(const std::vector<domain::BookingWish>& wishes, Asked& into) {
    runtime::run_on(loops, 0, runtime::as_task([&] { press(wishes, into); }));
  }
  /// A few turns of the loop pass.
  void settle() {
    for (int turn = 0; turn < 3; ++turn) runtime::run_on(loops, 0, runtime::as_task([] {}));
  }

  void forget_calls() { ask({"CONFIG", "RESETSTAT"}); }
  /// Commands of this name that Redis has served since, functions' own included.
  int calls(const std::string& command) { return calls_in(ask({"INFO", "commandstats"}).text(), command); }
  /// The same by a connection that needs no loop.
  static int served_meanwhile(const std::string& command) {
    const std::unique_ptr<redisContext, decltype(&redisFree)> context(redisConnectUnix(servers->redis_socket().c_str()),
                                                                      redisFree);
    const std::unique_ptr<void, decltype(&freeReplyObject)> reply(redisCommand(context.get(), "INFO commandstats"),
                                                                  freeReplyObject);
    if (!reply) throw std::runtime_error("no answer from Redis");
    const auto& stats = *static_cast<const redisReply*>(reply.get());
    return calls_in({stats.str, stats.len}, command);
  }
  static int calls_in(const std::string& stats, const std::string& command) {
    const std::string wanted = "cmdstat_" + command + ":calls=";
    const std::size_t at = stats.find(wanted);
    return at == std::string::npos ? 0 : std::stoi(stats.substr(at + wanted.size()));
  }
};

TEST_F(GateQueueTest, sends_the_wishes_of_one_turn_in_one_call) {
  install(image(1, {30, 30}));
  std::vector<domain::BookingWish> wishes = crowd(7);
  for (const auto& wish : crowd(8, 2)) wishes.push_back(wish);
  forget_calls();
  const auto decisions = book_together(wishes);
  EXPECT_EQ(calls("fcall"), 1);
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    ASSERT_NE(granted(decisions[i]), nullptr) << i;
    EXPECT_EQ(granted(decisions[i])->receipt.arrival, i + 1) << "in the order of asking";
    EXPECT_EQ(granted(decisions[i])->seats.activity_id, wishes[i].activity_id);
  }
  EXPECT_EQ(count(1).seats.used, 7);
  EXPECT_EQ(count(2).pending, 8);
}

TEST_F(GateQueueTest, sends_a_full_call_while_the_turn_goes_on) {
  install(image(1, {30}));
  forget_calls();
  std::atomic<int> answered = 0;
  const auto seen = std::make_shared<std::promise<void>>();
  // The first thing in what the loop has to do next: nothing that the wishes leave for later comes before it.
  boost::asio::post(loops.executor(0), [&, seen] {
    boost::asio::post(loops.executor(0), [seen] { seen->get_future().wait_for(std::chrono::minutes(1)); });
    for (const domain::BookingWish& wish : crowd(16)) {
      boost::asio::co_spawn(loops.executor(0), book_and_count(*gate, wish, answered), boost::asio::detached);
    }
  });
  wait_for([] { return served_meanwhile("fcall") == 1; });
  EXPECT_EQ(answered, 0) << "the turn has not ended";
  seen->set_value();
  wait_for([&answered] { return answered == 16; });
}

TEST_F(GateQueueTest, sends_no_more_than_so_many_in_a_call_and_so_many_full_calls_at_a_time) {
  install(image(1, {1000}));
  forget_calls();
  servers->pause(test::Store::redis);
  Asked all;
  press_together(crowd(300), all);
  settle();
  servers->resume(test::Store::redis);
  wait_for([&all] { return all.answered == 300; });
  EXPECT_EQ(calls("fcall"), 8 + 3) << "eight of 16, then the other 172";
  for (const auto& [number, decision] : all.decisions) {
    ASSERT_NE(granted(decision), nullptr) << number;
    EXPECT_EQ(granted(decision)->receipt.arrival, number + 1) << "in the order of asking";
  }
}

TEST_F(GateQueueTest, adds_few_to_a_full_call_only_when_it_is_back) {
  install(image(1, {1000}));
  forget_calls();
  servers->pause(test::Store::redis);
  Asked all;
  const std::vector<domain::BookingWish> wishes = crowd(25);
  press_together({wishes.begin(), wishes.begin() + 20}, all);
  settle();
  press_together({wishes.begin() + 20, wishes.end()}, all);
  settle();
  servers->resume(test::Store::redis);
  wait_for([&all] { return all.answered == 25; });
  EXPECT_EQ(calls("fcall"), 2) << "of 16, and of the other 9";
}

TEST_F(GateQueueTest, confirms_before_a_full_call) {
  install(image(1, {30}));
  const domain::BookingWish first = crowd(1)[0];
  book_together({first});
  std::vector<domain::BookingWish> wishes = crowd(16);
  wishes[0] = test::sample_wish(999, 1, 1);  // of the same child
  Asked all;
  runtime::run_on(loops, 0, runtime::as_task([&] {
                    gate->confirm(first);
                    press(wishes, all);
                  }));
  wait_for([&all] { return all.answered == 16; });
  ASSERT_EQ(codes(all.decisions.at(0)), Codes{Code::already_booked});
  EXPECT_FALSE(domain::is_provisional(violations(all.decisions.at(0)).front()));
}

TEST_F(GateQueueTest, collects_what_comes_while_a_call_is_on_the_way) {
  install(image(1, {9}));
  forget_calls();
  servers->pause(test::Store::redis);
  std::atomic<int> answered = 0;
  for (const domain::BookingWish& wish : crowd(5)) {
    runtime::run_on(loops, 0, runtime::as_task([&] {
                      boost::asio::co_spawn(loops.executor(0), book_and_count(*gate, wish, answered),
                                            boost::asio::detached);
                    }));
    settle();
  }
  servers->resume(test::Store::redis);
  wait_for([&answered] { return answered == 5; });
  EXPECT_EQ(calls("fcall"), 2) << "the first alone, then the others";
  EXPECT_EQ(count(1).seats.used, 5);
}

TEST_F(GateQueueTest, is_late_while_a_call_waits_for_longer_than_it_should) {
  install(image(1, {9}));
  const auto is_late_in = [this](base::Milliseconds time) {
    bool late = false;
    const auto look = [&] { late = gate->is_late(base::SteadyTime::clock::now() + time); };
    runtime::run_on(loops, 0, runtime::as_task(look));
    return late;
  };
  EXPECT_FALSE(is_late_in(std::chrono::hours(1))) << "nothing waits";
  servers->pause(test::Store::redis);
  std::atomic<int> answered = 0;
  const auto press = [&] {
    boost::asio::co_spawn(loops.executor(0), book_and_count(*gate, crowd(1)[0], answered), boost::asio::detached);
  };
  runtime::run_on(loops, 0, runtime::as_task(press));
  settle();
  EXPECT_TRUE(is_late_in(std::chrono::milliseconds(251)));
  servers->resume(test::Store::redis);
  wait_for([&answered] { return answered == 1; });
  EXPECT_FALSE(is_late_in(std::chrono::hours(1)));
}

TEST_F(GateQueueTest, takes_only_so_many_wishes_at_a_time) {
  install(image(1, {9}));
  const auto small = std::make_shared<GateQueue>(*link, std::chrono::hours(1), GateQueueLimits{64, 16, 8, 2});
  const auto decisions = book_together(*small, crowd(3), 0);
  EXPECT_NE(granted(decisions[0]), nullptr);
  EXPECT_NE(granted(decisions[1]), nullptr);
  ASSERT_TRUE(decisions[2].is_refused());
  EXPECT_EQ(decisions[2].refused().code, Code::unavailable);
}

TEST_F(GateQueueTest, confirms_all_of_a_turn_in_one_command_before_what_is_asked_next) {
  install(image(1, {30}));
  book_together(crowd(20));
  forget_calls();
  std::optional<app::GateSeats> seats = *run([&] {
    for (const auto& wish : crowd(20)) gate->confirm(wish);
    return gate->seats(test::sample_programme_id, {id_of<base::ActivityId>(1)});
  });
  EXPECT_EQ(seats->activities.at(0).pending, 0);
  EXPECT_EQ(calls("zadd"), 1);
  const auto found = holders(1);
  for (const app::Holder& holder : found->holders) EXPECT_FALSE(holder.pending);
}

}  // namespace
}  // namespace zl::redis
