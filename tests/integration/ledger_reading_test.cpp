// What the ledger is read for, on a real MariaDB: the gate's image, seats and bookings, a user's pages.
#include "app/booking_ledger.hpp"
#include "ledger_harness.hpp"

namespace zl::test {
namespace {

using app::LedgerBooked;

class LedgerReadingTest : public LedgerTest {};

TEST_F(LedgerReadingTest, RebuildsTheGatesImageUnderANewEpoch) {
  const auto drawing = an_activity(10);
  const auto chess = an_activity(7);
  const auto draft = an_activity(5);
  db_.execute(mysql::sql("UPDATE activities SET publication = 1 WHERE id = ?", draft));
  for (const auto& id : {drawing, chess, draft}) {
    db_.execute(mysql::sql("INSERT INTO sessions (id, activity_id, starts_at, ends_at) VALUES (?, ?, 5, 8)",
                           random_.next_id<base::SessionId>(), id));
  }
  const app::LedgerItem item = an_item(drawing);
  const app::LedgerItem cancelled = an_item(drawing);
  ASSERT_TRUE(book(item).is_done());
  ASSERT_TRUE(book(cancelled).is_done());
  ASSERT_TRUE(wait(ledger().cancel(cancelled.wish.id, programme_, {}, {5})).is_done());

  const auto first = wait(ledger().rebuild_image(programme_));
  const auto image = wait(ledger().rebuild_image(programme_));
  ASSERT_TRUE(first.is_done() && image.is_done());
  EXPECT_EQ(wait(ledger().seats_taken(programme_))->front().epoch, image->epoch);
  EXPECT_EQ(wait(ledger().seats_taken(programme_))->front().version, image->activities[0].version);
  EXPECT_EQ(image->epoch, first->epoch + 1);
  EXPECT_EQ(image->programme_id, programme_);
  EXPECT_EQ(image->opens_at, base::Instant{1});
  ASSERT_EQ(image->activities.size(), 2U);
  for (const app::GateActivity& activity : image->activities) {
    EXPECT_EQ(activity.capacity, activity.id == drawing ? 10 : 7);
    EXPECT_EQ(activity.version, number(mysql::sql("SELECT version FROM activities WHERE id = ?", activity.id)));
    EXPECT_EQ(activity.closes_at, base::Instant{5});
    EXPECT_EQ(activity.overlapping, std::vector{activity.id == drawing ? chess : drawing});
  }
  ASSERT_EQ(image->bookings.size(), 1U);
  EXPECT_EQ(image->bookings[0].id, item.wish.id);
  EXPECT_EQ(image->bookings[0].attendee_id, item.wish.attendee_id);

  as<app::LedgerFenced>(book(an_item(drawing)));
  app::LedgerItem newer = an_item(drawing);
  newer.grant = domain::GrantNumber::of(image->epoch, 1);
  as<LedgerBooked>(book(newer));
}

TEST_F(LedgerReadingTest, HasNoImageOfAProgrammeWithoutPublishedActivities) {
  const auto answer = wait(ledger().rebuild_image(programme_));
  ASSERT_TRUE(answer.is_refused());
  EXPECT_EQ(answer.refused().code, base::Code::not_found);
  EXPECT_EQ(wait(ledger().rebuild_image(random_.next_id<base::ProgrammeId>())).refused().code, base::Code::not_found);
}

TEST_F(LedgerReadingTest, ListsSeatsAndActiveBookings) {
  const auto activity = an_activity(10);
  const app::LedgerItem item = an_item(activity);
  ASSERT_TRUE(book(item).is_done());
  const auto seats = wait(ledger().seats_taken(programme_));
  ASSERT_TRUE(seats.is_done());
  ASSERT_EQ(seats->size(), 1U);
  EXPECT_EQ(seats->at(0).seats_taken, 1);
  EXPECT_EQ(seats->at(0).capacity, 10);
  const auto bookings = wait(ledger().active_bookings(activity));
  ASSERT_TRUE(bookings.is_done());
  ASSERT_EQ(bookings->size(), 1U);
  EXPECT_EQ(bookings->at(0).user_id, item.wish.user_id);
}

TEST_F(LedgerReadingTest, PagesThroughAUsersBookingsNewestFirst) {
  const auto user = a_user();
  std::vector<base::BookingId> newest_first;
  for (int i = 0; i < 5; ++i) {
    const app::LedgerItem item = an_item(an_activity(10), an_attendee(), user);
    ASSERT_TRUE(book(item).is_done());
    newest_first.insert(newest_first.begin(), item.wish.id);
  }
  std::vector<base::BookingId> seen;
  std::optional<base::BookingId> after;
  bool more = true;
  while (more) {
    const auto page = wait(ledger().of_user(user, after, 2));
    ASSERT_TRUE(page.is_done());
    for (const domain::Booking& booking : page->items) seen.push_back(booking.id);
    after = seen.back();
    more = page->more;
  }
  EXPECT_EQ(seen, newest_first);
}

}  // namespace
}  // namespace zl::test
