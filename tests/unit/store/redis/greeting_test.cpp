// What a new connection is asked, and which answers make it usable.
#include "store/redis/greeting.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zl::redis {
namespace {

using State = Greeting::State;
using Purpose = Greeting::Purpose;

const Library library{"zl_v1", "#!lua name=zl_v1\n"};

Reply ok() {
  return Reply::of_text("OK");
}
Reply server() {
  return Reply::of_text("# Server\r\nredis_version:7.0.15\r\nrun_id:abc123\r\ntcp_port:0\r\n");
}
Reply role(std::string name) {
  return Reply::of_array({Reply::of_text(std::move(name)), Reply::of_integer(0)});
}
Reply policy(std::string name) {
  return Reply::of_array({Reply::of_text("maxmemory-policy"), Reply::of_text(std::move(name))});
}
Reply listed() {
  return Reply::of_array({Reply::of_array({Reply::of_text("library_name")})});
}
Reply not_listed() {
  return Reply::of_array({});
}

std::string sent(Greeting& greeting) {
  std::string bytes;
  for (Command& command : greeting.take_commands()) bytes += command.encode();
  return bytes;
}

std::string encoded(const std::vector<std::vector<std::string_view>>& commands) {
  std::string bytes;
  for (const std::vector<std::string_view>& words : commands) {
    Command command(words.front());
    for (std::size_t i = 1; i < words.size(); ++i) command.arg(words[i]);
    bytes += command.encode();
  }
  return bytes;
}

Greeting fed(const std::vector<Reply>& replies) {
  Greeting greeting({}, {library}, Purpose::commands);
  for (const Reply& reply : replies) greeting.on_reply(reply);
  return greeting;
}

TEST(Greeting, AsksEverythingInOnePipeline) {
  Greeting greeting({}, {library}, Purpose::commands);
  EXPECT_EQ(sent(greeting), encoded({{"CLIENT", "SETNAME", "zhonglou"},
                                     {"INFO", "server"},
                                     {"ROLE"},
                                     {"CONFIG", "GET", "maxmemory-policy"},
                                     {"FUNCTION", "LIST", "LIBRARYNAME", "zl_v1"}}));
  EXPECT_EQ(sent(greeting), "") << "each command is sent once";
  EXPECT_EQ(greeting.state(), State::talking);
}

TEST(Greeting, AuthenticatesFirst) {
  Endpoint endpoint;
  endpoint.password = "secret";
  Greeting as_default(endpoint, {}, Purpose::listens);
  EXPECT_EQ(sent(as_default), encoded({{"AUTH", "secret"}, {"CLIENT", "SETNAME", "zhonglou"}}));
  endpoint.username = "zhonglou";
  Greeting as_user(endpoint, {}, Purpose::listens);
  EXPECT_EQ(sent(as_user), encoded({{"AUTH", "zhonglou", "secret"}, {"CLIENT", "SETNAME", "zhonglou"}}));
}

TEST(Greeting, IsDoneWhenTheLibraryIsThere) {
  const Greeting greeting = fed({ok(), server(), role("master"), policy("noeviction"), listed()});
  EXPECT_EQ(greeting.state(), State::done);
  EXPECT_EQ(greeting.run_id(), "abc123");
  EXPECT_TRUE(greeting.warnings().empty());
}

TEST(Greeting, LoadsALibraryThatIsMissing) {
  Greeting greeting = fed({ok(), server(), role("master"), policy("noeviction")});
  greeting.take_commands();
  greeting.on_reply(not_listed());
  EXPECT_EQ(sent(greeting), encoded({{"FUNCTION", "LOAD", library.code}}));
  greeting.on_reply(Reply::of_text("zl_v1"));
  EXPECT_EQ(greeting.state(), State::done);
}

TEST(Greeting, LoadsOnlyWhatIsMissing) {
  Greeting greeting({}, {library, {"zl_v2", "other code"}}, Purpose::commands);
  greeting.take_commands();
  for (const Reply& reply : {ok(), server(), role("master"), policy("noeviction"), listed(), not_listed()}) {
    greeting.on_reply(reply);
  }
  EXPECT_EQ(sent(greeting), encoded({{"FUNCTION", "LOAD", "other code"}}));
}

TEST(Greeting, IsDoneWhenAnotherProcessLoadedTheLibraryFirst) {
  const Greeting greeting = fed({ok(), server(), role("master"), policy("noeviction"), not_listed(),
                                 Reply::of_error("ERR Library 'zl_v1' already exists")});
  EXPECT_EQ(greeting.state(), State::done);
}

TEST(Greeting, OfAListenerAsksForNothingMore) {
  Greeting greeting({}, {library}, Purpose::listens);
  greeting.on_reply(ok());
  EXPECT_EQ(greeting.state(), State::done);
}

TEST(Greeting, ToleratesWhatTheAccountMayNotAsk) {
  for (const char* refusal : {"NOPERM this user has no permissions", "ERR unknown command 'CONFIG'"}) {
    const Reply no = Reply::of_error(refusal);
    const Greeting greeting = fed({no, server(), role("master"), no, listed()});
    EXPECT_EQ(greeting.state(), State::done);
    EXPECT_EQ(greeting.warnings().size(), 2U) << "one for the name, one for the policy";
  }
}

TEST(Greeting, FailsWithAReasonOnAServerThatMustNotBeUsed) {
  const Reply loading = Reply::of_error("LOADING Redis is loading the dataset in memory");
  struct Case {
    std::vector<Reply> replies;
    std::string reason;
  };
  const std::vector<Case> cases = {
      {{Reply::of_error("ERR max number of clients reached")}, "max number of clients"},
      {{Reply::of_error("NOAUTH Authentication required.")}, "NOAUTH"},
      {{ok(), loading}, "LOADING"},
      {{ok(), Reply::of_text("redis_version:7.0.15\r\n")}, "run_id"},
      {{ok(), Reply::of_text("xrun_id:abc\r\n")}, "run_id"},
      {{ok(), server(), role("slave")}, "role is 'slave'"},
      {{ok(), server(), Reply()}, "role is ''"},
      {{ok(), server(), loading}, "LOADING"},
      {{ok(), server(), role("master"), policy("allkeys-lru")}, "allkeys-lru"},
      {{ok(), server(), role("master"), loading}, "LOADING"},
      {{ok(), server(), role("master"), policy("noeviction"), loading}, "LOADING"},
      {{ok(), server(), role("master"), policy("noeviction"), not_listed(), Reply::of_error("ERR Error compiling")},
       "zl_v1 failed: ERR Error compiling"},
  };
  for (const Case& c : cases) {
    const Greeting greeting = fed(c.replies);
    EXPECT_EQ(greeting.state(), State::failed) << c.reason;
    EXPECT_NE(greeting.failure().find(c.reason), std::string::npos) << greeting.failure();
  }
}

TEST(Greeting, StaysFailedWhateverComesAfter) {
  Greeting greeting = fed({ok(), server(), role("slave"), policy("noeviction"), not_listed()});
  EXPECT_EQ(greeting.state(), State::failed);
  greeting.take_commands();
  EXPECT_EQ(sent(greeting), "") << "nothing is loaded into a replica";
}

TEST(Greeting, FailsWhenAuthenticationIsRefusedAndKeepsTheSecret) {
  Endpoint endpoint;
  endpoint.password = "secret";
  Greeting greeting(endpoint, {}, Purpose::commands);
  greeting.on_reply(Reply::of_error("WRONGPASS invalid username-password pair or user is disabled."));
  EXPECT_EQ(greeting.state(), State::failed);
  EXPECT_EQ(greeting.failure().find("secret"), std::string::npos);
}

}  // namespace
}  // namespace zl::redis
