// The subscriber on a real Redis: messages, silence, and coming back.
#include "store/redis/subscriber.hpp"

#include "integration/redis_harness.hpp"

namespace zl::redis {
namespace {

using base::Milliseconds;
using Messages = std::vector<std::pair<std::string, std::string>>;

class RedisSubscriberTest : public RedisTest {
 protected:
  static SubscriberOptions listening() {
    SubscriberOptions with;
    with.endpoint.unix_socket = servers->redis_socket();
    with.channels = {"zl:seats", "zl:changes"};
    return with;
  }

  std::unique_ptr<Subscriber> subscribed(const SubscriberOptions& with) {
    auto on_message = [this](std::string_view channel, std::string_view payload) {
      messages.emplace_back(channel, payload);
    };
    auto subscriber = std::make_unique<Subscriber>(loop.get_executor(), with, random, on_message, [this] { ++ups; });
    subscriber->start();
    wait_for([&] { return subscriber->up(); });
    return subscriber;
  }

  /// Turns the loop for a time in which something could happen that must not.
  void let_pass(Milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    wait_for([&] { return std::chrono::steady_clock::now() >= end; });
  }

  void expect_hears(std::string_view payload) {
    // On a slow machine it may have fallen silent, and be about to come back, once more.
    wait_for([&] { return ask({"PUBLISH", "zl:seats", payload}).number() == 1; });
    wait_for([&] { return !messages.empty() && messages.back().second == payload; });
  }

  Messages messages;
  int ups = 0;
};

TEST_F(RedisSubscriberTest, HearsItsChannelsInOrder) {
  const auto subscriber = subscribed(listening());
  ask({"PUBLISH", "zl:seats", "1"});
  ask({"PUBLISH", "zl:others", "2"});
  ask({"PUBLISH", "zl:changes", ""});
  ask({"PUBLISH", "zl:seats", std::string_view("3\0", 2)});
  wait_for([&] { return messages.size() >= 3; });
  EXPECT_EQ(messages, (Messages{{"zl:seats", "1"}, {"zl:changes", ""}, {"zl:seats", std::string("3\0", 2)}}));
  EXPECT_EQ(ups, 1);
}

TEST_F(RedisSubscriberTest, StaysConnectedWhileNothingIsPublished) {
  SubscriberOptions with = listening();
  with.silence_limit = Milliseconds(3000);
  const auto subscriber = subscribed(with);
  let_pass(Milliseconds(7000));
  EXPECT_EQ(ups, 1) << "pings are signs of life";
  EXPECT_TRUE(messages.empty());
  expect_hears("after the silence");
}

TEST_F(RedisSubscriberTest, LeavesAConnectionThatFellSilentAndRecovers) {
  SubscriberOptions with = listening();
  with.silence_limit = Milliseconds(1000);
  const auto subscriber = subscribed(with);
  servers->pause(test::Store::redis);
  wait_for([&] { return !subscriber->up(); });
  servers->resume(test::Store::redis);
  wait_for([&] { return subscriber->up() && admin->up(); });
  EXPECT_GE(ups, 2);
  expect_hears("again");
}

TEST_F(RedisSubscriberTest, SubscribesAgainAfterACrashOfRedis) {
  const auto subscriber = subscribed(listening());
  servers->kill(test::Store::redis);
  wait_for([&] { return !subscriber->up(); });
  servers->start(test::Store::redis);
  wait_for([&] { return subscriber->up() && admin->up(); });
  EXPECT_EQ(ups, 2);
  expect_hears("again");
}

TEST_F(RedisSubscriberTest, SubscribesAgainEachTimeItIsKilledAmidMessages) {
  const auto subscriber = subscribed(listening());
  for (int round = 1; round <= 10; ++round) {
    for (int i = 0; i < 100; ++i) admin->send(Command::of({"PUBLISH", "zl:seats", "many"}));
    ask({"CLIENT", "KILL", "TYPE", "pubsub"});
    wait_for([&] { return ups == round + 1; });
  }
  expect_hears("again");
}

TEST_F(RedisSubscriberTest, KeepsTryingWhereItMayNotSubscribe) {
  ask({"ACL", "SETUSER", "deaf", "on", ">secret", "+@all", "resetchannels"});
  SubscriberOptions with = listening();
  with.endpoint.username = "deaf";
  with.endpoint.password = "secret";
  Subscriber subscriber(loop.get_executor(), with, random, [](std::string_view, std::string_view) {});
  subscriber.start();
  let_pass(Milliseconds(300));
  EXPECT_FALSE(subscriber.up());
  ask({"ACL", "SETUSER", "deaf", "allchannels"});
  wait_for([&] { return subscriber.up(); });
  ask({"ACL", "DELUSER", "deaf"});
}

TEST_F(RedisSubscriberTest, IsNotCalledAfterStop) {
  const auto subscriber = subscribed(listening());
  admin->send(Command::of({"PUBLISH", "zl:seats", "too late"}));
  subscriber->stop();
  EXPECT_FALSE(subscriber->up());
  wait_for([&] { return ask({"PUBLISH", "zl:seats", "nobody"}).number() == 0; });
  EXPECT_TRUE(messages.empty());
}

}  // namespace
}  // namespace zl::redis
