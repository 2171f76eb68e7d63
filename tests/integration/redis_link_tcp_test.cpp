// The link by way of TCP, to an address, a name, nobody, and one who says nothing.
#include <boost/asio/ip/tcp.hpp>

#include "redis_link_harness.hpp"

namespace zl::redis {
namespace {

using base::Milliseconds;

class RedisLinkOverTcp : public RedisLinkTest {
 protected:
  /// A port that was free a moment ago.
  static int free_port() {
    boost::asio::io_context context(1);
    const boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
    return acceptor.local_endpoint().port();
  }

  void SetUp() override {
    RedisLinkTest::SetUp();
    port = free_port();
    // Not ::1, to which "localhost" may lead first.
    ask({"CONFIG", "SET", "bind", "127.0.0.1", "port", std::to_string(port)});
  }

  void TearDown() override {
    ask({"CONFIG", "SET", "port", "0"});
    RedisLinkTest::TearDown();
  }

  LinkOptions at(std::string host) const {
    LinkOptions with;
    with.endpoint.host = std::move(host);
    with.endpoint.port = port;
    return with;
  }

  int port = 0;
};

TEST_F(RedisLinkOverTcp, ConnectsToAnAddressAndToAName) {
  const auto by_address = connected(at("127.0.0.1"));
  EXPECT_EQ(call(*by_address, Command("PING")).text(), "PONG");
  const auto by_name = connected(at("localhost"));
  EXPECT_EQ(call(*by_name, Command("PING")).text(), "PONG");
}

TEST_F(RedisLinkOverTcp, KeepsTryingWhereNobodyListens) {
  LinkOptions with = at("127.0.0.1");
  with.endpoint.port = free_port();
  const auto link = started(with);
  expect_never_up(*link);
  const auto nameless = started(at("name.invalid"));
  expect_never_up(*nameless);
}

TEST_F(RedisLinkOverTcp, GivesUpAConnectThatNobodyAnswers) {
  // A listener that accepts nobody and reads nothing: connected, but never greeted.
  const boost::asio::ip::tcp::acceptor mute(loop, {boost::asio::ip::address_v4::loopback(), 0});
  LinkOptions with = at("127.0.0.1");
  with.endpoint.port = mute.local_endpoint().port();
  with.connect_timeout = Milliseconds(50);
  const auto link = started(with);
  expect_never_up(*link);
}

}  // namespace
}  // namespace zl::redis
