// What the tests of statements that fail share: an operation is a trial, and each of its statements fails once, in
// every way in which MySQL may fail it. Whatever the outcome says is true, nothing is half written, the same call
// settles it, no lock is left, and the next call is served.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ledger_harness.hpp"
#include "statement_faults.hpp"
#include "store/mysql/pool.hpp"

namespace zl::test {

enum class Told { done = 1, refused, unknown };

/// What the outcome says. Refused is unavailable, and nothing else.
template <class T>
Told told(const base::Outcome<T>& outcome) {
  if (outcome.is_done()) return Told::done;
  if (outcome.is_unknown()) return Told::unknown;
  EXPECT_EQ(outcome.refused().code, base::Code::unavailable) << outcome.refused().detail;
  return Told::refused;
}

enum class Written { nothing = 1, everything, half };

inline Written written(const std::vector<std::uint64_t>& found, const std::vector<std::uint64_t>& before,
                       const std::vector<std::uint64_t>& after) {
  if (found == before) return Written::nothing;
  return found == after ? Written::everything : Written::half;
}

/// An operation on rows of its own; it may be called again.
struct Trial {
  std::function<Told()> call;
  std::function<Written()> look;
  /// Its statements take effect one by one, so that what was refused may have been written.
  bool in_steps = false;
  /// What fails may be a statement of something else in the same call: what is told is held to what is written alone.
  bool has_company = false;
  /// What else holds once it is settled.
  std::function<void()> settled = [] {};
};

class StatementFaultsTest : public LedgerTest {
 protected:
  using Trials = std::function<Trial()>;

  void SetUp() override {
    LedgerTest::SetUp();
    const std::string path = (stores().folder() / "faults.sock").string();
    ::unlink(path.c_str());
    mysql_ = std::make_unique<StatementFaults>(stores().mysql_socket(), path);
    config_.connection.address = "unix://" + path;
    pool_ = std::make_unique<mysql::ConnectionPool>(mysql::PoolConfig{config_.connection, 1, 64, 20'000}, clock_,
                                                    random_, metrics_);
  }

  /// What is told when a statement fails: before COMMIT everything but a server that can't be written is run again.
  /// A writer follows up a COMMIT that failed; whoever uses the pool is told that the outcome is unknown.
  enum class Follows { up = 1, not_up };
  static Told expected(StatementFault fault, bool commit, Follows follows) {
    if (commit) return follows == Follows::up ? Told::done : Told::unknown;
    return fault == StatementFault::read_only ? Told::refused : Told::done;
  }

  /// One statement after the other, until a call has no more; a call has `least` of them and more.
  void fail_each_statement(const Trials& trials, Follows follows, std::size_t least = 5) {
    ASSERT_EQ(trials().call(), Told::done) << "from here on there is a connection";
    std::size_t number = 1;
    for (bool reached = true; reached && !HasFailure(); ++number) {
      for (const StatementFault fault : faults_) {
        // Before the first statement of a call the link closes behind the last of the call before it.
        if (number == 1 && fault == StatementFault::gone) continue;
        SCOPED_TRACE("statement " + std::to_string(number) + ", fault " + std::to_string(static_cast<int>(fault)));
        reached = fail_once(trials(), number, fault, follows);
        if (reached && twice_) fail_twice(trials, number, fault);
      }
    }
    // The last number was one too high.
    EXPECT_GE(number, least + 2);
    if (behind_lost_links_) {
      for (const std::string_view opening : {"ISOLATION LEVEL", "CONNECTION_ID()", "sql_mode", "max_statement_time"}) {
        EXPECT_TRUE(mysql_->has_failed(opening)) << opening;
      }
    }
    expect_all_codes_seen();
    lose_idle_connection(trials);
  }

  /// False where the call has fewer statements.
  bool fail_once(const Trial& trial, std::size_t number, StatementFault fault, Follows follows) {
    EXPECT_EQ(trial.look(), Written::nothing);
    mysql_->count();
    mysql_->fail(number, fault);
    const Told answer = trial.call();
    // A statement that was never sent is known by those that failed in its place.
    if (fault != StatementFault::gone) at_commit_ = mysql_->failed_at_commit();
    const bool reached = mysql_->failed() == 1 && (mysql_->seen() >= number || at_commit_);
    const Told wanted = reached ? expected(fault, at_commit_, follows) : Told::done;
    mysql_->count();
    if (!trial.has_company) EXPECT_EQ(answer, wanted);
    is_as_told(trial, answer);
    settles(trial);
    return reached;
  }

  /// And the link is lost at the very next statement: the roll-back, or the first of the next attempt.
  void fail_twice(const Trials& trials, std::size_t number, StatementFault fault) {
    fail_behind(trials(), number, fault, 1, StatementFault::lost_before);
    const bool lost_early = number == 2 && fault == StatementFault::lost_before;
    const bool commit_lost = at_commit_ && fault == StatementFault::lost_after;
    if (!behind_lost_links_ || (!lost_early && !commit_lost)) return;
    constexpr std::size_t until_begun_again = 12;
    for (std::size_t offset = 1; offset <= until_begun_again; ++offset) {
      for (const StatementFault second : all_statement_faults) {
        SCOPED_TRACE("and " + std::to_string(offset) + " later fault " + std::to_string(static_cast<int>(second)));
        fail_behind(trials(), number, fault, offset, second);
      }
    }
  }

  void fail_behind(const Trial& trial, std::size_t number, StatementFault fault, std::size_t offset,
                   StatementFault second) {
    mysql_->count();
    mysql_->fail(number, fault);
    mysql_->fail(number + offset, second);
    const Told answer = trial.call();
    mysql_->count();
    is_as_told(trial, answer);
    settles(trial);
  }

  static void is_as_told(const Trial& trial, Told answer) {
    if (answer == Told::done) {
      EXPECT_EQ(trial.look(), Written::everything);
    } else if (answer == Told::refused && !trial.in_steps) {
      EXPECT_EQ(trial.look(), Written::nothing);
    }
  }

  /// The server's own errors have passed on their way to the client, each of them.
  void expect_all_codes_seen() {
    const std::map<StatementFault, int> codes{
        {StatementFault::deadlock, 1213}, {StatementFault::lock_timeout, 1205}, {StatementFault::read_only, 1290}};
    for (const StatementFault fault : faults_) {
      const auto code = codes.find(fault);
      if (code != codes.end()) EXPECT_GT(mysql_->errors(code->second), 0) << code->second;
    }
  }

  /// The connection is lost between two calls.
  void lose_idle_connection(const Trials& trials) {
    const Trial measured = trials();
    mysql_->count();
    EXPECT_EQ(measured.call(), Told::done);
    const std::size_t statements = mysql_->seen();
    const Trial before = trials();
    mysql_->count();
    mysql_->fail(statements + 1, StatementFault::gone);
    EXPECT_EQ(before.call(), Told::done);
    EXPECT_EQ(mysql_->failed(), 1);
    const Trial after = trials();
    EXPECT_EQ(after.call(), Told::done);
    EXPECT_EQ(after.look(), Written::everything);
  }

  void settles(const Trial& trial) {
    EXPECT_NE(trial.look(), Written::half);
    eventually([&] { return trial.call() == Told::done; });
    EXPECT_EQ(trial.look(), Written::everything);
    mysql::Transaction nobody_waits(db_);
    db_.query(mysql::sql("SELECT 1 FROM activity_seats WHERE programme_id = ? FOR UPDATE NOWAIT", programme_));
    db_.query(mysql::sql("SELECT 1 FROM bookings WHERE programme_id = ? FOR UPDATE NOWAIT", programme_));
    db_.query(mysql::sql("SELECT 1 FROM programmes WHERE id = ? FOR UPDATE NOWAIT", programme_));
    nobody_waits.commit();
    trial.settled();
  }

  std::unique_ptr<StatementFaults> mysql_;
  runtime::Metrics metrics_;
  std::unique_ptr<mysql::ConnectionPool> pool_;
  bool at_commit_ = false;  ///< what fails is a COMMIT

  /// For a call of very many statements: not in every way, and not with the next one lost as well.
  void be_brief() {
    if (std::getenv("ZL_LONG") != nullptr) return;  // NOLINT(concurrency-mt-unsafe): nothing changes the environment
    faults_ = {StatementFault::deadlock, StatementFault::lost_before, StatementFault::lost_after};
    twice_ = false;
  }
  /// What follows a lost link opens a session, settles a COMMIT that may have run, and begins again: of the second
  /// statement's and of the COMMIT's, each of these fails too, in every way.
  void fail_behind_lost_links_too() { behind_lost_links_ = true; }
  /// For calls that read.
  void break_answers_off_too() { faults_.push_back(StatementFault::lost_within); }

 private:
  std::vector<StatementFault> faults_{all_statement_faults.begin(), all_statement_faults.end()};
  bool twice_ = true;
  bool behind_lost_links_ = false;
};

}  // namespace zl::test
