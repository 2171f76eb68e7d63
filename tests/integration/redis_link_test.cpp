// The link on a real Redis: pipelining, deadlines, and every way in which a connection ends.
#include "store/redis/link.hpp"

#include <sys/eventfd.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <deque>
#include <thread>

#include "redis_link_harness.hpp"

namespace zl::redis {
namespace {

using base::Milliseconds;

TEST_F(RedisLinkTest, AnswersCallsInTheirOrder) {
  const auto link = connected(options());
  const auto replies = begin_many(*link, 2000, [](int i) { return std::move(Command("ECHO").arg(i)); });
  wait_for([&] { return all_answered(replies); });
  for (int i = 0; i < 2000; ++i) EXPECT_EQ((*replies[static_cast<std::size_t>(i)])->number(), i);
  EXPECT_EQ(link->stats().pending, 0U);
  EXPECT_EQ(ups, 1);
}

TEST_F(RedisLinkTest, UnderstandsEveryKindOfReply) {
  const auto link = connected(options());
  EXPECT_TRUE(call(*link, Command::of({"GET", "nothing"})).is_nil());
  EXPECT_EQ(call(*link, Command::of({"INCR", "n"})).number(), 1);
  EXPECT_EQ(call(*link, Command::of({"INCR"})).error_code(), "ERR");
  EXPECT_EQ(call(*link, Command::of({"ECHO", std::string_view("a\0b", 3)})).text(), std::string_view("a\0b", 3));
  const Reply nested = call(*link, Command::of({"EVAL", "return {1, {'a', {}}}", "0"}));
  EXPECT_EQ(nested.item(0).number(), 1);
  EXPECT_EQ(nested.item(1).item(0).text(), "a");
  EXPECT_TRUE(nested.item(1).item(1).is_array());
  EXPECT_EQ(link->stats().errors, 1U);
}

TEST_F(RedisLinkTest, SendsWhatOneTurnOfTheLoopIssuesInOneWrite) {
  const auto link = connected(options());
  const auto reads = [&] {
    const std::string info = ask({"INFO", "stats"}).text();
    const std::string name = "total_reads_processed:";
    return std::stoll(info.substr(info.find(name) + name.size()));
  };
  const std::int64_t before = reads();
  const auto replies = begin_many(*link, 100, [](int) { return Command("PING"); });
  wait_for([&] { return all_answered(replies); });
  EXPECT_EQ(reads() - before, 2) << "one read of 100 calls, one of this question";
}

TEST_F(RedisLinkTest, CarriesCommandsAndRepliesThatExceedAnySocketBuffer) {
  const auto link = connected(options());
  const std::string large(8'000'000, 'x');
  EXPECT_EQ(call(*link, std::move(Command("ECHO").arg(large))).text(), large);
}

/// Sockets that are ready all the time, each of which keeps the loop for a while whenever its turn comes.
class Crowd {
 public:
  Crowd(boost::asio::io_context& loop, std::size_t size) {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    for (std::size_t i = 0; i < size; ++i) {
      members_.emplace_back(loop, eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
      wait(members_.back());
    }
  }
  std::size_t turns() const { return turns_; }
  void leave() {
    for (auto& member : members_) member.close();
  }

 private:
  void wait(boost::asio::posix::stream_descriptor& member) {
    member.async_wait(boost::asio::posix::stream_descriptor::wait_read, [&](const boost::system::error_code& error) {
      if (error) return;
      ++turns_;
      const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(100);
      while (std::chrono::steady_clock::now() < end) continue;
      eventfd_t value = 0;
      eventfd_read(member.native_handle(), &value);
      eventfd_write(member.native_handle(), value);  // ready again, behind everybody else
      wait(member);
    });
  }

  std::deque<boost::asio::posix::stream_descriptor> members_;
  std::size_t turns_ = 0;
};

TEST_F(RedisLinkTest, ItsRepliesDontWaitBehindAllWhoHaveComeMeanwhile) {
  constexpr std::size_t size = 3000;
  const auto link = connected(options());
  Crowd crowd(loop, size);
  wait_for([&] { return crowd.turns() >= size; });
  std::size_t least = size;
  for (int attempt = 0; attempt < 5; ++attempt) {  // Redis may have had no core meanwhile
    const std::size_t before = crowd.turns();
    const Pending reply = begin(*link, Command("PING"));
    wait_for([&] { return reply->has_value(); });
    least = std::min(least, crowd.turns() - before);
  }
  EXPECT_LT(least, size * 3 / 4);
  crowd.leave();
}

TEST_F(RedisLinkTest, SendsWithoutWaiting) {
  const auto link = connected(options());
  EXPECT_TRUE(link->send(Command::of({"SET", "sent", "1"})));
  EXPECT_EQ(call(*link, Command::of({"GET", "sent"})).text(), "1");
}

TEST_F(RedisLinkTest, LoadsItsFunctionsBeforeItIsUp) {
  const auto link = connected(with_library());
  EXPECT_EQ(call(*link, answer()).number(), 42);
  const auto second = connected(with_library());
  EXPECT_EQ(call(*second, answer()).number(), 42);
}

TEST_F(RedisLinkTest, LoadsItsFunctionsAgainWhenRedisHasLostThem) {
  const auto link = connected(with_library());
  ask({"FLUSHALL"});
  ask({"FUNCTION", "FLUSH"});
  const auto replies = begin_many(*link, 10, [](int) { return answer(); });
  wait_for([&] { return all_answered(replies); });
  for (const auto& reply : replies) EXPECT_EQ((*reply)->text(), "ERR Function not found");
  wait_for([&] { return link->up(); });
  EXPECT_EQ(call(*link, answer()).number(), 42);
  EXPECT_EQ(link->stats().lost, 0U) << "all calls that were sent got their answers before the link connected again";
  EXPECT_EQ(ups, 2);
}

TEST_F(RedisLinkTest, StaysDownWhileItsFunctionsDontCompile) {
  LinkOptions with = options();
  with.libraries = {{"zl_broken", "#!lua name=zl_broken\nthis is not Lua"}};
  const auto link = started(with);
  expect_never_up(*link);
}

TEST_F(RedisLinkTest, SaysUnsentBeforeItIsUp) {
  const auto link = started(options());
  EXPECT_TRUE(call(*link, Command("PING")).is_unsent());
  EXPECT_FALSE(link->send(Command("PING")));
  EXPECT_EQ(link->stats().unsent, 2U);
  expect_recovers(*link);
}

TEST_F(RedisLinkTest, BoundsTheCallsWithoutAnAnswer) {
  LinkOptions with = options();
  with.max_pending = 10;
  const auto link = connected(with);
  const auto replies = begin_many(*link, 25, [](int) { return Command("PING"); });
  wait_for([&] { return all_answered(replies); });
  for (std::size_t i = 0; i < replies.size(); ++i) EXPECT_EQ((*replies[i])->is_unsent(), i >= 10) << i;
  EXPECT_EQ(call(*link, Command("PING")).text(), "PONG");
}

TEST_F(RedisLinkTest, ALateAnswerIsLostAndTheNextCallGetsItsOwn) {
  LinkOptions with = options();
  with.command_timeout = Milliseconds(1000);
  const auto link = connected(with);
  const auto late = begin(*link, Command::of({"BLPOP", "empty", "0"}));
  wait_for([&] { return late->has_value(); });
  EXPECT_TRUE((*late)->is_lost());
  EXPECT_EQ(link->stats().timeouts, 1U);
  const auto next = begin(*link, Command::of({"ECHO", "mine"}));
  ask({"LPUSH", "empty", "not mine"});
  wait_for([&] { return next->has_value(); });
  EXPECT_EQ((*next)->text(), "mine");
  EXPECT_EQ(ups, 1) << "the connection was kept";
}

TEST_F(RedisLinkTest, AReceiverIsToldTheLateAnswerBehindTheLostOne) {
  struct Told {
    std::vector<Reply> in_time;
    std::vector<Reply> late;
  };
  class Receiver final : public ReplyReceiver {
   public:
    explicit Receiver(Told& told) : told_(told) {}
    void on_reply(Reply reply) override { told_.in_time.push_back(std::move(reply)); }
    void on_late_reply(const Reply& reply) override { told_.late.push_back(reply); }

   private:
    Told& told_;
  };
  LinkOptions with = options();
  with.command_timeout = Milliseconds(1000);
  const auto link = connected(with);
  Told told;
  link->call(Command::of({"BLPOP", "empty", "0"}), std::make_unique<Receiver>(told));
  wait_for([&] { return !told.in_time.empty(); });
  EXPECT_TRUE(told.in_time[0].is_lost());
  ask({"LPUSH", "empty", "in the end"});
  wait_for([&] { return !told.late.empty(); });
  EXPECT_EQ(told.late[0].item(1).text(), "in the end");
  EXPECT_EQ(call(*link, Command("PING")).text(), "PONG");
  EXPECT_EQ(told.in_time.size() + told.late.size(), 2U);
}

TEST_F(RedisLinkTest, GivesUpAConnectionThatFellSilentAndRecovers) {
  LinkOptions with = options();
  with.command_timeout = Milliseconds(100);
  const auto link = connected(with);
  servers->pause(test::Store::redis);
  const auto silent = begin(*link, Command::of({"INCR", "n"}));
  wait_for([&] { return silent->has_value() && !link->up(); });
  EXPECT_TRUE((*silent)->is_lost());
  EXPECT_TRUE(call(*link, Command("PING")).is_unsent());
  servers->resume(test::Store::redis);
  expect_recovers(*link);
  expect_recovers(*admin);
  EXPECT_EQ(ask({"GET", "n"}).number(), 1) << "lost was not the same as undone";
}

TEST_F(RedisLinkTest, ComesBackAfterACrashOfRedisWithAnotherRunId) {
  const auto link = connected(with_library());
  const std::string first = link->run_id();
  EXPECT_EQ(first.size(), 40U);
  const auto blocked = begin(*link, Command::of({"BLPOP", "empty", "0"}));
  ask({"PING"});
  servers->kill(test::Store::redis);
  wait_for([&] { return blocked->has_value(); });
  EXPECT_TRUE((*blocked)->is_lost());
  wait_for([&] { return !link->up(); });
  servers->start(test::Store::redis);
  expect_recovers(*link);
  EXPECT_NE(link->run_id(), first);
  EXPECT_EQ(call(*link, answer()).number(), 42);
  expect_recovers(*admin);
}

TEST_F(RedisLinkTest, SurvivesBeingKilledAgainAndAgainUnderLoad) {
  const auto link = connected(with_library());
  std::size_t answered = 0;
  for (int round = 0; round < 20; ++round) {
    const auto before = begin_many(*link, 200, [](int) { return answer(); });
    begin(*admin, Command::of({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}));
    const auto after = begin_many(*link, 200, [](int) { return answer(); });
    wait_for([&] { return all_answered(before) && all_answered(after); });
    for (const auto* replies : {&before, &after}) {
      for (const Pending& reply : *replies) {
        EXPECT_TRUE((*reply)->is_lost() || (*reply)->is_unsent() || (*reply)->number() == 42) << (*reply)->text();
        if ((*reply)->number() == 42) ++answered;
      }
    }
    expect_recovers(*link);
  }
  EXPECT_GT(answered, 0U);
  EXPECT_EQ(link->stats().pending, 0U);
  EXPECT_GT(link->stats().connects, 1U);
}

TEST_F(RedisLinkTest, WaitsForAPlaceWhereRedisHasTooManyClients) {
  ask({"CONFIG", "SET", "maxclients", "1"});
  const auto link = started(options());
  expect_never_up(*link);
  ask({"CONFIG", "SET", "maxclients", "1000"});
  expect_recovers(*link);
}

TEST_F(RedisLinkTest, RefusesARedisThatEvicts) {
  ask({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
  const auto link = started(options());
  expect_never_up(*link);
  ask({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  expect_recovers(*link);
}

TEST_F(RedisLinkTest, LeavesAReplicaAndWaitsForItsPromotion) {
  const auto link = connected(options());
  ask({"REPLICAOF", "127.0.0.1", "1"});
  EXPECT_EQ(call(*link, Command::of({"SET", "k", "v"})).error_code(), "READONLY");
  expect_never_up(*link);
  ask({"REPLICAOF", "NO", "ONE"});
  expect_recovers(*link);
}

TEST_F(RedisLinkTest, AuthenticatesAsItsUser) {
  ask({"ACL", "SETUSER", "zhonglou", "on", ">right", "~*", "+@all", "-config"});
  LinkOptions with = with_library();
  with.endpoint.username = "zhonglou";
  with.endpoint.password = "wrong";
  const auto refused = started(with);
  expect_never_up(*refused);
  with.endpoint.password = "right";
  const auto link = connected(with);
  EXPECT_EQ(call(*link, answer()).number(), 42);
  EXPECT_EQ(call(*link, Command::of({"ACL", "WHOAMI"})).text(), "zhonglou");
  ask({"ACL", "DELUSER", "zhonglou"});
}

/// Calls as soon as the link is up, and stops it at the end.
boost::asio::awaitable<void> call_until_answered(Link& link, std::uint64_t count,
                                                 std::atomic<std::uint64_t>& answered) {
  for (std::uint64_t done = 0; done < count;) {
    const Reply reply = co_await link.call(answer());
    if (reply.number() != 42) continue;
    ++done;
    ++answered;
  }
  co_await link.stop();
}

TEST_F(RedisLinkTest, EveryLoopHasALinkOfItsOwnAndAnyThreadReadsTheirState) {
  constexpr int loop_count = 3;
  constexpr std::uint64_t calls_each = 300;
  std::vector<std::unique_ptr<boost::asio::io_context>> loops;
  std::vector<std::unique_ptr<Link>> links;
  std::vector<std::jthread> threads;
  std::atomic<std::uint64_t> answered = 0;
  for (int i = 0; i < loop_count; ++i) {
    loops.push_back(std::make_unique<boost::asio::io_context>(1));
    links.push_back(std::make_unique<Link>(loops.back()->get_executor(), with_library(), random));
    links.back()->start();
    boost::asio::co_spawn(*loops.back(), call_until_answered(*links.back(), calls_each, answered),
                          boost::asio::detached);
    threads.emplace_back([&loop = *loops.back()] { loop.run(); });
  }
  wait_for([&] {
    return answered == loop_count * calls_each &&
           std::ranges::none_of(links, [](const auto& link) { return link->up() || link->stats().pending > 0; });
  });
  threads.clear();
  for (const auto& link : links) EXPECT_EQ(link->stats().connects, 1U);
}

TEST_F(RedisLinkTest, StopWaitsForWhatWasSent) {
  const auto link = connected(options());
  const auto reply = begin(*link, Command("PING"));
  link->send(Command::of({"SET", "sent", "1"}));
  stop(*link);
  wait_for([&] { return reply->has_value(); });
  EXPECT_EQ((*reply)->text(), "PONG");
  EXPECT_TRUE(call(*link, Command("PING")).is_unsent());
  EXPECT_EQ(ask({"GET", "sent"}).text(), "1");
  stop(*link);
}

TEST_F(RedisLinkTest, StopWaitsNoLongerThanTheCommandTimeout) {
  LinkOptions with = options();
  with.command_timeout = Milliseconds(100);
  const auto link = connected(with);
  const auto blocked = begin(*link, Command::of({"BLPOP", "empty", "0"}));
  stop(*link);
  wait_for([&] { return blocked->has_value(); });
  EXPECT_TRUE((*blocked)->is_lost());
}

TEST_F(RedisLinkTest, StopEndsALinkThatWasNeverUp) {
  LinkOptions with = options();
  with.endpoint.unix_socket = (servers->folder() / "nobody.sock").string();
  const auto link = started(with);
  expect_never_up(*link, Milliseconds(50));
  stop(*link);
  Link never_started(loop.get_executor(), options(), random);
  stop(never_started);
}

TEST_F(RedisLinkTest, CallsThatStillWaitWhenItIsDestroyedAreLost) {
  auto link = connected(options());
  const auto blocked = begin(*link, Command::of({"BLPOP", "empty", "0"}));
  call(*admin, Command("PING"));
  link.reset();
  wait_for([&] { return blocked->has_value(); });
  EXPECT_TRUE((*blocked)->is_lost());
}

}  // namespace
}  // namespace zl::redis
