// What the tests of the MySQL stores share: one migrated database per program, a pool on it, ids and times that don't
// depend on the day, and a few rows to begin with.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "app/booking_ledger.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "domain/booking.hpp"
#include "domain/catalogue.hpp"
#include "domain/people.hpp"
#include "runtime/metrics.hpp"
#include "store/mysql/connection.hpp"
#include "store/mysql/migration_files.hpp"
#include "store/mysql/migrations.hpp"
#include "store/mysql/pool.hpp"
#include "store/mysql/sql.hpp"
#include "support/servers.hpp"

namespace zl::test {

namespace asio = boost::asio;

/// 2026-07-06T09:00:00+08:00, a Monday.
inline constexpr base::Instant monday_nine{1'783'299'600'000};
inline constexpr std::chrono::hours one_hour{1};

/// The same numbers in every run.
class SeededRandom final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    const std::lock_guard lock(mutex_);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(engine_());
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_{20180705};
};

/// A wall clock that stands; deadlines are real.
class StandingClock final : public base::Clock {
 public:
  base::Instant wall_now() const override { return now; }
  base::SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }

  base::Instant now = monday_nine;
};

/// Tests of one program share the database and keep apart by making ids of their own.
class StoreTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    mysql::init_driver();
    servers = std::make_unique<PrivateServers>();
    migrate_database();
  }

  static void TearDownTestSuite() { servers.reset(); }

  /// Runs calls of a store side by side until all are done; their results in order.
  template <class T>
  std::vector<T> all(std::vector<asio::awaitable<T>> calls) {
    std::vector<std::optional<T>> results(calls.size());
    for (std::size_t i = 0; i < calls.size(); ++i) {
      asio::co_spawn(loop_, keep(std::move(calls[i]), results[i]), [](const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error);
      });
    }
    loop_.restart();
    loop_.run();
    std::vector<T> values;
    values.reserve(results.size());
    for (std::optional<T>& result : results) values.push_back(std::move(result).value());
    return values;
  }

  template <class T>
  T wait(asio::awaitable<T> call) {
    std::vector<asio::awaitable<T>> calls;
    calls.push_back(std::move(call));
    return std::move(all(std::move(calls)).front());
  }

  template <class IdType>
  IdType new_id() {
    return random_.next_id<IdType>();
  }

  // Looking into the database, beside the stores.
  std::uint64_t number(const std::string& statement) { return connection_.query(statement).front().u64(0); }
  std::uint64_t audit_rows(const base::Bytes16& subject, std::string_view action) {
    return number(mysql::sql("SELECT COUNT(*) FROM audit WHERE subject = ? AND action = ?", subject, action));
  }
  std::string audit_detail(const base::Bytes16& subject, std::string_view action) {
    return connection_
        .query(mysql::sql("SELECT detail FROM audit WHERE subject = ? AND action = ? ORDER BY at DESC, seq DESC",
                          subject, action))
        .front()
        .text(0);
  }
  std::uint64_t change_rows(const base::Bytes16& subject) {
    return number(mysql::sql("SELECT COUNT(*) FROM changes WHERE subject = ?", subject));
  }

  /// Commits once a call of a store has come to a locking statement, which then waits for this transaction.
  void commit_when_awaited(mysql::Transaction& transaction) {
    mysql::Connection watcher(connection_config(serving));
    const auto awaited = [&] {
      return !watcher.query("SELECT 1 FROM information_schema.processlist WHERE info LIKE '%FOR UPDATE'").empty();
    };
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!awaited() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    transaction.commit();
  }

  // Rows that other parts make.
  base::UserId a_user(std::string_view nickname = "妈妈") {
    const auto id = new_id<base::UserId>();
    connection_.execute(
        mysql::sql("INSERT INTO users (id, openid, nickname, created_at) VALUES (?, ?, ?, 0)", id, id.hex(), nickname));
    return id;
  }
  base::AttendeeId an_attendee(std::string_view name = "小明") {
    const auto id = new_id<base::AttendeeId>();
    connection_.execute(mysql::sql(
        "INSERT INTO attendees (id, name, birth_date, created_at) VALUES (?, ?, '2017-05-04', 0)", id, name));
    return id;
  }
  /// A confirmed booking, its seat taken, by a user and an attendee of its own.
  base::BookingId a_booking(const domain::Activity& activity) { return a_booking(activity, a_user(), an_attendee()); }
  base::BookingId a_booking(const domain::Activity& activity, base::UserId user, base::AttendeeId attendee) {
    const auto id = new_id<base::BookingId>();
    connection_.execute(mysql::sql(
        "INSERT INTO bookings (id, activity_id, programme_id, party_id, user_id, state, active, grant_number, arrival, "
        "decided_at, opens_at, remaining, created_at) VALUES (?, ?, ?, ?, ?, 1, 1, 7, 7, ?, ?, 3, ?)",
        id, activity.id, activity.programme_id, attendee, user, clock_.now, clock_.now, clock_.now));
    connection_.execute(
        mysql::sql("UPDATE activity_seats SET seats_taken = seats_taken + 1 WHERE activity_id = ?", activity.id));
    return id;
  }

  /// As the server connects.
  static mysql::ConnectionConfig serving_config() { return connection_config(serving); }

  const app::Actor admin_{base::AccountId{{1}}, "town_admin", "127.0.0.1", "request-1"};
  StandingClock clock_;
  SeededRandom& random_ = shared_random();  // goes on from test to test, so that no id comes twice
  runtime::Metrics metrics_;
  mysql::Connection connection_{mysql::for_migrations(connection_config(migrating))};
  mysql::ConnectionPool pool_{{connection_config(serving), 4, 2048, 120'000}, clock_, random_, metrics_};

 private:
  static SeededRandom& shared_random() {
    static SeededRandom random;
    return random;
  }

  // The stores have the rights that the server has.
  static constexpr std::string_view serving = "zhonglou_serve";
  static constexpr std::string_view migrating = "zhonglou_migrate";

  static mysql::ConnectionConfig connection_config(std::string_view user) {
    mysql::ConnectionConfig config;
    config.address = "unix://" + servers->mysql_socket();
    config.user = user;
    config.password = user == serving ? servers->serve_password() : servers->migrate_password();
    config.database = "zhonglou";
    return config;
  }

  static void migrate_database() {
    mysql::Connection connection(mysql::for_migrations(connection_config(migrating)));
    mysql::migrate(connection, mysql::migration_files(), {std::string(serving), "localhost"}, StandingClock(),
                   shared_random());
  }

  template <class T>
  static asio::awaitable<void> keep(asio::awaitable<T> call, std::optional<T>& result) {
    result.emplace(co_await std::move(call));
  }

  inline static std::unique_ptr<PrivateServers> servers;
  asio::io_context loop_{1};
};

inline domain::Station station_named(SeededRandom& random, std::string name) {
  domain::Station station;
  station.id = random.next_id<base::StationId>();
  station.name = std::move(name);
  station.area = "城中";
  return station;
}

inline domain::Programme programme_of(SeededRandom& random, const domain::Station& station) {
  domain::Programme programme;
  programme.id = random.next_id<base::ProgrammeId>();
  programme.station_id = station.id;
  programme.title = "暑期班";
  programme.opens_at = monday_nine - one_hour * 48;
  programme.closes_at = monday_nine + one_hour * 48;
  programme.rules = {2, 4, true, 24};
  return programme;
}

/// With two sessions of an hour, on Monday and on Tuesday.
inline domain::Activity activity_of(SeededRandom& random, const domain::Programme& programme) {
  domain::Activity activity;
  activity.id = random.next_id<base::ActivityId>();
  activity.programme_id = programme.id;
  activity.title = "书法";
  activity.description = "自带笔墨";
  activity.age_min = 6;
  activity.age_max = 12;
  activity.capacity = 20;
  for (const int day : {0, 1}) {
    const base::Instant starts_at = monday_nine + one_hour * (24 * day);
    activity.sessions.push_back({random.next_id<base::SessionId>(), {starts_at, starts_at + one_hour}, "二楼教室"});
  }
  return activity;
}

}  // namespace zl::test
