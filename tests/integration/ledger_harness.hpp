// What the tests of the ledger share: a migrated MariaDB, a ledger on the serving account, a programme to book in, and
// a loop of its own so that a test can look while a call waits.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "app/booking_ledger.hpp"
#include "mysql_owner.hpp"
#include "runtime/metrics.hpp"
#include "runtime/random_device.hpp"
#include "store/mysql/booked_entries.hpp"
#include "store/mysql/booking_ledger.hpp"
#include "store/mysql/migration_files.hpp"
#include "store/mysql/migrations.hpp"
#include "store/mysql/sql.hpp"
#include "support/servers.hpp"

namespace zl::test {

/// Real time, which a test can put forward.
class ShiftedClock final : public base::Clock {
 public:
  base::Instant wall_now() const override { return {1'783'299'600'000}; }
  base::SteadyTime steady_now() const override {
    return std::chrono::steady_clock::now() + std::chrono::milliseconds(ahead_ms.load());
  }

  std::atomic<std::int64_t> ahead_ms = 0;
};

/// One process's ledger.
struct LedgerProcess {
  LedgerProcess(const mysql::WriterConfig& writer_config, const base::Clock& clock, base::Random& random)
      : writers(writer_config, clock, random, metrics),
        pool({writer_config.connection, 2, 2048, 10'000}, clock, random, metrics),
        ledger(mysql::create_booking_ledger(writers, pool)) {}

  runtime::Metrics metrics;
  mysql::WriterPool writers;
  mysql::ConnectionPool pool;
  std::unique_ptr<app::BookingLedger> ledger;
};

using BookAnswer = base::Outcome<app::LedgerAnswer>;

class LedgerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    mysql::init_driver();
    servers = std::make_unique<PrivateServers>();
    mysql::Connection connection(mysql::for_migrations(account("zhonglou_migrate", servers->migrate_password())));
    ShiftedClock clock;
    runtime::SystemRandom random;
    mysql::migrate(connection, mysql::migration_files(), {"zhonglou_serve", "localhost"}, clock, random);
  }
  static void TearDownTestSuite() { servers.reset(); }

  void SetUp() override {
    db_.execute(mysql::sql("INSERT INTO stations (id, name, created_at) VALUES (?, '钟楼', 0)", station_));
    db_.execute(
        mysql::sql("INSERT INTO programmes (id, station_id, title, opens_at, closes_at, created_at) VALUES (?, ?, "
                   "'暑期班', 1, 9, 0)",
                   programme_, station_));
  }

  void TearDown() override {
    // Every call has ended before what it calls goes.
    work_.reset();
    loop_thread_.join();
  }

  static mysql::ConnectionConfig account(const std::string& user, const std::string& password) {
    mysql::ConnectionConfig config;
    config.address = "unix://" + servers->mysql_socket();
    config.user = user;
    config.password = password;
    config.database = "zhonglou";
    return config;
  }
  static mysql::WriterConfig serving() {
    mysql::WriterConfig config;
    config.connection = account("zhonglou_serve", servers->serve_password());
    config.writers = 1;
    return config;
  }

  /// The ledger under test, made when first asked for.
  app::BookingLedger& ledger() { return *process().ledger; }
  LedgerProcess& process() {
    if (!process_) process_ = std::make_unique<LedgerProcess>(config_, clock_, random_);
    return *process_;
  }
  /// A second server process on the same MySQL.
  app::BookingLedger& other_ledger() {
    if (!other_) other_ = std::make_unique<LedgerProcess>(serving(), clock_, random_);
    return *other_->ledger;
  }

  template <class T>
  std::future<T> start(boost::asio::awaitable<T> call) {
    auto promise = std::make_shared<std::promise<T>>();
    boost::asio::co_spawn(loop_, fulfil(std::move(call), promise), [promise](const std::exception_ptr& error) {
      if (error) promise->set_exception(error);
    });
    return promise->get_future();
  }
  template <class T>
  T wait(boost::asio::awaitable<T> call) {
    return start(std::move(call)).get();
  }
  std::future<BookAnswer> start_booking(const app::LedgerItem& item) { return start_booking(ledger(), item); }
  std::future<BookAnswer> start_booking(app::BookingLedger& ledger, const app::LedgerItem& item) {
    return start(ledger.book(ledger.take_place(programme_, app::Turn::first).value(), item));
  }
  std::vector<std::future<BookAnswer>> start_all(const std::vector<app::LedgerItem>& items) {
    std::vector<std::future<BookAnswer>> answers;
    answers.reserve(items.size());
    for (const app::LedgerItem& item : items) answers.push_back(start_booking(item));
    return answers;
  }
  BookAnswer book(const app::LedgerItem& item) { return start_booking(item).get(); }

  /// Meets when no other does.
  base::ActivityId an_activity(int capacity) {
    const auto id = random_.next_id<base::ActivityId>();
    db_.execute(
        mysql::sql("INSERT INTO activities (id, programme_id, kind, title, age_min, age_max, publication, created_at) "
                   "VALUES (?, ?, 1, '书法', 6, 12, 2, 0)",
                   id, programme_));
    db_.execute(mysql::sql("INSERT INTO activity_seats (activity_id, programme_id, capacity, open) VALUES (?, ?, ?, 1)",
                           id, programme_, capacity));
    next_meeting_ += 10;
    meet(id, next_meeting_, next_meeting_ + 1);
    return id;
  }
  void meet(const base::ActivityId& id, int from, int to) {
    db_.execute(mysql::sql("INSERT INTO sessions (id, activity_id, starts_at, ends_at) VALUES (?, ?, ?, ?)",
                           random_.next_id<base::SessionId>(), id, from, to));
  }
  base::UserId a_user() {
    const auto id = random_.next_id<base::UserId>();
    db_.execute(mysql::sql("INSERT INTO users (id, openid, created_at) VALUES (?, ?, 0)", id, id.hex()));
    return id;
  }
  base::AttendeeId an_attendee() {
    const auto id = random_.next_id<base::AttendeeId>();
    db_.execute(
        mysql::sql("INSERT INTO attendees (id, name, birth_date, created_at) VALUES (?, '小明', '2017-05-04', 0)", id));
    return id;
  }

  /// A grant newer than all before it, for an attendee and a user of its own.
  app::LedgerItem an_item(const base::ActivityId& activity, domain::Rules rules = {}) {
    return an_item(activity, an_attendee(), a_user(), {rules, {}});
  }
  app::LedgerItem an_item(const base::ActivityId& activity, const base::AttendeeId& attendee, const base::UserId& user,
                          app::ActivityPolicy policy = {}) {
    app::LedgerItem item;
    item.wish = {random_.next_id<base::BookingId>(), activity, programme_, attendee, user};
    item.grant = domain::GrantNumber::of(1, ++arrivals_);
    item.receipt = {item.grant.arrival(), {1'783'299'600'000 + static_cast<std::int64_t>(arrivals_)}, {1}, 3};
    item.policy = std::make_shared<const app::ActivityPolicy>(std::move(policy));
    item.actor = {base::AccountId{user.bytes}, "user", "127.0.0.1", "request"};
    return item;
  }
  /// The gate was asked again with the same key.
  app::LedgerItem again(app::LedgerItem item) {
    item.grant = domain::GrantNumber::of(1, ++arrivals_);
    item.receipt.arrival = item.grant.arrival();
    return item;
  }

  std::uint64_t number(const std::string& statement) { return db_.query(statement).front().u64(0); }
  std::uint64_t seats_taken(const base::ActivityId& id) {
    return number(mysql::sql("SELECT seats_taken FROM activity_seats WHERE activity_id = ?", id));
  }
  std::uint64_t active_bookings(const base::ActivityId& id) {
    return number(mysql::sql("SELECT COUNT(*) FROM bookings WHERE activity_id = ? AND active = 1", id));
  }
  std::uint64_t outbox_rows(const base::BookingId& id) {
    return number(mysql::sql("SELECT COUNT(*) FROM outbox WHERE booking_id = ?", id));
  }
  /// What the audit tells of a booking: rows of its own, and lines in those of group commits.
  std::uint64_t audit_entries(const base::BookingId& id) {
    std::uint64_t count = number(mysql::sql("SELECT COUNT(*) FROM audit WHERE subject = ?", id));
    const std::string lines =
        mysql::sql("SELECT detail FROM audit WHERE action = 'booking.create' AND detail LIKE ?", "%" + id.hex() + "%");
    for (const mysql::Row row : db_.query(lines)) {
      for (const auto& entry : mysql::read_booked(row.text(0))) count += entry.value().booking_id == id ? 1U : 0U;
    }
    return count;
  }

  /// Returns when one session waits for a row lock.
  void await_lock_wait() {
    eventually(
        [&] { return db_.query("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'").front().u64(1) == 1; });
  }

  /// Waits for a session that waits for a row lock, and gives the server's number of it.
  std::uint64_t waiting_session() {
    await_lock_wait();
    mysql::Rows rows{0, {}};
    eventually(
        [&] {
          rows = owner_.query(
              "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'");
          return rows.size() == 1;
        },
        innodb_trx_age);
    return rows.front().u64(0);
  }

  static void eventually(const std::function<bool()>& condition,
                         std::chrono::milliseconds interval = std::chrono::milliseconds(2)) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("the condition never came true");
      std::this_thread::sleep_for(interval);
    }
  }

  static PrivateServers& stores() { return *servers; }

  /// What InnoDB tells of its transactions is that old, and stays so while it is asked more often.
  static constexpr std::chrono::milliseconds innodb_trx_age{110};

  int next_meeting_ = 1000;
  ShiftedClock clock_;
  runtime::SystemRandom random_;
  mysql::WriterConfig config_ = serving();
  mysql::Connection db_{mysql::for_migrations(account("zhonglou_migrate", servers->migrate_password()))};
  mysql::Connection owner_{mysql::for_migrations(account(owner_of_mysql(), ""))};
  const base::StationId station_ = random_.next_id<base::StationId>();
  const base::ProgrammeId programme_ = random_.next_id<base::ProgrammeId>();

 private:
  template <class T>
  static boost::asio::awaitable<void> fulfil(boost::asio::awaitable<T> call, std::shared_ptr<std::promise<T>> promise) {
    promise->set_value(co_await std::move(call));
  }

  inline static std::unique_ptr<PrivateServers> servers;

  std::uint64_t arrivals_ = 0;
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ = boost::asio::make_work_guard(loop_);
  std::thread loop_thread_{[this] { loop_.run(); }};
  std::unique_ptr<LedgerProcess> process_;
  std::unique_ptr<LedgerProcess> other_;
};

/// The alternative of an answer; the test fails where it is another.
template <class T>
const T& as(const BookAnswer& answer) {
  if (!answer.is_done()) {
    throw std::runtime_error(answer.is_refused() ? "refused: " + std::string(base::name(answer.refused().code)) + " " +
                                                       answer.refused().detail
                                                 : "unknown: " + answer.unknown().cause);
  }
  return std::get<T>(answer.value());
}

inline base::Code refusal(const BookAnswer& answer) {
  return domain::top_code(as<app::LedgerRefused>(answer).violations);
}

}  // namespace zl::test
