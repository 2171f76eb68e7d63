// Links to a private Redis, with a library of one function that answers 42.
#pragma once

#include <chrono>
#include <memory>

#include "redis_harness.hpp"

namespace zl::redis {

inline const Library library{"zl_test_v1",
                             "#!lua name=zl_test_v1\nredis.register_function('zl_answer', function() return 42 end)"};

inline Command answer() {
  return Command::of({"FCALL", "zl_answer", "0"});
}

class RedisLinkTest : public RedisTest {
 protected:
  std::unique_ptr<Link> started(const LinkOptions& with) {
    auto link = std::make_unique<Link>(loop.get_executor(), with, random, [this] { ++ups; });
    link->start();
    return link;
  }

  std::unique_ptr<Link> connected(const LinkOptions& with) {
    auto link = started(with);
    wait_for([&] { return link->up(); });
    return link;
  }

  static LinkOptions with_library() {
    LinkOptions with = options();
    with.libraries = {library};
    return with;
  }

  /// A link that has to stay down does so for several of its attempts.
  void expect_never_up(const Link& link, base::Milliseconds time = base::Milliseconds(600)) {
    const auto end = std::chrono::steady_clock::now() + time;
    wait_for([&] { return link.up() || std::chrono::steady_clock::now() >= end; });
    EXPECT_FALSE(link.up());
  }

  /// The link has found its way back: it is up and answers.
  void expect_recovers(Link& link) {
    wait_for([&] { return link.up() && call(link, Command("PING")).text() == "PONG"; });
  }

  int ups = 0;
};

}  // namespace zl::redis
