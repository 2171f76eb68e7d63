// A gate on a private Redis, its link on one loop of its own, and a programme to book in.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/loops.hpp"
#include "runtime/random_device.hpp"
#include "runtime/run_on.hpp"
#include "store/redis/gate.hpp"
#include "store/redis/keys.hpp"
#include "store/redis/link.hpp"
#include "store/redis/subscriber.hpp"
#include "support/samples.hpp"
#include "support/servers.hpp"

namespace zl::redis {

class GateTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { servers = std::make_unique<test::PrivateServers>(); }
  static void TearDownTestSuite() { servers.reset(); }

  GateTest() {
    loops.start();
    runtime::run_on(loops, 0, runtime::as_task([this] {
                      LinkOptions options;
                      options.endpoint.unix_socket = servers->redis_socket();
                      options.libraries = gate_libraries();
                      options.command_timeout = base::Milliseconds(10'000);
                      link = std::make_unique<Link>(loops.executor(0), options, random);
                      link->start();
                    }));
    wait_for([this] { return link->up(); });
    ask({"FLUSHALL"});
    gate = std::make_unique<RedisGate>(std::vector<Link*>{link.get()}, std::chrono::hours(1));
    hasty = std::make_unique<RedisGate>(std::vector<Link*>{link.get()}, base::Milliseconds(1));
    now = *run([&] { return gate->time(); });
  }

 public:
  ~GateTest() override {
    runtime::run_on(loops, 0, link->stop());
    runtime::run_on(loops, 0, runtime::as_task([this] {
                      subscriber.reset();
                      link.reset();
                    }));
  }

 protected:
  static void wait_for(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("the condition never came true");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  /// What the call comes to that `make` starts, on the loop.
  template <class Make>
  typename std::invoke_result_t<Make>::value_type run(Make make) {
    return runtime::run_on(loops, 0, started_there(std::move(make)));
  }
  /// Of the link, which is its loop's alone.
  std::string run_id() {
    std::string id;
    runtime::run_on(loops, 0, runtime::as_task([&] { id = link->run_id(); }));
    return id;
  }
  /// Comes back with what its AOF holds, under another run_id.
  void restart_redis() {
    const std::string before = run_id();
    servers->stop(test::Store::redis);
    servers->start(test::Store::redis);
    wait_for([&] { return link->up() && run_id() != before; });
  }
  Reply ask(std::initializer_list<std::string_view> arguments) {
    Reply reply = run([&] { return link->call(Command::of(arguments)); });
    if (reply.is_error() || reply.is_lost() || reply.is_unsent()) throw std::runtime_error(reply.text());
    return reply;
  }

  /// Open for an hour before and after now.
  app::GateImage image(std::uint64_t epoch, std::initializer_list<int> capacities, const domain::Rules& rules = {}) {
    app::GateImage made;
    made.programme_id = test::sample_programme_id;
    made.epoch = epoch;
    made.opens_at = now - std::chrono::hours(1);
    made.rules = rules;
    std::uint64_t number = 0;
    for (const int capacity : capacities) {
      made.activities.push_back({test::id_of<base::ActivityId>(++number), capacity, now + std::chrono::hours(1), {}});
    }
    return made;
  }
  bool install(app::GateImage made) {
    const auto installed = run([&] { return gate->install(std::move(made)); });
    if (!installed) throw std::runtime_error("not installed");
    return *installed;
  }

  using Decision = base::Outcome<app::GateDecision>;
  Decision book(const domain::BookingWish& wish, std::uint64_t min_epoch = 0) {
    return run([&] { return gate->book(wish, min_epoch); });
  }
  Decision book(std::uint64_t booking, std::uint64_t activity, std::uint64_t person, std::uint64_t min_epoch = 0) {
    return book(test::sample_wish(booking, activity, person), min_epoch);
  }
  /// Books in one turn of the loop, in this order.
  std::vector<Decision> book_together(const std::vector<domain::BookingWish>& wishes, std::uint64_t min_epoch = 0) {
    return book_together(*gate, wishes, min_epoch);
  }
  template <class Booker>
  std::vector<Decision> book_together(Booker& booker, const std::vector<domain::BookingWish>& wishes,
                                      std::uint64_t min_epoch) {
    std::vector<std::optional<Decision>> decisions(wishes.size());
    std::atomic<std::size_t> left = wishes.size();
    runtime::run_on(loops, 0, runtime::as_task([&] {
                      for (std::size_t i = 0; i < wishes.size(); ++i) {
                        boost::asio::co_spawn(loops.executor(0), book_into(booker, wishes[i], min_epoch, decisions[i]),
                                              [&left](const std::exception_ptr&) { --left; });
                      }
                    }));
    wait_for([&left] { return left == 0; });
    std::vector<Decision> out;
    out.reserve(decisions.size());
    for (std::optional<Decision>& decision : decisions) out.push_back(*std::move(decision));
    return out;
  }
  Decision book_hastily(std::uint64_t booking, std::uint64_t activity, std::uint64_t person) {
    const auto wish = test::sample_wish(booking, activity, person);
    return run([&] { return hasty->book(wish, 0); });
  }
  /// Books where it has to succeed.
  void take(std::uint64_t booking, std::uint64_t activity, std::uint64_t person) {
    EXPECT_NE(granted(book(booking, activity, person)), nullptr) << booking;
  }
  static const app::Granted* granted(const Decision& decision) {
    return decision ? std::get_if<app::Granted>(&*decision) : nullptr;
  }
  static bool lost(const Decision& decision) { return decision && std::holds_alternative<app::GateLost>(*decision); }
  static std::vector<base::Code> codes(const Decision& decision) {
    std::vector<base::Code> out;
    if (const auto* refused = decision ? std::get_if<app::GateRefused>(&*decision) : nullptr) {
      for (const domain::Violation& violation : refused->refusal.violations) out.push_back(domain::code_of(violation));
    }
    return out;
  }
  static const std::vector<domain::Violation>& violations(const Decision& decision) {
    return std::get<app::GateRefused>(*decision).refusal.violations;
  }
  void confirm(std::uint64_t booking, std::uint64_t activity, std::uint64_t person) {
    const auto wish = test::sample_wish(booking, activity, person);
    runtime::run_on(loops, 0, runtime::as_task([this, wish] { gate->confirm(wish); }));
  }
  bool remove(std::uint64_t booking, std::uint64_t activity, domain::GrantNumber grant,
              app::Unit unit = app::Unit::returns) {
    std::vector<app::HoldRef> holds{{test::id_of<base::BookingId>(booking), grant}};
    return run([&] {
             return gate->remove(test::sample_programme_id, test::id_of<base::ActivityId>(activity), std::move(holds),
                                 unit);
           })
        .is_done();
  }
  app::GateBooking committed(std::uint64_t booking, std::uint64_t activity, std::uint64_t person) {
    const auto wish = test::sample_wish(booking, activity, person);
    return {wish.id, wish.activity_id, wish.attendee_id, wish.user_id};
  }
  std::optional<app::GateHolders> holders(std::uint64_t activity) {
    return *run([&] { return gate->holders(test::sample_programme_id, test::id_of<base::ActivityId>(activity)); });
  }
  app::GateCount count(std::uint64_t activity) {
    const auto seats =
        run([&] { return gate->seats(test::sample_programme_id, {test::id_of<base::ActivityId>(activity)}); });
    return (*seats)->activities.at(0);
  }
  std::vector<app::ExpiredHold> expired(std::size_t limit = 100,
                                        std::vector<base::ActivityId> activities = {test::id_of<base::ActivityId>(1)}) {
    return *run([&] { return gate->expired_holds(test::sample_programme_id, std::move(activities), limit); });
  }

  /// Hears the news from now on.
  void listen() {
    runtime::run_on(loops, 0, runtime::as_task([this] {
                      SubscriberOptions options;
                      options.endpoint.unix_socket = servers->redis_socket();
                      options.channels = {news_channel};
                      const auto on_message = [this](std::string_view, std::string_view payload) {
                        const std::lock_guard lock(mutex_);
                        heard_.emplace_back(payload);
                      };
                      subscriber = std::make_unique<Subscriber>(loops.executor(0), options, random, on_message);
                      subscriber->start();
                    }));
    wait_for([this] { return subscriber->up(); });
  }
  std::vector<std::string> news() {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

  static inline std::unique_ptr<test::PrivateServers> servers;

  runtime::SystemRandom random;
  runtime::Loops loops{1};
  std::unique_ptr<Link> link;
  std::unique_ptr<Subscriber> subscriber;
  std::unique_ptr<RedisGate> gate;
  std::unique_ptr<RedisGate> hasty;  ///< its holds end after a millisecond
  base::Instant now;                 ///< Redis's, when the test began

 private:
  template <class Booker>
  static boost::asio::awaitable<void> book_into(Booker& booker, const domain::BookingWish& wish,
                                                std::uint64_t min_epoch, std::optional<Decision>& decision) {
    decision = co_await booker.book(wish, min_epoch);
  }

  template <class Make>
  static std::invoke_result_t<Make> started_there(Make make) {
    co_return co_await make();
  }

  std::mutex mutex_;
  std::vector<std::string> heard_;  ///< under mutex_
};

}  // namespace zl::redis
