// What a Redis may answer: bytes through hiredis and our connection to it into replies, and every reply into each
// reader of answers. A reply of another shape than expected is unknown, never a crash and never an answer by halves;
// and it does not depend on how the bytes were cut.
#include <hiredis/hiredis.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>

#include "fuzz/support/fuzz.hpp"
#include "store/redis/connection.hpp"
#include "store/redis/gate_replies.hpp"
#include "store/redis/greeting.hpp"
#include "support/samples.hpp"

namespace zl::fuzz {
namespace {

using redis::Reply;

/// Listens as a Redis does; says what it is told to.
class FakeRedis {
 public:
  FakeRedis() : path_(std::filesystem::temp_directory_path() / ("zl-fuzz-" + std::to_string(::getpid()))) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.native().copy(address.sun_path, sizeof address.sun_path - 1);
    ::unlink(path_.c_str());
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    require(::bind(listener_, generic, sizeof address) == 0 && ::listen(listener_, 8) == 0, "a socket", path_.native());
  }
  FakeRedis(const FakeRedis&) = delete;
  FakeRedis& operator=(const FakeRedis&) = delete;
  ~FakeRedis() {
    ::close(listener_);
    ::unlink(path_.c_str());
  }

  const std::filesystem::path& path() const { return path_; }
  int accept() const { return ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); }

 private:
  const std::filesystem::path path_;
  int listener_ = -1;
};

struct Heard final : redis::ConnectionEvents {
  void on_connected() override { connected = true; }
  void on_reply(Reply reply) override { replies.push_back(std::move(reply)); }
  void on_closed(const std::string&) override { closed = true; }

  bool connected = false;
  bool closed = false;
  std::vector<Reply> replies;
};

/// hiredis itself, of the version that there is, ends the process at a reply that nobody asked for: as many are asked
/// for as it can read.
std::size_t replies_in(std::string_view bytes) {
  const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader(redisReaderCreate(), redisReaderFree);
  redisReaderFeed(reader.get(), bytes.data(), bytes.size());
  std::size_t count = 0;
  void* reply = nullptr;
  while (redisReaderGetReply(reader.get(), &reply) == REDIS_OK && reply != nullptr) {
    freeReplyObject(reply);
    ++count;
  }
  return count;
}

/// hiredis makes room for as many items as an array claims to have: a length that no answer of ours has is not fed.
bool claims_too_much(std::string_view bytes) {
  for (std::size_t star = bytes.find('*'); star != std::string_view::npos; star = bytes.find('*', star + 1)) {
    const std::size_t first = std::min(bytes.find_first_not_of("+-0", star + 1), bytes.size());
    const std::size_t end = std::min(bytes.find_first_not_of("0123456789", first), bytes.size());
    if (end - first > 5) return true;
  }
  return false;
}

void settle(boost::asio::io_context& loop) {
  do {
    loop.restart();
  } while (loop.poll() > 0);
}

std::vector<Reply> replies_to(const std::vector<std::string_view>& pieces, std::size_t questions) {
  static const FakeRedis server;
  boost::asio::io_context loop{1};
  Heard heard;
  redis::Endpoint endpoint;
  endpoint.unix_socket = server.path();
  const auto connection = redis::Connection::open(loop.get_executor(), endpoint, heard);
  settle(loop);
  const int peer = server.accept();
  settle(loop);
  require(heard.connected && peer >= 0, "connected");
  for (std::size_t i = 0; i < questions; ++i) require(connection->send("*1\r\n$4\r\nPING\r\n"), "sent");
  settle(loop);
  for (const std::string_view piece : pieces) {
    (void)::send(peer, piece.data(), piece.size(), MSG_NOSIGNAL);
    settle(loop);
  }
  ::close(peer);
  settle(loop);
  require(heard.closed, "the end is told");
  connection->close();
  settle(loop);
  return std::move(heard.replies);
}

std::string text_of_reply(const Reply& reply) {
  std::string text = std::to_string(static_cast<int>(reply.kind())) + ":" + reply.text();
  if (reply.number()) text += "#" + std::to_string(*reply.number());
  for (const Reply& item : reply.items()) text += "[" + text_of_reply(item) + "]";
  return text;
}

void check_seats(const app::SeatCount& seats) {
  require(seats.used >= 0 && seats.capacity >= 0, "seats are counted from none");
}

void check_decision(const base::Outcome<app::GateDecision>& decision, const Reply& reply) {
  require(decision.is_done() || !reply.is_array() || decision.is_unknown() || decision.is_refused(), "three outcomes");
  if (!decision) return;
  if (const auto* granted = std::get_if<app::Granted>(&*decision)) {
    require(granted->receipt.remaining >= 0, "no fewer seats left than none");
    check_seats(granted->seats);
  }
  const auto* refused = std::get_if<app::GateRefused>(&*decision);
  if (refused == nullptr) return;
  require(refused->refusal.receipt.remaining >= 0, "no fewer seats left than none");
  check_seats(refused->seats);
  require(!refused->refusal.violations.empty(), "a refusal names a rule");
  auto sorted = refused->refusal.violations;
  domain::sort_by_weight(sorted);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    require(sorted[i].index() == refused->refusal.violations[i].index(), "the weightiest rule first");
  }
}

void check_readers(const Reply& reply) {
  for (const std::size_t wishes : {1U, 3U}) {
    const std::vector<base::ActivityId> activities(wishes, test::id_of<base::ActivityId>(1));
    const auto decisions = redis::read_decisions(reply, activities);
    require(decisions.size() == wishes, "an answer for every wish");
    for (const auto& decision : decisions) check_decision(decision, reply);
  }
  (void)redis::read_version(reply, "run");
  (void)redis::read_change(reply);
  (void)redis::read_time(reply);
  const auto seats = redis::read_seats(reply);
  if (seats && *seats) {
    require((**seats).activities.size() == reply.items().size() - 4, "every row of seats");
    for (const app::GateCount& row : (**seats).activities) check_seats(row.seats);
  }
  const auto holders = redis::read_holders(reply);
  if (holders && *holders) require((**holders).holders.size() == reply.items().size() - 4, "every holder");
  const auto expired = redis::read_expired(reply);
  if (expired && reply.item(0).text() == "expired") {
    require(expired->size() == reply.items().size() - 1, "every hold");
  }
  (void)redis::needs_new_greeting(reply);
}

void check_greeting(const std::vector<Reply>& replies) {
  redis::Endpoint endpoint;
  endpoint.password = "hunter2-hunter2";
  redis::Greeting greeting(endpoint, {{"zhonglou_1", "#!lua name=zhonglou_1\n"}}, redis::Greeting::Purpose::commands);
  auto next = replies.begin();
  for (auto commands = greeting.take_commands(); !commands.empty(); commands = greeting.take_commands()) {
    for (std::size_t i = 0; i < commands.size() && greeting.state() == redis::Greeting::State::talking; ++i) {
      if (next == replies.end()) return;
      greeting.on_reply(*next++);
    }
  }
  const auto shows_it = [&endpoint](const Reply& reply) {
    return text_of_reply(reply).find(endpoint.password) != std::string::npos;
  };
  const bool told = std::ranges::any_of(replies, shows_it);
  require(told || greeting.failure().find(endpoint.password) == std::string::npos, "no secret in a failure");
}

}  // namespace

void feed(std::string_view input) {
  if (claims_too_much(input)) return;
  const std::size_t questions = replies_in(input);
  const auto whole = replies_to({input}, questions);
  const auto cut = replies_to(pieces_of(input), questions);
  require(whole.size() == questions && cut.size() == questions, "a reply for each that came in");
  for (std::size_t i = 0; i < questions; ++i) {
    require(text_of_reply(whole[i]) == text_of_reply(cut[i]), "the same reply however it was cut");
    check_readers(whole[i]);
  }
  check_greeting(whole);
}

}  // namespace zl::fuzz
