// Every statement of booking, cancelling, publishing, closing and checking in fails once, in every way in which MySQL
// may fail it (statement_fault_trials.hpp says what has to hold).
#include <map>

#include "batch_faults.hpp"
#include "store/mysql/attendance_store.hpp"
#include "store/mysql/catalogue_store.hpp"

namespace zl::test {
namespace {

class BookingFaultsTest : public BatchFaultsTest {
 protected:
  void SetUp() override {
    BatchFaultsTest::SetUp();
    catalogue_ = mysql::create_catalogue_store(*pool_);
    door_ = mysql::create_attendance_store(process().writers, *pool_);
  }

  using BatchFaultsTest::facts;
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

  base::SessionId a_session(const base::ActivityId& activity) {
    const auto id = random_.next_id<base::SessionId>();
    db_.execute(mysql::sql(
        "INSERT INTO sessions (id, activity_id, starts_at, ends_at, venue) VALUES (?, ?, 10, 20, '')", id, activity));
    return id;
  }

  /// Of a booking of its own.
  app::CheckInItem a_check_in(const base::ActivityId& activity, const base::SessionId& session) {
    return {random_.next_id<base::CheckInId>(), booked(activity).wish.id, session, activity, programme_, {5}, staff_};
  }

  const app::Actor staff_{base::AccountId{{2}}, "staff", "10.0.0.1", "request"};
  std::unique_ptr<app::CatalogueStore> catalogue_;
  std::unique_ptr<app::AttendanceStore> door_;
  std::uint64_t changes_before_ = 0;
};

TEST(SplitStatements, LeavesTextsWhole) {
  EXPECT_EQ(split_statements("A 'x;\\';y' B;C"), (std::vector<std::string>{"A 'x;\\';y' B", "C"}));
  EXPECT_EQ(split_statements("A"), (std::vector<std::string>{"A"}));
}

/// What the rest of this file rests on: each fault is the error that it is called after.
TEST_F(BookingFaultsTest, AreErrorsThatTheConnectorReports) {
  const std::map<StatementFault, int> codes{{StatementFault::deadlock, 1213},    {StatementFault::lock_timeout, 1205},
                                            {StatementFault::read_only, 1290},   {StatementFault::gone, 2006},
                                            {StatementFault::lost_before, 2013}, {StatementFault::lost_after, 2013}};
  for (const auto& [fault, code] : codes) {
    const int closed = mysql_->links_closed();
    const auto await_close = [&] { eventually([&] { return mysql_->links_closed() > closed; }); };
    {
      mysql::Connection connection(config_.connection);
      mysql_->count();
      mysql_->fail(2, fault);
      connection.query("SELECT 1");
      // The link closes behind the statement before.
      if (fault == StatementFault::gone) await_close();
      try {
        connection.query("SELECT 2");
        ADD_FAILURE() << code;
      } catch (const mysql::SqlError& error) {
        EXPECT_EQ(error.code(), code);
      }
    }
    await_close();  // or the next round could take this link's end for its own
  }
}

TEST_F(BookingFaultsTest, OfABooking) {
  fail_behind_lost_links_too();
  fail_each_statement(
      [this] {
        app::LedgerItem item = an_item(an_activity(10), {2, 4, true, 0});
        return Trial{[this, item] { return told(book(again(item))); },
                     [this, item] { return written(facts(item), {0, 0, 0, 0}, {1, 1, 0, 1}); }};
      },
      Follows::up);
  for (const std::string_view settling : {"processlist WHERE id", "KILL "}) {
    EXPECT_TRUE(mysql_->has_failed(settling)) << settling;
  }
}

/// A child is booked twice in one batch, which has to be decided exactly: the first of the two has the seat.
TEST_F(BookingFaultsTest, OfABookingWithARival) {
  fail_each_statement(
      [&] {
        const app::LedgerItem item = an_item(an_activity(10), {2, 4, true, 0});
        app::LedgerItem rival = an_item(item.wish.activity_id, {2, 4, true, 0});
        rival.wish.attendee_id = item.wish.attendee_id;
        return Trial{[&, item, rival] {
                       const auto answers = book_together({again(item), again(rival)});
                       EXPECT_EQ(told(answers[0]), told(answers[1]));
                       if (answers[1].is_done()) EXPECT_EQ(refusal(answers[1]), base::Code::already_booked);
                       return told(answers[0]);
                     },
                     [this, item, rival] {
                       std::vector<std::uint64_t> found = facts(item);
                       found.push_back(audit_entries(rival.wish.id));
                       return written(found, {0, 0, 0, 0, 0}, {1, 1, 0, 1, 0});
                     }};
      },
      Follows::up);
}

/// What MySQL takes of one booking of a batch in no way costs the other nothing: they go one by one.
TEST_F(BookingFaultsTest, OfABookingBesideOneThatIsRejected) {
  be_brief();
  fail_each_statement(
      [&] {
        app::LedgerItem rejected = an_item(an_activity(10));
        rejected.actor.request_id = "\xff";  // no text of the audit's
        const app::LedgerItem item = an_item(an_activity(10), {2, 4, true, 0});
        Trial trial{[&, item, rejected] {
                      const auto answers = book_together({rejected, again(item)});
                      EXPECT_FALSE(answers[0].is_done());
                      return told(answers[1]);
                    },
                    [this, item, rejected] {
                      std::vector<std::uint64_t> found = facts(item);
                      found.push_back(seats_taken(rejected.wish.activity_id));
                      return written(found, {0, 0, 0, 0, 0}, {1, 1, 0, 1, 0});
                    }};
        trial.has_company = true;
        return trial;
      },
      Follows::up, 15);
}

TEST_F(BookingFaultsTest, OfACancellation) {
  fail_behind_lost_links_too();
  fail_each_statement(
      [this] {
        const app::LedgerItem item = booked(an_activity(10));
        return Trial{[this, item] { return told(wait(ledger().cancel(item.wish.id, programme_, {}, {5}))); },
                     [this, item] { return written(facts(item), {1, 1, 0, 1}, {0, 0, 1, 2}); }};
      },
      Follows::up);
}

TEST_F(BookingFaultsTest, OfACheckIn) {
  fail_behind_lost_links_too();
  const auto activity = an_activity(1000);
  const auto session = a_session(activity);
  fail_each_statement(
      [this, activity, session] {
        const app::CheckInItem item = a_check_in(activity, session);
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

TEST_F(BookingFaultsTest, OfACheckInThatIsUndone) {
  const auto activity = an_activity(1000);
  const auto session = a_session(activity);
  fail_each_statement(
      [this, activity, session] {
        const app::CheckInItem item = a_check_in(activity, session);
        EXPECT_TRUE(wait(door_->check_in(item)).is_done());
        Trial trial{[this, item] { return told(wait(door_->undo(item.id, staff_))); },
                    [this, item] {
                      return written(
                          {number(mysql::sql("SELECT COUNT(*) FROM check_ins WHERE id = ? AND active = 1", item.id)),
                           number(mysql::sql("SELECT COUNT(*) FROM audit WHERE subject = ?", item.id))},
                          {1, 1}, {0, 2});
                    }};
        // The child may come in once more.
        trial.settled = [this, anew = item]() mutable {
          anew.id = random_.next_id<base::CheckInId>();
          const auto answer = wait(door_->check_in(anew));
          ASSERT_TRUE(answer.is_done());
          EXPECT_FALSE(answer->earlier);
        };
        return trial;
      },
      Follows::not_up);
}

TEST_F(BookingFaultsTest, OfAPublication) {
  fail_behind_lost_links_too();
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

TEST_F(BookingFaultsTest, OfAnActivityThatIsCancelled) {
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
