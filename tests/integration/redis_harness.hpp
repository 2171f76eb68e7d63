// A private Redis, and one loop that the test itself turns.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/random_device.hpp"
#include "store/redis/link.hpp"
#include "support/servers.hpp"

namespace zl::redis {

/// All waiting is for a condition; this long only where it never comes true.
inline constexpr std::chrono::seconds patience{20};

/// Where the reply of a call will appear.
using Pending = std::shared_ptr<std::optional<Reply>>;

class RedisTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { servers = std::make_unique<test::PrivateServers>(); }
  static void TearDownTestSuite() { servers.reset(); }

  /// Every test starts on an empty Redis with its usual settings, and has `admin` to change it.
  void SetUp() override {
    admin = std::make_unique<Link>(loop.get_executor(), options(), random);
    admin->start();
    wait_for([this] { return admin->up(); });
    ask({"FLUSHALL"});
    ask({"FUNCTION", "FLUSH"});
  }

  void TearDown() override { stop(*admin); }

  /// Of a link that waits for slow machines; tests of deadlines set their own.
  static LinkOptions options() {
    LinkOptions options;
    options.endpoint.unix_socket = servers->redis_socket();
    options.command_timeout = base::Milliseconds(10'000);
    return options;
  }

  /// Turns the loop until the condition holds.
  void wait_for(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("the condition never came true");
      loop.restart();
      loop.run_one_for(std::chrono::milliseconds(5));
    }
  }

  /// Starts a call without waiting for it; the reply appears in what is returned.
  Pending begin(Link& link, Command command) {
    auto result = std::make_shared<std::optional<Reply>>();
    boost::asio::co_spawn(loop, link.call(std::move(command)), [result](const std::exception_ptr& error, Reply reply) {
      if (error) std::rethrow_exception(error);
      *result = std::move(reply);
    });
    return result;
  }

  /// The calls of one turn of the loop; `make` is told their numbers.
  std::vector<Pending> begin_many(Link& link, int count, const std::function<Command(int)>& make) {
    std::vector<Pending> results(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) results[static_cast<std::size_t>(i)] = begin(link, make(i));
    return results;
  }

  static bool all_answered(const std::vector<Pending>& results) {
    return std::ranges::all_of(results, [](const Pending& result) { return result->has_value(); });
  }

  Reply call(Link& link, Command command) {
    const auto result = begin(link, std::move(command));
    wait_for([&] { return result->has_value(); });
    return **result;
  }

  /// The admin's command, which has to succeed.
  Reply ask(std::initializer_list<std::string_view> arguments) {
    Reply reply = call(*admin, Command::of(arguments));
    if (reply.is_error() || reply.is_lost() || reply.is_unsent()) throw std::runtime_error(reply.text());
    return reply;
  }

  void stop(Link& link) {
    bool stopped = false;
    boost::asio::co_spawn(loop, link.stop(), [&stopped](const std::exception_ptr&) { stopped = true; });
    wait_for([&] { return stopped; });
  }

  static inline std::unique_ptr<test::PrivateServers> servers;

  boost::asio::io_context loop{1};
  runtime::SystemRandom random;
  std::unique_ptr<Link> admin;
};

}  // namespace zl::redis
