#include "fuzz/support/world.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>

#include "fuzz/support/fuzz.hpp"
#include "runtime/ready_set.hpp"

namespace zl::fuzz {
namespace {

using test::id_of;

constexpr std::string_view token_key = "fuzz-fuzz-fuzz-fuzz-fuzz-fuzz-fz";
constexpr base::Milliseconds token_ttl = std::chrono::hours(24);

http::DispatchOptions options() {
  http::DispatchOptions options;
  options.public_url = "http://town";
  options.per_user = {1e9, 1e9};
  options.per_address = {1e9, 1e9};
  return options;
}

}  // namespace

World::World()
    : password_pool_("password", 1, 1, engine.clock),
      export_pool_("export", 1, 1, engine.clock),
      keys_(token_key, {}),
      throttle_({}, engine.clock),
      changes_({catalogue_store_, catalogue_store_, account_store_, engine.catalogue, voided_, engine.attendees,
                engine.clock, engine.group, token_ttl}),
      sign_in_({people_store_, account_store_, engine.gate, keys_, voided_, throttle_, password_pool_, engine.clock,
                random_, token_ttl, token_ttl}),
      people_(people_store_, engine.gate, engine.attendees, engine.time, random_, test::town_offset_minutes),
      manage_catalogue_({catalogue_store_, engine.ledger, engine.gate, engine.gate, engine.keeper, changes_,
                         engine.catalogue, engine.time, random_}),
      accounts_({account_store_, engine.gate, voided_, engine.catalogue, password_pool_, engine.clock, random_}),
      door_(attendance_store_, engine.catalogue, engine.ids, engine.time, random_, std::chrono::hours(24 * 30)),
      api_(make_api()),
      dispatcher_(api_, keys_, voided_, options(), engine.metrics) {
  password_pool_.stop();
  export_pool_.stop();
  furnish();
  writes_at_start_ = writes_;
  gate_calls_at_start_ = engine.gate.book_calls.count();
}

http::Api World::make_api() {
  return {engine.book,
          engine.cancel,
          sign_in_,
          people_,
          manage_catalogue_,
          accounts_,
          door_,
          engine.ledger,
          attendance_store_,
          engine.catalogue,
          engine.time,
          engine.ids,
          engine.clock,
          engine.metrics,
          {export_pool_, exports_, {}},
          [](const void*) { return true; },
          this,
          test::town_offset_minutes,
          true,
          false,
          false};
}

void World::furnish() {
  domain::Station point;
  point.id = id_of<base::StationId>(2);
  point.parent_id = id_of<base::StationId>(1);
  point.name = "分站";
  domain::Station other;
  other.id = id_of<base::StationId>(3);
  other.name = "桥头";
  engine.content.stations.insert(engine.content.stations.end(), {point, other});
  engine.put(test::sample_activity(1, 2));
  engine.put(test::sample_activity(2, 1));
  domain::Activity draft = test::sample_activity(3, 5);
  draft.publication = domain::Publication::draft;
  engine.put(draft);
  if (!engine.run(changes_.load())) throw std::runtime_error("the catalogue was not loaded");
  engine.build_gate();

  for (const std::uint64_t number : {1U, 2U}) {
    engine.add_child(number);
    const auto user = id_of<base::UserId>(number);
    people_store_.users[user] = {user, "妈妈", 1, false};
    domain::Attendee child;
    child.id = id_of<base::AttendeeId>(number);
    child.name = "小明";
    child.birth_date = *base::parse_date("2016-07-06");
    people_store_.attendees[user] = {child};
  }
  if (!engine.run(engine.press(1, 1))) throw std::runtime_error("nothing was booked");

  words_ = {{"{user}", token(1, std::nullopt)}, {"{other}", token(2, std::nullopt)}};
  for (const domain::Role role : domain::all_roles) {
    const auto number = 10 + static_cast<std::uint64_t>(role);
    domain::Account account{id_of<base::AccountId>(number), "account-" + std::to_string(number), role, {}, false, 1};
    if (role == domain::Role::station_admin || role == domain::Role::staff) {
      account.station_id = id_of<base::StationId>(1);
    }
    account_store_.accounts[account.id] = account;
  }
  words_.emplace_back("{town}", token(11, domain::Role::town_admin));
  words_.emplace_back("{station}", token(12, domain::Role::station_admin));
  words_.emplace_back("{staff}", token(13, domain::Role::staff));
  words_.emplace_back("{auditor}", token(14, domain::Role::auditor));
  words_.emplace_back("{booking}", engine.booking_id(1).hex());
  words_.emplace_back("{ticket}", engine.ids.ticket(engine.booking_id(1)));
}

std::string World::token(std::uint64_t account, std::optional<domain::Role> role) const {
  app::Claims claims;
  claims.account = id_of<base::AccountId>(account);
  claims.token = id_of<base::TokenId>(account);
  claims.expires_at = engine.clock.wall_now() + token_ttl;
  claims.role = role;
  if (role == domain::Role::station_admin || role == domain::Role::staff) claims.station = id_of<base::StationId>(1);
  return keys_.sign(claims);
}

bool World::touched() const {
  return writes_ != writes_at_start_ || engine.gate.book_calls.count() != gate_calls_at_start_ ||
         engine.ledger.cancel_calls.count() != 0;
}

std::string World::fill_in(std::string_view text) const {
  std::string filled;
  while (!text.empty()) {
    std::size_t used = 1;
    std::string_view put = text.substr(0, 1);
    for (const auto& [word, meaning] : words_) {
      if (text.front() != '{' || !text.starts_with(word)) continue;
      used = word.size();
      put = meaning;
    }
    filled.append(put);
    text.remove_prefix(used);
  }
  return filled;
}

http::ConnectionOptions small_limits() {
  http::ConnectionOptions limits;
  limits.header_limit_bytes = 1024;
  limits.body_limit_bytes = 1024;
  limits.output_limit_bytes = 8192;
  return limits;
}

namespace {

/// The client's end of a connection; never waits.
class Client {
 public:
  explicit Client(int descriptor) : descriptor_(descriptor) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(descriptor_); }

  void send(std::string_view bytes) const { (void)::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void end() const { ::shutdown(descriptor_, SHUT_WR); }
  bool receive() {
    std::array<char, 65'536> chunk;
    const ssize_t size = ::recv(descriptor_, chunk.data(), chunk.size(), 0);
    if (size > 0) received.append(chunk.data(), static_cast<std::size_t>(size));
    return size > 0;
  }

  std::string received;

 private:
  const int descriptor_;
};

}  // namespace

std::string exchange(World& world, const std::vector<std::string_view>& pieces) {
  static const http::ConnectionOptions options = small_limits();
  std::array<int, 2> ends{};
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0, "a socket pair");
  Client client(ends[1]);
  runtime::Descriptor socket(ends[0]);

  http::ConnectionLimits places(1, 1);
  http::RateLimit turns({1e6, 1e6}, 1);
  http::UnsentLimit unsent(1 << 20);
  runtime::ReadySet ready(world.engine.loop.get_executor());
  boost::asio::co_spawn(world.engine.loop, ready.run(), boost::asio::detached);
  http::LoopShare share{.ready = ready,
                        .turns = turns,
                        .unsent = unsent,
                        .clock = world.engine.clock,
                        .options = options,
                        .connections = {},
                        .spare = {}};
  share.dispatcher = &world.dispatcher();
  http::Connection connection(std::move(socket), *places.take("127.0.0.1"), share);
  bool ended = false;
  boost::asio::co_spawn(world.engine.loop, connection.serve(), [&ended](const std::exception_ptr& error) {
    ended = true;
    if (error) std::rethrow_exception(error);
  });
  const auto attend = [&] {
    do {
      world.engine.settle();
    } while (client.receive());
  };
  attend();
  for (const std::string_view piece : pieces) {
    client.send(piece);
    attend();
  }
  client.end();
  attend();
  require(ended, "a connection ends after its client", client.received);
  ready.stop();
  world.engine.settle();
  return std::move(client.received);
}

}  // namespace zl::fuzz
