// Every statement that reads bookings, the catalogue, the feed of changes or the audit fails once (reading_faults.hpp
// says what has to hold).
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "reading_faults.hpp"
#include "store/mysql/audit_store.hpp"
#include "store/mysql/change_feed.hpp"

namespace zl::test {
namespace {

using LedgerReadingFaultsTest = ReadingFaultsTest;

TEST_F(LedgerReadingFaultsTest, AnAnswerThatBreaksOffIsAnErrorOfTheConnectors) {
  mysql::Connection connection(config_.connection);
  mysql_->count();
  mysql_->fail(1, StatementFault::lost_within);
  try {
    connection.query("SELECT 'one' UNION ALL SELECT 'two' UNION ALL SELECT 'three'");
    ADD_FAILURE();
  } catch (const mysql::SqlError& error) {
    EXPECT_EQ(error.code(), 2013);
    EXPECT_EQ(error.fault(), mysql::SqlFault::lost);
  }
}

TEST_F(LedgerReadingFaultsTest, OfABooking) {
  const app::LedgerItem item = booked(an_activity(10), a_user());
  fail_each_statement_of(
      1, [&] { return ledger_->find(item.wish.id); },
      [&](const std::optional<domain::Booking>& found) {
        ASSERT_TRUE(found);
        EXPECT_EQ(found->id, item.wish.id);
        EXPECT_EQ(found->attendee_id, item.wish.attendee_id);
        EXPECT_EQ(found->state, domain::BookingState::confirmed);
        EXPECT_EQ(found->receipt.arrival, item.receipt.arrival);
      });
  fail_each_statement_of(
      1, [&] { return ledger_->find(base::BookingId{{7}}); },
      [](const std::optional<domain::Booking>& found) { EXPECT_FALSE(found); });
}

TEST_F(LedgerReadingFaultsTest, OfAUsersBookings) {
  const base::UserId user = a_user();
  const auto activity = an_activity(10);
  for (int i = 0; i < 3; ++i) booked(activity, user);
  const auto all =
      ids<base::BookingId>(sql("SELECT id FROM bookings WHERE user_id = ? ORDER BY created_at DESC, id DESC", user));
  fail_each_statement_of(
      1, [&] { return ledger_->of_user(user, std::nullopt, 2); },
      [&](const app::BookingPage& page) {
        EXPECT_EQ(ids_of(page.items), (std::vector{all[0], all[1]}));
        EXPECT_TRUE(page.more);
      });
  fail_each_statement_of(
      1, [&] { return ledger_->of_user(user, all[0], 2); },
      [&](const app::BookingPage& page) {
        EXPECT_EQ(ids_of(page.items), (std::vector{all[1], all[2]}));
        EXPECT_FALSE(page.more);
      });
}

TEST_F(LedgerReadingFaultsTest, OfSeatsAndTheirBookings) {
  const auto activity = an_activity(10);
  const auto other = an_activity(7);
  for (int i = 0; i < 3; ++i) booked(activity, a_user());
  booked(other, a_user());
  fail_each_statement_of(
      1, [&] { return ledger_->seats_taken(programme_); },
      [&](const std::vector<app::SeatsTaken>& seats) {
        std::map<base::ActivityId, std::pair<int, int>> found;
        for (const app::SeatsTaken& seat : seats) found[seat.activity_id] = {seat.seats_taken, seat.capacity};
        EXPECT_EQ(found, (std::map<base::ActivityId, std::pair<int, int>>{{activity, {3, 10}}, {other, {1, 7}}}));
      });
  const auto all = ids<base::BookingId>(sql("SELECT id FROM bookings WHERE activity_id = ?", activity));
  fail_each_statement_of(
      1, [&] { return ledger_->active_bookings(activity); },
      [&](const std::vector<app::GateBooking>& bookings) {
        EXPECT_EQ(bookings.size(), 3U);
        const auto found = ids_of(bookings);
        EXPECT_TRUE(std::ranges::is_permutation(found, all));
      });
}

TEST_F(LedgerReadingFaultsTest, OfTheCatalogue) {
  const std::set<base::ActivityId> ours{an_activity(10), an_activity(10)};
  const auto all = ids<base::ActivityId>("SELECT id FROM activities");
  const auto stations = ids<base::StationId>("SELECT id FROM stations");
  const auto programmes = ids<base::ProgrammeId>("SELECT id FROM programmes");
  fail_each_statement_of_a_moment(
      6, [&] { return catalogue_->load(); },
      [&](const app::CatalogueContent& content) {
        EXPECT_TRUE(std::ranges::is_permutation(ids_of(content.stations), stations));
        EXPECT_TRUE(std::ranges::is_permutation(ids_of(content.programmes), programmes));
        EXPECT_TRUE(std::ranges::is_permutation(ids_of(content.activities), all));
        for (const domain::Activity& activity : content.activities) {
          if (ours.contains(activity.id)) EXPECT_EQ(activity.sessions.size(), 1U);
        }
      });
  fail_each_statement_of(
      1, [&] { return catalogue_->load_stations(); },
      [&](const std::vector<domain::Station>& found) {
        EXPECT_TRUE(std::ranges::is_permutation(ids_of(found), stations));
      });
  fail_each_statement_of_a_moment(
      5, [&] { return catalogue_->load_programme(programme_); },
      [&](const app::ProgrammeContent& content) {
        EXPECT_EQ(content.programme.id, programme_);
        EXPECT_EQ(content.activities.size(), 2U);
        for (const domain::Activity& activity : content.activities) {
          EXPECT_TRUE(ours.contains(activity.id));
          EXPECT_EQ(activity.sessions.size(), 1U);
        }
      });
}

TEST_F(LedgerReadingFaultsTest, OfTheFeedOfChanges) {
  const auto feed = mysql::create_change_feed(*pool_);
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < 3; ++i) {
    db_.execute(sql("INSERT INTO changes (kind, subject, number, at) VALUES (2, ?, ?, 1)", programme_, i));
    numbers.push_back(number("SELECT MAX(seq) FROM changes"));
  }
  const auto since = [&](std::size_t limit) {
    return [&, limit] { return feed->changes_since(numbers[0] - 1, limit); };
  };
  const auto seqs_are = [](std::vector<std::uint64_t> wanted) {
    return [wanted = std::move(wanted)](const std::vector<app::Change>& changes) {
      std::vector<std::uint64_t> found;
      found.reserve(changes.size());
      for (const app::Change& change : changes) found.push_back(change.seq);
      EXPECT_EQ(found, wanted);
    };
  };
  fail_each_statement_of(1, since(10), seqs_are(numbers));
  fail_each_statement_of(1, since(2), seqs_are({numbers[0], numbers[1]}));
  fail_each_statement_of(
      1, [&] { return feed->newest(); }, [&](std::uint64_t newest) { EXPECT_EQ(newest, numbers.back()); });
}

TEST_F(LedgerReadingFaultsTest, OfTheAudit) {
  const auto audit = mysql::create_audit_store(*pool_);
  const app::LedgerItem item = booked(an_activity(10), a_user());
  EXPECT_TRUE(wait(ledger_->cancel(item.wish.id, programme_, item.actor, {5})).is_done());
  app::AuditQuery query;
  query.subject = item.wish.id.hex();
  fail_each_statement_of(
      1, [&] { return audit->list(query); },
      [](const app::AuditPage& page) {
        EXPECT_EQ(page.items.size(), 2U);
        EXPECT_EQ(page.next, "");
      });
}

}  // namespace
}  // namespace zl::test
