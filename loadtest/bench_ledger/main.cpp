// zhonglou-ledger-loop: the database alone. Two writers run the server's own group commit in a loop, each with the next
// batch ready before the last one ends. Arguments: socket, password file, activities (programme, activity), people
// (user, attendee), bookings that earlier runs have made, batch, seconds. Prints one line of JSON.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/random_device.hpp"
#include "runtime/system_clock.hpp"
#include "store/mysql/batch_runner.hpp"
#include "store/mysql/book_batch.hpp"
#include "store/mysql/connection.hpp"
#include "store/mysql/reached.hpp"
#include "store/mysql/session.hpp"

namespace zl {
namespace {

constexpr std::size_t writers = 2;  // as mysql.writers is by default
constexpr std::uint64_t epoch = 1;

using Clock = std::chrono::steady_clock;

/// Lines of two ids.
template <class First, class Second>
std::vector<std::pair<First, Second>> read_pairs(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::pair<First, Second>> pairs;
  for (std::string first, second; file >> first >> second;) {
    pairs.emplace_back(First::parse(first).value(), Second::parse(second).value());
  }
  if (pairs.empty()) throw std::runtime_error(path + " holds no ids");
  return pairs;
}

struct Plan {
  mysql::ConnectionConfig connection;
  std::vector<std::pair<base::ProgrammeId, base::ActivityId>> activities;
  std::vector<std::pair<base::UserId, base::AttendeeId>> people;
  std::size_t skip = 0;   ///< bookings of this writer that earlier runs have made
  std::size_t batch = 0;  ///< bookings in one transaction
  Clock::time_point end;
};

/// The next wishes: everybody in one activity, then everybody in the next.
class Wishes {
 public:
  Wishes(const Plan& plan, base::Random& random) : plan_(plan), random_(random), next_(plan.skip) {}

  std::vector<app::LedgerItem> batch(base::Instant now) {
    std::vector<app::LedgerItem> items;
    // One activity in a batch, as in a rush.
    const std::size_t turn = next_ / plan_.people.size();
    while (items.size() < plan_.batch && next_ / plan_.people.size() == turn) items.push_back(item(turn, now));
    return items;
  }

 private:
  app::LedgerItem item(std::size_t turn, base::Instant now) {
    if (turn >= plan_.activities.size()) throw std::runtime_error("no activity is left that is not booked");
    const auto& [programme, activity] = plan_.activities[turn];
    const auto& [user, attendee] = plan_.people[next_ % plan_.people.size()];
    app::LedgerItem item;
    item.wish = {random_.next_id<base::BookingId>(), activity, programme, attendee, user};
    item.grant = domain::GrantNumber::of(epoch, ++next_);
    item.receipt = {item.grant.arrival(), now, now, 1};
    item.policy = policy_;
    item.actor = {base::AccountId{user.bytes}, "user", "127.0.0.1", "00000000000000000000000000000000"};
    return item;
  }

  const Plan& plan_;
  base::Random& random_;
  std::size_t next_;
  const std::shared_ptr<const app::ActivityPolicy> policy_ =
      std::make_shared<const app::ActivityPolicy>(app::ActivityPolicy{{2, 4, true, 24}, {}});
};

/// Commits batches until the end; gives the number of bookings.
std::size_t book_until_end(const Plan& plan) {
  runtime::SystemClock clock;
  runtime::SystemRandom random;
  std::atomic<bool> up = true;
  mysql::Reached reached;
  mysql::Session session(plan.connection, clock, random, up, reached);
  const mysql::RunnerConfig runner_config;
  mysql::SharedHeldMemory memory;
  Wishes wishes(plan, random);
  std::size_t booked = 0;
  while (Clock::now() < plan.end) {
    mysql::BatchRunner runner(runner_config, session, clock, random);
    for (const auto& answer : mysql::book_batch(runner, memory, wishes.batch(clock.wall_now()))) {
      if (!answer.is_done() || !std::holds_alternative<app::LedgerBooked>(*answer)) {
        throw std::runtime_error("a booking was refused");
      }
      ++booked;
    }
  }
  return booked;
}

/// Each writer has people and programmes of its own, as a programme keeps to one writer.
std::vector<Plan> read_plans(char** arguments) {
  Plan plan;
  plan.connection.address = std::string("unix://") + arguments[1];
  plan.connection.user = "zhonglou_serve";
  plan.connection.database = "zhonglou";
  plan.connection.autocommit = false;
  plan.connection.packets = true;
  std::ifstream password(arguments[2]);
  std::getline(password, plan.connection.password);
  plan.skip = std::strtoull(arguments[5], nullptr, 10) / writers;
  plan.batch = std::strtoull(arguments[6], nullptr, 10);
  plan.end = Clock::now() + std::chrono::seconds(std::strtoll(arguments[7], nullptr, 10));

  std::vector<Plan> plans(writers, plan);
  const auto activities = read_pairs<base::ProgrammeId, base::ActivityId>(arguments[3]);
  const auto people = read_pairs<base::UserId, base::AttendeeId>(arguments[4]);
  for (std::size_t i = 0; i < activities.size(); ++i) plans[i % writers].activities.push_back(activities[i]);
  for (std::size_t i = 0; i < people.size(); ++i) plans[i % writers].people.push_back(people[i]);
  return plans;
}

/// What the writers have done, from all their threads.
class Tally {
 public:
  void add(const Plan& plan, std::size_t booked) {
    const std::lock_guard lock(mutex_);
    bookings_ += booked;
    most_ = std::max(most_, plan.skip + booked);
  }
  void fail(const char* cause) {
    const std::lock_guard lock(mutex_);
    fmt::print(stderr, "zhonglou-ledger-loop: {}\n", cause);
    failed_ = true;
  }
  /// Once the threads have ended. `sent` is what the next run is to skip.
  int print(std::chrono::duration<double> took) const {
    fmt::print("{{\"bookings\":{},\"seconds\":{:.6f},\"sent\":{}}}\n", bookings_, took.count(), most_ * writers);
    return failed_ ? 1 : 0;
  }

 private:
  std::mutex mutex_;
  std::size_t bookings_ = 0;
  std::size_t most_ = 0;  ///< how far the writer got that got farthest
  bool failed_ = false;
};

int run(char** arguments) {
  mysql::init_driver();
  const std::vector<Plan> plans = read_plans(arguments);
  const auto start = Clock::now();
  Tally tally;
  std::vector<std::thread> threads;
  threads.reserve(plans.size());
  for (const Plan& plan : plans) {
    threads.emplace_back([&tally, &plan] {
      try {
        tally.add(plan, book_until_end(plan));
      } catch (const std::exception& error) {
        tally.fail(error.what());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return tally.print(Clock::now() - start);
}

}  // namespace
}  // namespace zl

int main(int argc, char** argv) {
  if (argc != 8) {
    fmt::print(stderr, "usage: zhonglou-ledger-loop SOCKET PASSWORD_FILE ACTIVITIES PEOPLE SKIP BATCH SECONDS\n");
    return 2;
  }
  try {
    return zl::run(argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "zhonglou-ledger-loop: {}\n", error.what());
    return 1;
  }
}
