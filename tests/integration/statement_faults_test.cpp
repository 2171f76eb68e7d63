// Every statement of booking, cancelling, publishing, closing and checking in fails once, in every way in which MySQL
// may fail it. Whatever the outcome says is true, nothing is half written, the same id settles it, no lock is left, and
// the next call is served.
#include "statement_faults.hpp"

#include "ledger_harness.hpp"
#include "store/mysql/attendance_store.hpp"
#include "store/mysql/catalogue_store.hpp"

namespace zl::test {
namespace {

enum class Told { done = 1, refused, unknown };

template <class T>
Told told(const base::Outcome<T>& outcome) {
  if (outcome.is_done()) return Told::done;
  if (outcome.is_unknown()) return Told::unknown;
  EXPECT_EQ(outcome.refused().code, base::Code::unavailable) << outcome.refused().detail;
  return Told::refused;
}

enum class Written { nothing = 1, everything, half };

Written written(const std::vector<std::uint64_t>& found, const std::vector<std::uint64_t>& before,
                const std::vector<std::uint64_t>& after) {
  if (found == before) return Written::nothing;
  return found == after ? Written::everything : Written::half;
}

/// An operation on rows of its own; it may be called again.
struct Trial {
  std::function<Told()> call;
  std::function<Written()> look;
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
    catalogue_ = mysql::create_catalogue_store(*pool_);
    door_ = mysql::create_attendance_store(process().writers, process().pool);
  }

  /// What is told when a statement fails: before COMMIT everything but a server that can't be written is run again.
  /// A writer follows up a COMMIT that failed; whoever uses the pool is told that the outcome is unknown.
  enum class Follows { up = 1, not_up };
  static Told expected(StatementFault fault, bool commit, Follows follows) {
    if (commit) return follows == Follows::up ? Told::done : Told::unknown;
    return fault == StatementFault::read_only ? Told::refused : Told::done;
  }

  /// One statement after the other, until a call has no more.
  void fail_each_statement(const Trials& trials, Follows follows) {
    ASSERT_EQ(trials().call(), Told::done) << "from here on there is a connection";
    std::size_t number = 1;
    for (bool reached = true; reached && !HasFailure(); ++number) {
      for (const StatementFault fault : all_statement_faults) {
        // Before the first statement of a call the link closes behind the last of the call before it.
        if (number == 1 && fault == StatementFault::gone) continue;
        SCOPED_TRACE("statement " + std::to_string(number) + ", fault " + std::to_string(static_cast<int>(fault)));
        reached = fail_once(trials(), number, fault, follows);
        if (reached) fail_twice(trials(), number, fault);
      }
    }
    EXPECT_GT(number, 6U);
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
    EXPECT_EQ(answer, wanted);
    if (answer != Told::unknown) {
      EXPECT_EQ(trial.look(), answer == Told::done ? Written::everything : Written::nothing);
    }
    settles(trial);
    return reached;
  }

  /// And the link is lost at the very next statement: the roll-back, or the first of the next attempt.
  void fail_twice(const Trial& trial, std::size_t number, StatementFault fault) {
    mysql_->count();
    mysql_->fail(number, fault);
    mysql_->fail(number + 1, StatementFault::lost_before);
    const Told answer = trial.call();
    mysql_->count();
    if (answer != Told::unknown) {
      EXPECT_EQ(trial.look(), answer == Told::done ? Written::everything : Written::nothing);
    }
    settles(trial);
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
  }

  std::vector<std::uint64_t> facts(const app::LedgerItem& item) {
    return {seats_taken(item.wish.activity_id), active_bookings(item.wish.activity_id), outbox_rows(item.wish.id),
            audit_entries(item.wish.id)};
  }
  std::vector<std::uint64_t> facts(const base::ActivityId& id) {
    return {number(mysql::sql("SELECT publication FROM activities WHERE id = ?", id)),
            number(mysql::sql("SELECT open FROM activity_seats WHERE activity_id = ?", id)),
            seats_taken(id),
            active_bookings(id),
            number(mysql::sql("SELECT COUNT(*) FROM audit WHERE subject = ?", id)),
            number(mysql::sql("SELECT COUNT(*) FROM changes WHERE subject = ?", programme_)) - changes_before_,
            number(mysql::sql("SELECT COUNT(*) FROM outbox o JOIN bookings b ON b.id = o.booking_id "
                              "WHERE b.activity_id = ?",
                              id))};
  }
  /// Of the activity whose trial it is.
  void forget_changes() {
    changes_before_ = number(mysql::sql("SELECT COUNT(*) FROM changes WHERE subject = ?", programme_));
  }

  app::LedgerItem booked(const base::ActivityId& activity) {
    const app::LedgerItem item = an_item(activity, {2, 4, true, 0});
    EXPECT_TRUE(book(item).is_done());
    return item;
  }

  const app::Actor staff_{base::AccountId{{2}}, "staff", "10.0.0.1", "request"};
  std::unique_ptr<StatementFaults> mysql_;
  runtime::Metrics metrics_;
  std::unique_ptr<mysql::ConnectionPool> pool_;
  std::unique_ptr<app::CatalogueStore> catalogue_;
  std::unique_ptr<app::AttendanceStore> door_;
  std::uint64_t changes_before_ = 0;
  bool at_commit_ = false;  ///< what fails is a COMMIT
};

TEST(SplitStatements, LeavesTextsWhole) {
  EXPECT_EQ(split_statements("A 'x;\\';y' B;C"), (std::vector<std::string>{"A 'x;\\';y' B", "C"}));
  EXPECT_EQ(split_statements("A"), (std::vector<std::string>{"A"}));
}

TEST_F(StatementFaultsTest, OfABooking) {
  fail_each_statement(
      [this] {
        app::LedgerItem item = an_item(an_activity(10), {2, 4, true, 0});
        return Trial{[this, item] { return told(book(again(item))); },
                     [this, item] { return written(facts(item), {0, 0, 0, 0}, {1, 1, 0, 1}); }};
      },
      Follows::up);
}

TEST_F(StatementFaultsTest, OfACancellation) {
  fail_each_statement(
      [this] {
        const app::LedgerItem item = booked(an_activity(10));
        return Trial{[this, item] { return told(wait(ledger().cancel(item.wish.id, programme_, {}, {5}))); },
                     [this, item] { return written(facts(item), {1, 1, 0, 1}, {0, 0, 1, 2}); }};
      },
      Follows::up);
}

TEST_F(StatementFaultsTest, OfACheckIn) {
  const auto activity = an_activity(1000);
  const auto session = random_.next_id<base::SessionId>();
  db_.execute(mysql::sql("INSERT INTO sessions (id, activity_id, starts_at, ends_at, venue) VALUES (?, ?, 10, 20, '')",
                         session, activity));
  fail_each_statement(
      [this, activity, session] {
        const app::CheckInItem item{
            random_.next_id<base::CheckInId>(), booked(activity).wish.id, session, activity, programme_, {5}, staff_};
        return Trial{[this, item] { return told(wait(door_->check_in(item))); },
                     [this, item] {
                       return written(
                           {number(mysql::sql("SELECT COUNT(*) FROM check_ins WHERE booking_id = ?", item.booking_id)),
                            number(mysql::sql("SELECT COUNT(*) FROM audit WHERE subject = ?", item.id))},
                           {0, 0}, {1, 1});
                     }};
      },
      Follows::up);
}

TEST_F(StatementFaultsTest, OfAPublication) {
  fail_each_statement(
      [this] {
        const auto id = an_activity(10);
        db_.execute(mysql::sql("UPDATE activities SET publication = 1 WHERE id = ?", id));
        db_.execute(mysql::sql("UPDATE activity_seats SET open = 0 WHERE activity_id = ?", id));
        forget_changes();
        return Trial{[this, id] { return told(wait(catalogue_->publish(id, staff_))); },
                     [this, id] { return written(facts(id), {1, 0, 0, 0, 0, 0, 0}, {2, 1, 0, 0, 1, 1, 0}); }};
      },
      Follows::not_up);
}

TEST_F(StatementFaultsTest, OfAnActivityThatIsCancelled) {
  fail_each_statement(
      [this] {
        const auto id = an_activity(10);
        booked(id);
        forget_changes();
        return Trial{[this, id] { return told(wait(catalogue_->cancel(id, "台风", staff_, {5}))); },
                     [this, id] { return written(facts(id), {2, 1, 1, 1, 0, 0, 0}, {3, 0, 0, 0, 1, 1, 1}); }};
      },
      Follows::not_up);
}

}  // namespace
}  // namespace zl::test
