// Commands in Redis's wire format.
#include "store/redis/resp.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace zl::redis {
namespace {

using std::string_literals::operator""s;

TEST(Command, EncodesItsNameAlone) {
  EXPECT_EQ(Command("PING").encode(), "*1\r\n$4\r\nPING\r\n");
}

TEST(Command, CountsArgumentsAndTheirBytes) {
  EXPECT_EQ(Command::of({"SET", "seats", "30"}).encode(), "*3\r\n$3\r\nSET\r\n$5\r\nseats\r\n$2\r\n30\r\n");
}

TEST(Command, TakesArgumentsOfAnyBytes) {
  EXPECT_EQ(Command("ECHO").arg("a\0\r\n*9"s).encode(), "*2\r\n$4\r\nECHO\r\n$6\r\na\0\r\n*9\r\n"s);
}

TEST(Command, TakesAnEmptyArgument) {
  EXPECT_EQ(Command("ECHO").arg("").encode(), "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n");
}

TEST(Command, WritesIntegersInDecimal) {
  Command command("X");
  command.arg(0).arg(-7).arg(std::numeric_limits<std::int64_t>::min()).arg(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(command.encode(),
            "*5\r\n$1\r\nX\r\n$1\r\n0\r\n$2\r\n-7\r\n$20\r\n-9223372036854775808\r\n$20\r\n18446744073709551615\r\n");
}

TEST(Command, CanBeExtendedAfterItWasEncoded) {
  Command command("SADD");
  for (int i = 0; i < 8; ++i) command.arg(i);
  EXPECT_TRUE(command.encode().starts_with("*9\r\n$4\r\nSADD\r\n"));
  command.arg(8);
  EXPECT_TRUE(command.encode().starts_with("*10\r\n$4\r\nSADD\r\n"));
}

TEST(Command, HoldsAsManyArgumentsAsRedisTakes) {
  Command command("SADD");
  while (command.argument_count() < Command::argument_limit) command.arg("x");
  EXPECT_TRUE(command.encode().starts_with("*1048576\r\n$4\r\nSADD\r\n$1\r\nx\r\n"));
  EXPECT_DEATH(command.arg("x"), "at most argument_limit");
}

}  // namespace
}  // namespace zl::redis
