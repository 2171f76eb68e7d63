// What a turn of the loop sends to the gate: how many calls it makes, and what becomes of each wish in them.
#include "store/redis/gate_queue.hpp"

#include <hiredis/hiredis.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <map>
#include <memory>

#include "integration/gate_harness.hpp"

namespace zl::redis {
namespace {

using base::Code;
using test::id_of;
using Codes = std::vector<Code>;

class GateQueueTest : public GateTest {
 protected:
  /// Wishes of different people for one activity.
  static std::vector<domain::BookingWish> crowd(std::uint64_t count, std::uint64_t activity = 1) {
    std::vector<domain::BookingWish> wishes;
    for (std::uint64_t i = 1; i <= count; ++i) wishes.push_back(test::sample_wish(100 * activity + i, activity, i));
    return wishes;
  }

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

  /// A gate by way of a link of its own, which gives a call up after this time and its connection after twice this
  /// time.
  class ImpatientGate {
   public:
    ImpatientGate(GateQueueTest& test, base::Milliseconds timeout) : test_(test) {
      runtime::run_on(test_.loops, 0, runtime::as_task([this, timeout] {
                        LinkOptions options;
                        options.endpoint.unix_socket = servers->redis_socket();
                        options.command_timeout = timeout;
                        link_ = std::make_unique<Link>(test_.loops.executor(0), options, test_.random);
                        link_->start();
                      }));
      wait_for([this] { return link_->up(); });
      gate_ = std::make_unique<RedisGate>(std::vector<Link*>{link_.get()}, std::chrono::hours(1));
      gate_->tell(late_);
    }
    ~ImpatientGate() {
      runtime::run_on(test_.loops, 0, link_->stop());
      runtime::run_on(test_.loops, 0, runtime::as_task([this] { link_.reset(); }));
    }
    RedisGate& operator*() { return *gate_; }
    /// What it was told of since, by booking; waits until it was told of something.
    std::map<base::BookingId, domain::GrantNumber> late_grants() {
      std::map<base::BookingId, domain::GrantNumber> told;
      wait_for([&] {
        runtime::run_on(test_.loops, 0, runtime::as_task([&] { told = late_.told; }));
        return !told.empty();
      });
      return told;
    }
    std::uint64_t connects() const { return link_->stats().connects; }

   private:
    struct Late final : app::LateGrants {
      void on_late_grants(std::vector<app::LateGrant> grants) override {
        for (const auto& [wish, grant] : grants) EXPECT_TRUE(told.emplace(wish.id, grant).second) << "told once";
      }
      std::map<base::BookingId, domain::GrantNumber> told;  ///< on the loop
    };

    GateQueueTest& test_;
    Late late_;
    std::unique_ptr<Link> link_;
    std::unique_ptr<RedisGate> gate_;
  };

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

TEST_F(GateQueueTest, tells_of_the_new_holds_that_come_too_late) {
  install(image(1, {9, 9}));
  std::vector<domain::BookingWish> wishes = crowd(4);
  ASSERT_NE(granted(book(wishes[0])), nullptr);
  wishes.push_back(wishes[3]);  // pressed twice
  wishes.push_back(crowd(1, 2)[0]);
  ImpatientGate impatient(*this, std::chrono::seconds(2));
  servers->pause(test::Store::redis);
  for (const auto& decision : book_together(*impatient, wishes, 0)) EXPECT_TRUE(decision.is_unknown());
  servers->resume(test::Store::redis);

  const auto told = impatient.late_grants();
  EXPECT_EQ(told.size(), 4U) << "not of the one that was held before, and once of the one that was pressed twice";
  EXPECT_EQ(impatient.connects(), 1U) << "the connection was kept";
  EXPECT_EQ(count(1).seats.used, 4);
  for (const auto& [booking, grant] : told) {
    for (const std::uint64_t activity : {1U, 2U}) {
      ASSERT_TRUE(run([&] {
        return gate->remove(test::sample_programme_id, id_of<base::ActivityId>(activity), {{booking, grant}},
                            app::Unit::returns);
      }));
    }
  }
  EXPECT_EQ(count(1).seats.used, 1) << "the one that was held before";
  EXPECT_EQ(count(2).seats.used, 0);
}

TEST_F(GateQueueTest, who_came_again_meanwhile_has_a_newer_grant_than_the_late_one) {
  install(image(1, {9}));
  const domain::BookingWish wish = crowd(1)[0];
  ImpatientGate impatient(*this, std::chrono::seconds(2));
  servers->pause(test::Store::redis);
  for (const auto& decision : book_together(*impatient, {wish}, 0)) EXPECT_TRUE(decision.is_unknown());
  servers->resume(test::Store::redis);
  const domain::GrantNumber late = impatient.late_grants().at(wish.id);
  const Decision again = book(wish);
  ASSERT_NE(granted(again), nullptr);
  EXPECT_TRUE(granted(again)->again);
  ASSERT_TRUE(remove(101, 1, late));
  EXPECT_EQ(count(1).seats.used, 1);
  EXPECT_EQ(holders(1)->holders.at(0).grant, granted(again)->grant);
}

TEST_F(GateQueueTest, sells_the_last_seat_once_within_a_turn) {
  install(image(1, {3}));
  listen();
  const auto decisions = book_together(crowd(5));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NE(granted(decisions[i]), nullptr) << i;
  for (std::size_t i = 3; i < 5; ++i) {
    ASSERT_EQ(codes(decisions[i]), Codes{Code::sold_out}) << i;
    EXPECT_TRUE(domain::is_provisional(violations(decisions[i])[0])) << "the holds of this turn may come back";
  }
  wait_for([&] { return !news().empty(); });
  EXPECT_EQ(news().size(), 1U);
}

TEST_F(GateQueueTest, sees_what_the_same_child_and_family_took_within_a_turn) {
  app::GateImage made = image(1, {5, 5, 5, 5}, {2, 3, true, 0});
  made.activities[0].overlapping = {id_of<base::ActivityId>(4)};
  made.activities[3].overlapping = {id_of<base::ActivityId>(1)};
  install(made);
  auto sibling = test::sample_wish(5, 1, 2);
  sibling.user_id = id_of<base::UserId>(1);
  auto sibling_again = sibling;
  sibling_again.id = id_of<base::BookingId>(6);
  sibling_again.activity_id = id_of<base::ActivityId>(2);
  const auto decisions = book_together(
      {test::sample_wish(1, 1, 1), test::sample_wish(2, 1, 1), test::sample_wish(3, 4, 1), test::sample_wish(4, 2, 1),
       test::sample_wish(7, 3, 1), sibling, sibling_again, test::sample_wish(1, 1, 1), test::sample_wish(1, 2, 1)});
  EXPECT_NE(granted(decisions[0]), nullptr);
  EXPECT_EQ(codes(decisions[1]), Codes{Code::already_booked});
  EXPECT_EQ(codes(decisions[2]), Codes{Code::overlaps});
  EXPECT_NE(granted(decisions[3]), nullptr);
  EXPECT_EQ(codes(decisions[4]), Codes{Code::limit_reached});
  EXPECT_NE(granted(decisions[5]), nullptr);
  EXPECT_EQ(codes(decisions[6]), Codes{Code::limit_reached});
  ASSERT_NE(granted(decisions[7]), nullptr);
  EXPECT_TRUE(granted(decisions[7])->again);
  EXPECT_EQ(granted(decisions[7])->receipt.arrival, granted(decisions[0])->receipt.arrival);
  EXPECT_GT(granted(decisions[7])->grant, granted(decisions[0])->grant);
  ASSERT_TRUE(decisions[8].is_refused());
  EXPECT_EQ(decisions[8].refused().code, Code::idempotency_conflict);
}

TEST_F(GateQueueTest, answers_each_wish_although_one_meets_what_cannot_be_read) {
  install(image(1, {9}));
  const auto spoilt = test::sample_wish(102, 1, 2);
  const std::string record = name_of(spoilt.activity_id) + name_of(spoilt.attendee_id) + name_of(spoilt.user_id);
  ask({"HSET", ProgrammeKeys(test::sample_programme_id).held(), name_of(spoilt.id), record});
  const auto decisions = book_together(crowd(3));
  EXPECT_NE(granted(decisions[0]), nullptr);
  EXPECT_TRUE(decisions[1].is_unknown());
  EXPECT_NE(granted(decisions[2]), nullptr);
  EXPECT_EQ(count(1).seats.used, 2);
}

TEST_F(GateQueueTest, tells_only_the_unknown_activity_that_it_is_lost) {
  install(image(1, {9}));
  const auto decisions =
      book_together({test::sample_wish(1, 1, 1), test::sample_wish(2, 8, 2), test::sample_wish(3, 1, 3)});
  EXPECT_NE(granted(decisions[0]), nullptr);
  EXPECT_TRUE(lost(decisions[1]));
  EXPECT_EQ(granted(decisions[2])->receipt.arrival, 2U);
  EXPECT_EQ(granted(book(4, 1, 4))->receipt.arrival, 3U) << "as the gate counted it too";
  EXPECT_EQ(holders(1)->holders.at(2).grant, domain::GrantNumber::of(1, 3));
}

TEST_F(GateQueueTest, tells_everybody_of_a_turn_that_the_gate_is_lost) {
  install(image(1, {9}));
  for (const auto& decision : book_together(crowd(3), 2)) EXPECT_TRUE(lost(decision));
  ask({"FLUSHALL"});
  for (const auto& decision : book_together(crowd(3))) EXPECT_TRUE(lost(decision));
  EXPECT_EQ(ask({"DBSIZE"}).number(), 0);
}

TEST_F(GateQueueTest, refuses_what_was_never_sent_and_goes_on_when_the_link_is_back) {
  install(image(1, {200}));
  ask({"CONFIG", "SET", "appendonly", "no"});
  servers->stop(test::Store::redis);
  wait_for([this] { return !link->up(); });
  for (const auto& decision : book_together(crowd(100))) {
    ASSERT_TRUE(decision.is_refused());
    EXPECT_EQ(decision.refused().code, Code::unavailable);
  }
  servers->start(test::Store::redis);
  wait_for([this] { return link->up(); });
  install(image(2, {200}));
  for (const auto& decision : book_together(crowd(100))) EXPECT_NE(granted(decision), nullptr);
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
