// The ledger on a real MariaDB, as the serving account: what becomes of bookings, cancellations and fences.
#include "app/booking_ledger.hpp"
#include "ledger_harness.hpp"

namespace zl::test {
namespace {

using app::LedgerBooked;

TEST_F(LedgerTest, StoresABookingWithItsReceiptSeatAndAuditEntry) {
  const auto activity = an_activity(10);
  const app::LedgerItem item = an_item(activity);
  const BookAnswer answer = book(item);
  EXPECT_FALSE(as<LedgerBooked>(answer).earlier);

  const auto found = wait(ledger().find(item.wish.id));
  ASSERT_TRUE(found.is_done() && found->has_value());
  const domain::Booking& booking = **found;
  EXPECT_EQ(booking.state, domain::BookingState::confirmed);
  EXPECT_EQ(booking.activity_id, activity);
  EXPECT_EQ(booking.programme_id, programme_);
  EXPECT_EQ(booking.attendee_id, item.wish.attendee_id);
  EXPECT_EQ(booking.user_id, item.wish.user_id);
  EXPECT_EQ(booking.created_at, item.receipt.decided_at);
  EXPECT_EQ(booking.receipt.arrival, item.receipt.arrival);
  EXPECT_EQ(booking.receipt.remaining, item.receipt.remaining);
  EXPECT_EQ(booking.receipt.opens_at, item.receipt.opens_at);
  EXPECT_EQ(seats_taken(activity), 1U);
  EXPECT_EQ(audit_entries(item.wish.id), 1U);
}

TEST_F(LedgerTest, SellsTheSeatsOnceInTheOrderOfTheGrantsHoweverManyAsk) {
  const auto activity = an_activity(5);
  std::vector<app::LedgerItem> items;
  items.reserve(20);
  for (int i = 0; i < 20; ++i) items.push_back(an_item(activity));
  // Held up, so that the rest come in one batch.
  db_.execute("BEGIN");
  db_.query(mysql::sql("SELECT 1 FROM activity_seats WHERE activity_id = ? FOR UPDATE", activity));
  std::vector<std::future<BookAnswer>> answers(items.size());
  answers[0] = start_booking(items[0]);
  await_lock_wait();
  for (std::size_t i = items.size() - 1; i > 0; --i) answers[i] = start_booking(items[i]);
  eventually([&] { return process().writers.queued() == items.size() - 1; });
  db_.execute("COMMIT");

  for (std::size_t i = 0; i < items.size(); ++i) {
    const BookAnswer answer = answers[i].get();
    if (i < 5) {
      EXPECT_EQ(as<LedgerBooked>(answer).booking.id, items[i].wish.id);
    } else {
      as<app::LedgerFull>(answer);
    }
  }
  EXPECT_EQ(seats_taken(activity), 5U);
  EXPECT_EQ(active_bookings(activity), 5U);
}

TEST_F(LedgerTest, TwoProcessesNeverSellMoreThanThereIs) {
  const auto activity = an_activity(30);
  std::vector<std::future<BookAnswer>> answers;
  for (int i = 0; i < 60; ++i) {
    answers.push_back(start_booking(ledger(), an_item(activity)));
    answers.push_back(start_booking(other_ledger(), an_item(activity)));
  }
  int booked = 0;
  for (auto& answer : answers) booked += std::holds_alternative<LedgerBooked>(answer.get().value()) ? 1 : 0;
  EXPECT_EQ(booked, 30);
  EXPECT_EQ(active_bookings(activity), 30U);
}

TEST_F(LedgerTest, AnswersARetryWithTheBookingAsItIsNow) {
  const auto activity = an_activity(10);
  const app::LedgerItem item = an_item(activity, {2, 2, true, 0});
  ASSERT_FALSE(as<LedgerBooked>(book(item)).earlier);
  EXPECT_TRUE(as<LedgerBooked>(book(again(item))).earlier);

  ASSERT_TRUE(wait(ledger().cancel(item.wish.id, programme_, {}, {5})).is_done());
  const BookAnswer answer = book(again(item));
  EXPECT_TRUE(as<LedgerBooked>(answer).earlier);
  EXPECT_EQ(as<LedgerBooked>(answer).booking.state, domain::BookingState::cancelled);
  EXPECT_EQ(seats_taken(activity), 0U);
}

TEST_F(LedgerTest, RefusesAKnownIdWithOtherContent) {
  const auto activity = an_activity(10);
  app::LedgerItem item = an_item(activity);
  ASSERT_TRUE(book(item).is_done());
  item = again(item);
  item.wish.attendee_id = an_attendee();
  const BookAnswer answer = book(item);
  ASSERT_TRUE(answer.is_refused());
  EXPECT_EQ(answer.refused().code, base::Code::idempotency_conflict);
  EXPECT_EQ(seats_taken(activity), 1U);
}

TEST_F(LedgerTest, ABadItemCostsTheOthersOfItsBatchNothing) {
  const auto activity = an_activity(10);
  const app::LedgerItem first = an_item(activity);
  ASSERT_TRUE(book(first).is_done());
  db_.execute("BEGIN");
  db_.query(mysql::sql("SELECT 1 FROM activity_seats WHERE activity_id = ? FOR UPDATE", activity));
  auto blocked = start_booking(an_item(activity));
  await_lock_wait();
  auto good = start_booking(an_item(activity));
  app::LedgerItem twice = an_item(activity);
  twice.wish.attendee_id = first.wish.attendee_id;
  auto bad = start_booking(twice);
  auto retried = start_booking(again(first));
  auto good_too = start_booking(an_item(activity));
  eventually([&] { return process().writers.queued() == 4; });
  db_.execute("COMMIT");
  as<LedgerBooked>(blocked.get());
  EXPECT_FALSE(as<LedgerBooked>(good.get()).earlier);
  EXPECT_EQ(refusal(bad.get()), base::Code::already_booked);
  EXPECT_TRUE(as<LedgerBooked>(retried.get()).earlier);
  EXPECT_FALSE(as<LedgerBooked>(good_too.get()).earlier);
  EXPECT_EQ(seats_taken(activity), 4U);
  EXPECT_EQ(active_bookings(activity), 4U);
}

TEST_F(LedgerTest, AnItemThatTheDatabaseRejectsFailsAlone) {
  const auto activity = an_activity(10);
  db_.execute("ALTER TABLE bookings ADD CONSTRAINT odd CHECK (arrival < 1000000)");
  db_.execute("BEGIN");
  db_.query(mysql::sql("SELECT 1 FROM activity_seats WHERE activity_id = ? FOR UPDATE", activity));
  auto blocked = start_booking(an_item(activity));
  await_lock_wait();
  auto good = start_booking(an_item(activity));
  app::LedgerItem odd = an_item(activity);
  odd.receipt.arrival = ~std::uint64_t{0};
  auto bad = start_booking(odd);
  eventually([&] { return process().writers.queued() == 2; });
  db_.execute("COMMIT");
  as<LedgerBooked>(blocked.get());
  as<LedgerBooked>(good.get());
  const BookAnswer answer = bad.get();
  ASSERT_TRUE(answer.is_refused());
  EXPECT_EQ(answer.refused().code, base::Code::internal);
  EXPECT_EQ(seats_taken(activity), 2U);
  db_.execute("ALTER TABLE bookings DROP CONSTRAINT odd");
}

TEST_F(LedgerTest, RefusesWhatIsFencedAndTakesANewerGrant) {
  const auto activity = an_activity(10);
  const app::LedgerItem item = an_item(activity);
  const auto fenced = wait(ledger().fence(programme_, {{{item.wish.id, item.grant}, activity}}));
  ASSERT_TRUE(fenced.is_done());
  EXPECT_FALSE(fenced->at(0).committed);
  as<app::LedgerFenced>(book(item));
  EXPECT_EQ(seats_taken(activity), 0U);
  as<LedgerBooked>(book(again(item)));
}

TEST_F(LedgerTest, TellsWithTheFenceWhatIsCommitted) {
  const auto activity = an_activity(10);
  const app::LedgerItem kept = an_item(activity);
  const app::LedgerItem cancelled = an_item(activity);
  const app::LedgerItem never = an_item(activity);
  ASSERT_TRUE(book(kept).is_done());
  ASSERT_TRUE(book(cancelled).is_done());
  ASSERT_TRUE(wait(ledger().cancel(cancelled.wish.id, programme_, {}, {5})).is_done());
  const auto fenced = wait(ledger().fence(programme_, {{{kept.wish.id, kept.grant}, activity},
                                                       {{cancelled.wish.id, cancelled.grant}, activity},
                                                       {{never.wish.id, never.grant}, activity}}));
  ASSERT_TRUE(fenced.is_done());
  EXPECT_TRUE(fenced->at(0).committed);
  EXPECT_FALSE(fenced->at(1).committed) << "a cancelled booking holds no seat";
  EXPECT_FALSE(fenced->at(2).committed);
  EXPECT_EQ(number(mysql::sql("SELECT fence FROM activity_seats WHERE activity_id = ?", activity)), never.grant.value);
}

TEST_F(LedgerTest, AClosedActivityTakesNoBooking) {
  const auto activity = an_activity(10);
  db_.execute(mysql::sql("UPDATE activity_seats SET open = 0 WHERE activity_id = ?", activity));
  as<app::LedgerClosed>(book(an_item(activity)));
  as<app::LedgerClosed>(book(an_item(random_.next_id<base::ActivityId>())));
}

TEST_F(LedgerTest, OneChildThroughTwoParentsStaysWithinItsCap) {
  const domain::Rules one_each{1, std::nullopt, false, 0};
  for (int round = 0; round < 20; ++round) {
    const auto drawing = an_activity(10);
    const auto chess = an_activity(10);
    const auto child = an_attendee();
    auto left = start_booking(ledger(), an_item(drawing, child, a_user(), {one_each, {}}));
    auto right = start_booking(other_ledger(), an_item(chess, child, a_user(), {one_each, {}}));
    const BookAnswer answers[2] = {left.get(), right.get()};
    const int booked = (std::holds_alternative<LedgerBooked>(answers[0].value()) ? 1 : 0) +
                       (std::holds_alternative<LedgerBooked>(answers[1].value()) ? 1 : 0);
    ASSERT_EQ(booked, 1);
    ASSERT_EQ(active_bookings(drawing) + active_bookings(chess), 1U);
  }
}

TEST_F(LedgerTest, AWriterThatRemembersSeesWhatAnotherProcessHasBooked) {
  const domain::Rules one_each{1, std::nullopt, false, 0};
  const auto drawing = an_activity(100);
  const auto chess = an_activity(100);
  const auto remember = [&] {
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(book(an_item(drawing, one_each)).is_done());
  };
  for (int round = 0; round < 3; ++round) {
    remember();
    const auto child = an_attendee();
    as<LedgerBooked>(start_booking(other_ledger(), an_item(drawing, child, a_user(), {one_each, {}})).get());
    EXPECT_EQ(refusal(book(an_item(chess, child, a_user(), {one_each, {}}))), base::Code::limit_reached);
    remember();
    EXPECT_EQ(refusal(book(an_item(chess, child, a_user(), {one_each, {}}))), base::Code::limit_reached);
  }
  EXPECT_EQ(active_bookings(chess), 0U);
}

TEST_F(LedgerTest, AWriterThatRemembersRefusesNobodyForWhatWasCancelled) {
  const domain::Rules one_each{1, std::nullopt, false, 0};
  const auto drawing = an_activity(100);
  const auto chess = an_activity(100);
  const auto child = an_attendee();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(book(an_item(drawing, one_each)).is_done());
  const app::LedgerItem first = an_item(drawing, child, a_user(), {one_each, {}});
  as<LedgerBooked>(book(first));
  EXPECT_EQ(refusal(book(an_item(chess, child, a_user(), {one_each, {}}))), base::Code::limit_reached);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(book(an_item(drawing, one_each)).is_done());
  ASSERT_TRUE(wait(other_ledger().cancel(first.wish.id, programme_, {}, {5})).is_done());
  as<LedgerBooked>(book(an_item(chess, child, a_user(), {one_each, {}})));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(book(an_item(drawing, one_each)).is_done());
  EXPECT_EQ(refusal(book(an_item(drawing, child, a_user(), {one_each, {}}))), base::Code::limit_reached);
}

TEST_F(LedgerTest, TwoProcessesKeepTheFamilysCapInEveryOrder) {
  const domain::Rules two_each{std::nullopt, 2, false, 0};
  std::vector<base::ActivityId> activities;
  activities.reserve(6);
  for (int i = 0; i < 6; ++i) activities.push_back(an_activity(500));
  for (int round = 0; round < 15; ++round) {
    const auto mother = a_user();
    std::vector<std::future<BookAnswer>> answers;
    for (std::size_t i = 0; i < activities.size(); ++i) {
      app::BookingLedger& one = (i + static_cast<std::size_t>(round) / 5) % 2 == 0 ? ledger() : other_ledger();
      answers.push_back(start_booking(one, an_item(activities[i], an_attendee(), mother, {two_each, {}})));
      answers.push_back(start_booking(ledger(), an_item(activities[i], two_each)));
    }
    for (std::size_t i = 1; i < answers.size(); i += 2) as<LedgerBooked>(answers[i].get());
    int booked = 0;
    for (std::size_t i = 0; i < answers.size(); i += 2) {
      booked += std::holds_alternative<LedgerBooked>(answers[i].get().value()) ? 1 : 0;
    }
    EXPECT_EQ(booked, 2);
    EXPECT_EQ(number(mysql::sql("SELECT COUNT(*) FROM bookings WHERE user_id = ?", mother)), 2U);
  }
}

TEST_F(LedgerTest, RefusesOverlapAndTheFamilysCapByWhatIsCommitted) {
  const auto drawing = an_activity(10);
  const auto chess = an_activity(10);
  const auto mother = a_user();
  const auto child = an_attendee();
  ASSERT_TRUE(book(an_item(drawing, child, mother)).is_done());
  const app::ActivityPolicy meets_drawing{{std::nullopt, std::nullopt, true, 0}, {drawing}};
  EXPECT_EQ(refusal(book(an_item(chess, child, a_user(), meets_drawing))), base::Code::overlaps);
  const app::ActivityPolicy family_of_one{{std::nullopt, 1, false, 0}, {}};
  EXPECT_EQ(refusal(book(an_item(chess, an_attendee(), mother, family_of_one))), base::Code::limit_reached);
  EXPECT_EQ(active_bookings(chess), 0U);
}

TEST_F(LedgerTest, RefusesAChildWhoWasDeletedMeanwhile) {
  const auto activity = an_activity(10);
  const app::LedgerItem item = an_item(activity, {2, 4, true, 0});
  db_.execute(mysql::sql("UPDATE attendees SET deleted = 1 WHERE id = ?", item.wish.attendee_id));
  const BookAnswer answer = book(item);
  ASSERT_TRUE(answer.is_refused());
  EXPECT_EQ(answer.refused().code, base::Code::not_found);
}

TEST_F(LedgerTest, AnAttendeeWithActiveBookingsCannotBeDeletedHoweverClosely) {
  const auto activity = an_activity(10);
  const app::LedgerItem first = an_item(activity, {2, 4, true, 0});
  const std::string deletion = mysql::sql("UPDATE attendees SET deleted = 1 WHERE id = ?", first.wish.attendee_id);
  db_.execute("BEGIN");
  db_.execute(deletion);
  auto too_late = start_booking(first);
  await_lock_wait();
  db_.execute("COMMIT");
  EXPECT_EQ(too_late.get().refused().code, base::Code::not_found);
  EXPECT_EQ(seats_taken(activity), 0U);

  const app::LedgerItem second = an_item(activity);
  ASSERT_TRUE(book(second).is_done());
  const auto deletes = [&] {
    db_.execute(mysql::sql("UPDATE attendees SET deleted = 1 WHERE id = ?", second.wish.attendee_id));
  };
  EXPECT_THROW(deletes(), mysql::SqlError);
  ASSERT_TRUE(wait(ledger().cancel(second.wish.id, programme_, {}, {5})).is_done());
  EXPECT_NO_THROW(deletes());
}

TEST_F(LedgerTest, CancelsOnceAndGivesTheSeatBackOnce) {
  const auto activity = an_activity(1);
  const app::LedgerItem item = an_item(activity);
  ASSERT_TRUE(book(item).is_done());
  const app::Actor mother{base::AccountId{item.wish.user_id.bytes}, "user", "10.0.0.1", "request-9"};
  auto first = start(ledger().cancel(item.wish.id, programme_, mother, {5}));
  auto second = start(ledger().cancel(item.wish.id, programme_, mother, {6}));
  const auto cancelled = first.get();
  const auto repeated = second.get();
  ASSERT_TRUE(cancelled.is_done() && repeated.is_done());
  EXPECT_NE(cancelled->earlier, repeated->earlier);
  EXPECT_EQ(cancelled->booking.state, domain::BookingState::cancelled);
  EXPECT_EQ(repeated->booking.cancelled_at, cancelled->booking.cancelled_at);
  EXPECT_EQ(seats_taken(activity), 0U);
  EXPECT_EQ(outbox_rows(item.wish.id), 1U);
  EXPECT_EQ(audit_entries(item.wish.id), 2U);

  app::LedgerItem anew = again(item);
  anew.wish.id = random_.next_id<base::BookingId>();
  EXPECT_FALSE(as<LedgerBooked>(book(anew)).earlier) << "the seat is free for the same child under a new key";
}

TEST_F(LedgerTest, CancellingWhatIsNotThereIsNotFound) {
  const auto answer = wait(ledger().cancel(random_.next_id<base::BookingId>(), programme_, {}, {5}));
  ASSERT_TRUE(answer.is_refused());
  EXPECT_EQ(answer.refused().code, base::Code::not_found);
}

}  // namespace
}  // namespace zl::test
