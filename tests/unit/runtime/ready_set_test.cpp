#include "runtime/ready_set.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace zl::runtime {
namespace {

namespace asio = boost::asio;
using Error = boost::system::error_code;

constexpr auto as_result = asio::as_tuple(asio::deferred);

/// The client's end of a socket.
class Client {
 public:
  explicit Client(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  void say(std::string_view text) const {
    ASSERT_EQ(::send(descriptor_.number(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  void end() const { ::shutdown(descriptor_.number(), SHUT_WR); }
  std::size_t take_all() const {
    std::vector<char> chunk(1 << 20);
    std::size_t taken = 0;
    for (ssize_t size = 0; (size = ::recv(descriptor_.number(), chunk.data(), chunk.size(), 0)) > 0;) {
      taken += static_cast<std::size_t>(size);
    }
    return taken;
  }

 private:
  Descriptor descriptor_;
};

/// A set on a loop that the test turns by hand.
class ReadySets : public testing::Test {
 protected:
  void SetUp() override { asio::co_spawn(loop_, set_.run(), asio::detached); }
  void TearDown() override {
    set_.stop();
    turn();
  }

  void turn() {
    loop_.restart();
    loop_.poll();
  }

  /// With whoever still waits for it.
  struct End {
    void operator()(ReadySocket* socket) const {
      socket->abandon();
      delete socket;
    }
  };
  using Socket = std::unique_ptr<ReadySocket, End>;
  struct Pair {
    Socket server;
    Client client;
  };
  Pair connect() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    return {Socket(new ReadySocket(set_, Descriptor(ends[0]))), Client(Descriptor(ends[1]))};
  }

  /// Appends what comes, as long as it comes, then what ended it.
  static asio::awaitable<void> listen(ReadySocket& socket, std::string& heard, std::size_t at_once) {
    std::vector<char> chunk(at_once);
    for (;;) {
      auto [error] = co_await socket.wait_readable(as_result);
      std::size_t size = 0;
      if (!error) size = socket.read_some(chunk, error);
      if (error && error != asio::error::would_block) {
        heard += error == asio::error::eof ? "<end>" : error == asio::error::operation_aborted ? "<cancelled>" : "<?>";
        co_return;
      }
      heard.append(chunk.data(), size);
      heard += '|';
    }
  }

  asio::io_context loop_{1};
  ReadySet set_{loop_.get_executor()};
};

TEST_F(ReadySets, tells_of_what_comes_and_of_the_end) {
  auto [server, client] = connect();
  std::string heard;
  asio::co_spawn(loop_, listen(*server, heard, 64), asio::detached);
  turn();
  EXPECT_EQ(heard, "");
  client.say("one");
  turn();
  EXPECT_EQ(heard, "one|");
  client.say("two");
  turn();
  client.end();
  turn();
  EXPECT_EQ(heard, "one|two|<end>");
  EXPECT_TRUE(server->peer_has_ended());
}

TEST_F(ReadySets, tells_of_what_came_before_anybody_waited) {
  auto [server, client] = connect();
  client.say("early");
  turn();
  std::string heard;
  asio::co_spawn(loop_, listen(*server, heard, 64), asio::detached);
  turn();
  EXPECT_EQ(heard, "early|");
}

TEST_F(ReadySets, gives_the_last_words_of_who_ends_behind_them) {
  auto [server, client] = connect();
  std::string heard;
  asio::co_spawn(loop_, listen(*server, heard, 64), asio::detached);
  turn();
  client.say("bye");
  client.end();
  turn();
  EXPECT_EQ(heard, "bye|<end>");
}

TEST_F(ReadySets, gives_the_last_words_of_who_ended_before_anybody_waited) {
  auto [server, client] = connect();
  client.say("bye");
  client.end();
  turn();
  EXPECT_TRUE(server->peer_has_ended());
  std::string heard;
  asio::co_spawn(loop_, listen(*server, heard, 64), asio::detached);
  turn();
  EXPECT_EQ(heard, "bye|<end>");
}

TEST_F(ReadySets, tells_of_an_end_behind_a_read_that_took_just_all) {
  auto [server, client] = connect();
  std::string heard;
  asio::co_spawn(loop_, listen(*server, heard, 4), asio::detached);
  turn();
  client.say("1234");
  turn();
  client.end();
  turn();
  EXPECT_EQ(heard, "1234||<end>") << "the empty read finds that nothing is left";
}

TEST_F(ReadySets, gives_all_that_one_read_does_not_take) {
  auto [server, client] = connect();
  std::string heard;
  asio::co_spawn(loop_, listen(*server, heard, 4), asio::detached);
  client.say("12345678");
  turn();
  client.say("90");
  turn();
  EXPECT_EQ(heard, "1234|5678||90|") << "the empty read finds that nothing is left";
}

TEST_F(ReadySets, lets_others_have_their_turn_between_two_reads) {
  auto [loud, loud_client] = connect();
  auto [quiet, quiet_client] = connect();
  std::string heard;
  asio::co_spawn(loop_, listen(*loud, heard, 1), asio::detached);
  asio::co_spawn(loop_, listen(*quiet, heard, 1), asio::detached);
  turn();
  loud_client.say("aaaa");
  quiet_client.say("b");
  turn();
  EXPECT_LT(heard.find('b'), heard.rfind('a')) << heard;
}

TEST_F(ReadySets, tells_more_sockets_than_one_turn_takes) {
  std::vector<Pair> pairs;
  std::vector<std::string> heard(300);
  for (std::string& text : heard) {
    pairs.push_back(connect());
    asio::co_spawn(loop_, listen(*pairs.back().server, text, 64), asio::detached);
  }
  turn();
  for (const Pair& pair : pairs) pair.client.say("x");
  turn();
  for (const std::string& text : heard) ASSERT_EQ(text, "x|");
}

TEST_F(ReadySets, tells_when_a_full_socket_takes_more) {
  auto [server, client] = connect();
  const std::string text(64 << 10, 'x');
  std::size_t written = 0;
  bool full = false;
  bool told = false;
  auto fill = [](ReadySocket& socket, const std::string& bytes, std::size_t& sum, bool& was_full,
                 bool& was_told) -> asio::awaitable<void> {
    Error error;
    while (!error) sum += socket.write_some(bytes, error);
    was_full = error == asio::error::would_block;
    std::tie(error) = co_await socket.wait_writable(as_result);
    was_told = !error;
    sum += socket.write_some("end", error);
  };
  asio::co_spawn(loop_, fill(*server, text, written, full, told), asio::detached);
  turn();
  EXPECT_TRUE(full);
  EXPECT_FALSE(told);
  std::size_t taken = client.take_all();
  turn();
  EXPECT_TRUE(told);
  taken += client.take_all();
  EXPECT_EQ(taken, written);
}

TEST_F(ReadySets, tells_who_waits_to_write_that_nobody_reads_any_more) {
  auto pair = std::make_unique<Pair>(connect());
  Error told = asio::error::in_progress;
  auto fill = [](ReadySocket& socket, Error& last) -> asio::awaitable<void> {
    const std::string text(64 << 10, 'x');
    for (Error error; error != asio::error::would_block;) socket.write_some(text, error);
    auto [error] = co_await socket.wait_writable(as_result);
    if (!error) socket.write_some(text, error);
    last = error;
  };
  const Socket server = std::move(pair->server);
  asio::co_spawn(loop_, fill(*server, told), asio::detached);
  turn();
  EXPECT_EQ(told, asio::error::in_progress);
  pair.reset();
  turn();
  EXPECT_EQ(told, asio::error::broken_pipe);
}

TEST_F(ReadySets, keeps_what_comes_for_who_waits_to_write_until_they_read) {
  auto [server, client] = connect();
  std::string said;
  auto fill = [](ReadySocket& socket, std::string& heard) -> asio::awaitable<void> {
    const std::string text(64 << 10, 'x');
    for (Error error; error != asio::error::would_block;) socket.write_some(text, error);
    co_await socket.wait_writable(as_result);
    heard += "written|";
    co_await listen(socket, heard, 64);
  };
  asio::co_spawn(loop_, fill(*server, said), asio::detached);
  turn();
  client.say("x");
  turn();
  EXPECT_EQ(said, "");
  client.take_all();
  turn();
  EXPECT_EQ(said, "written|x|");
}

TEST_F(ReadySets, tells_a_neighbour_of_what_comes_while_one_is_told) {
  auto [first, first_client] = connect();
  auto [second, second_client] = connect();
  std::string heard;
  auto pass_on = [](ReadySocket& socket, const Client& neighbour) -> asio::awaitable<void> {
    co_await socket.wait_readable(as_result);
    neighbour.say("passed on");
  };
  asio::co_spawn(loop_, listen(*second, heard, 64), asio::detached);
  asio::co_spawn(loop_, pass_on(*first, second_client), asio::detached);
  turn();
  first_client.say("x");
  turn();
  EXPECT_EQ(heard, "passed on|");
}

TEST_F(ReadySets, ends_a_wait_that_is_cancelled_in_a_later_turn) {
  auto [server, client] = connect();
  std::string heard;
  asio::co_spawn(loop_, listen(*server, heard, 64), asio::detached);
  turn();
  server->cancel();
  EXPECT_EQ(heard, "");
  turn();
  EXPECT_EQ(heard, "<cancelled>");
  server->cancel();
  turn();
}

TEST_F(ReadySets, lets_a_wait_that_is_over_end_as_it_did_when_it_is_cancelled_then) {
  auto [server, client] = connect();
  client.say("early");
  turn();
  std::string heard;
  asio::co_spawn(loop_, listen(*server, heard, 64), asio::detached);
  loop_.restart();
  loop_.run_one();  // it waits, and what came before is on its way to it
  server->cancel();
  turn();
  EXPECT_EQ(heard, "early|");
}

TEST_F(ReadySets, closes_a_descriptor_that_cannot_be_watched) {
  const int number = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(number, 0);
  EXPECT_THROW(ReadySocket(set_, Descriptor(number)), boost::system::system_error);
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

/// A neighbour that ends may have been ready in the same turn.
TEST_F(ReadySets, forgets_a_socket_that_ends_while_others_are_told) {
  auto [first, first_client] = connect();
  auto [second, second_client] = connect();
  auto kill = [](ReadySocket& socket, Socket& victim) -> asio::awaitable<void> {
    co_await socket.wait_readable(as_result);
    victim.reset();
  };
  asio::co_spawn(loop_, kill(*first, second), asio::detached);
  std::string heard;
  asio::co_spawn(loop_, listen(*second, heard, 64), asio::detached);
  turn();
  first_client.say("x");
  second_client.say("x");
  turn();
  EXPECT_EQ(second, nullptr);
  EXPECT_EQ(heard, "");
}

TEST_F(ReadySets, destroys_a_coroutine_that_is_abandoned) {
  auto [server, client] = connect();
  const auto kept = std::make_shared<int>(1);
  auto wait = [](ReadySocket& socket, std::shared_ptr<int> owned) -> asio::awaitable<void> {
    co_await socket.wait_readable(as_result);
    *owned = 2;
  };
  asio::co_spawn(loop_, wait(*server, kept), asio::detached);
  turn();
  EXPECT_EQ(kept.use_count(), 2);
  server->abandon();
  turn();
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_EQ(*kept, 1);
}

}  // namespace
}  // namespace zl::runtime
