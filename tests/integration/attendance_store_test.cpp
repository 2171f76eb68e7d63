// Check-ins, rosters and the reading of the audit table on a real MariaDB.
#include "store/mysql/attendance_store.hpp"

#include <algorithm>

#include "store/mysql/audit_store.hpp"
#include "store/mysql/catalogue_store.hpp"
#include "store/mysql/sql.hpp"
#include "store_harness.hpp"

namespace zl::test {
namespace {

using base::Code;
using base::Outcome;
using mysql::sql;

class AttendanceStoreTest : public StoreTest {
 protected:
  static mysql::WriterConfig writer_config() {
    mysql::WriterConfig config;
    config.connection = serving_config();
    config.writers = 1;
    return config;
  }

  domain::Activity an_activity() {
    const domain::Station station = station_named(random_, "钟楼站");
    const domain::Programme programme = programme_of(random_, station);
    const domain::Activity activity = activity_of(random_, programme);
    EXPECT_TRUE(wait(catalogue_->create_station(station, admin_, std::nullopt)).is_done());
    EXPECT_TRUE(wait(catalogue_->create_programme(programme, admin_, std::nullopt)).is_done());
    EXPECT_TRUE(wait(catalogue_->create_activity(activity, admin_, std::nullopt)).is_done());
    return activity;
  }
  Outcome<app::CheckInResult> check_in(const base::BookingId& booking, const domain::Activity& activity,
                                       std::size_t session = 0) {
    return wait(store_->check_in(item(new_id<base::CheckInId>(), booking, activity, session)));
  }
  app::CheckInItem item(const base::CheckInId& id, const base::BookingId& booking, const domain::Activity& activity,
                        std::size_t session = 0) {
    return {id, booking, activity.sessions[session].id, activity.id, activity.programme_id, clock_.now, staff_};
  }

  /// Group commits since the test began.
  std::uint64_t batches() {
    return metrics_.histogram("zhonglou_ledger_batch_items", "Items in a group commit.").count();
  }

  const app::Actor staff_{base::AccountId{{2}}, "staff", "10.0.0.1", "request-2"};
  std::unique_ptr<app::CatalogueStore> catalogue_ = mysql::create_catalogue_store(pool_);
  mysql::WriterPool writers_{writer_config(), clock_, random_, metrics_};
  std::unique_ptr<app::AttendanceStore> store_ = mysql::create_attendance_store(writers_, pool_);
  std::unique_ptr<app::AuditStore> audit_ = mysql::create_audit_store(pool_);
};

TEST_F(AttendanceStoreTest, checks_a_booking_in_once_per_session) {
  const domain::Activity activity = an_activity();
  const base::BookingId booking = a_booking(activity, a_user(), an_attendee("小红"));

  const app::CheckInResult first = check_in(booking, activity).value();
  clock_.now = clock_.now + one_hour;
  const app::CheckInResult again = check_in(booking, activity).value();
  const app::CheckInResult next_day = check_in(booking, activity, 1).value();

  EXPECT_FALSE(first.earlier);
  EXPECT_EQ(first.check_in.attendee_name, "小红");
  EXPECT_TRUE(again.earlier);
  EXPECT_EQ(again.check_in.id, first.check_in.id);
  EXPECT_EQ(again.check_in.at, first.check_in.at);
  EXPECT_FALSE(next_day.earlier);
  EXPECT_EQ(audit_rows(first.check_in.id.bytes, "check_in.create"), 1U);
  EXPECT_EQ(wait(store_->activity_of(first.check_in.id)).value(), activity.id);
  EXPECT_FALSE(wait(store_->activity_of(new_id<base::CheckInId>())).value().has_value());
}

TEST_F(AttendanceStoreTest, the_same_call_made_again_is_no_second_check_in) {
  const domain::Activity activity = an_activity();
  const base::BookingId booking = a_booking(activity);
  const auto id = new_id<base::CheckInId>();
  for (int i = 0; i < 2; ++i) {
    const auto result = wait(store_->check_in(item(id, booking, activity))).value();
    EXPECT_EQ(result.earlier, i == 1);
    EXPECT_EQ(result.check_in.id, id);
    EXPECT_EQ(base::format_date(result.check_in.birth_date), "2017-05-04");
  }
  const base::BookingId other = a_booking(activity);
  const auto conflict = wait(store_->check_in(item(id, other, activity)));
  EXPECT_EQ(conflict.refused().code, Code::idempotency_conflict);
}

TEST_F(AttendanceStoreTest, one_of_many_doors_checks_in) {
  const domain::Activity activity = an_activity();
  const base::BookingId booking = a_booking(activity);
  std::vector<base::CheckInId> ids(20);
  for (base::CheckInId& id : ids) id = new_id<base::CheckInId>();
  std::vector<asio::awaitable<Outcome<app::CheckInResult>>> calls;
  calls.reserve(ids.size());
  for (const base::CheckInId& id : ids) {
    calls.push_back(store_->check_in(item(id, booking, activity)));
  }

  const auto results = all(std::move(calls));

  EXPECT_EQ(std::ranges::count_if(results, [](const auto& r) { return !r->earlier; }), 1);
  EXPECT_EQ(number(sql("SELECT COUNT(*) FROM check_ins WHERE booking_id = ?", booking)), 1U);
}

TEST_F(AttendanceStoreTest, what_comes_at_once_is_checked_in_together_and_answered_each_for_itself) {
  const domain::Activity activity = an_activity();
  connection_.execute(sql("UPDATE activity_seats SET capacity = 100 WHERE activity_id = ?", activity.id));
  domain::Activity without_session = activity;
  without_session.sessions[0].id = new_id<base::SessionId>();
  const base::BookingId cancelled = a_booking(activity);
  connection_.execute(sql("UPDATE bookings SET state = 4, active = NULL WHERE id = ?", cancelled));
  const auto id = [this] { return new_id<base::CheckInId>(); };
  std::vector<app::CheckInItem> items;
  items.reserve(44);
  for (int i = 0; i < 40; ++i) items.push_back(item(id(), a_booking(activity), activity));
  const app::CheckInItem twice = items[7];
  items.push_back(item(id(), twice.booking_id, activity));
  items.push_back(item(id(), new_id<base::BookingId>(), activity));
  items.push_back(item(id(), cancelled, activity));
  items.push_back(item(id(), a_booking(activity), without_session));
  items.push_back(twice);
  items.push_back(item(twice.id, a_booking(activity), activity));
  std::vector<asio::awaitable<Outcome<app::CheckInResult>>> calls;
  calls.reserve(items.size());
  for (const app::CheckInItem& each : items) calls.push_back(store_->check_in(each));

  const auto results = all(std::move(calls));

  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_FALSE(results[i]->earlier) << i;
    EXPECT_EQ(results[i]->check_in.id, items[i].id);
    EXPECT_EQ(audit_rows(items[i].id.bytes, "check_in.create"), 1U);
  }
  EXPECT_TRUE(results[40]->earlier);
  EXPECT_EQ(results[40]->check_in.id, twice.id);
  EXPECT_EQ(results[41].refused().code, Code::not_found);
  EXPECT_EQ(results[42].refused().code, Code::invalid_state);
  EXPECT_EQ(results[43].refused().code, Code::wrong_session);
  EXPECT_TRUE(results[44]->earlier);
  EXPECT_EQ(results[44]->check_in.id, twice.id);
  EXPECT_EQ(results[45].refused().code, Code::idempotency_conflict);
  const auto with_session = sql("SELECT COUNT(*) FROM check_ins WHERE session_id = ?", activity.sessions[0].id);
  EXPECT_EQ(number(with_session), 40U);
  EXPECT_LT(batches(), items.size() / 2) << "check-ins that wait share a commit";
}

TEST_F(AttendanceStoreTest, says_why_nobody_is_checked_in) {
  const domain::Activity activity = an_activity();
  const domain::Activity other = an_activity();
  const base::BookingId booking = a_booking(activity);
  EXPECT_EQ(check_in(new_id<base::BookingId>(), activity).refused().code, Code::not_found);
  EXPECT_EQ(check_in(booking, other).refused().code, Code::wrong_session);

  domain::Activity without_session = activity;
  without_session.sessions[0].id = new_id<base::SessionId>();
  EXPECT_EQ(check_in(booking, without_session).refused().code, Code::wrong_session);

  connection_.execute(sql("UPDATE bookings SET state = 4, active = NULL WHERE id = ?", booking));
  EXPECT_EQ(check_in(booking, activity).refused().code, Code::invalid_state);
}

TEST_F(AttendanceStoreTest, an_undone_check_in_can_be_made_again) {
  const domain::Activity activity = an_activity();
  const base::BookingId booking = a_booking(activity);
  const base::CheckInId id = check_in(booking, activity).value().check_in.id;

  EXPECT_TRUE(wait(store_->undo(id, staff_)).is_done());
  EXPECT_TRUE(wait(store_->undo(id, staff_)).is_done());

  EXPECT_EQ(audit_rows(id.bytes, "check_in.undo"), 1U);
  EXPECT_FALSE(check_in(booking, activity).value().earlier);
  EXPECT_EQ(wait(store_->undo(new_id<base::CheckInId>(), staff_)).refused().code, Code::not_found);
}

TEST_F(AttendanceStoreTest, a_check_in_waits_for_a_cancellation_on_its_way) {
  const domain::Activity activity = an_activity();
  const base::BookingId booking = a_booking(activity);
  mysql::Transaction canceller(connection_);
  canceller.execute(sql("UPDATE bookings SET state = 4, active = NULL WHERE id = ?", booking));
  std::thread committer([&] { commit_when_awaited(canceller); });

  const auto refused = check_in(booking, activity);
  committer.join();

  EXPECT_EQ(refused.refused().code, Code::invalid_state);
}

TEST_F(AttendanceStoreTest, a_check_in_does_not_wait_for_a_change_of_the_attendee) {
  const domain::Activity activity = an_activity();
  const base::AttendeeId attendee = an_attendee();
  const base::BookingId booking = a_booking(activity, a_user(), attendee);
  mysql::Transaction change(connection_);
  change.execute(sql("UPDATE attendees SET notes = '过敏' WHERE id = ?", attendee));

  EXPECT_TRUE(check_in(booking, activity).is_done());
}

TEST_F(AttendanceStoreTest, the_roster_has_everybody_in_pages) {
  const domain::Activity activity = an_activity();
  std::vector<base::BookingId> bookings(5);
  for (std::size_t i = 0; i < bookings.size(); ++i) {
    const std::string number = std::to_string(i);
    bookings[i] = a_booking(activity, a_user("家长" + number), an_attendee("孩子" + number));
  }
  std::ranges::sort(bookings);
  connection_.execute(sql("UPDATE bookings SET state = 4, active = NULL, cancelled_at = 5 WHERE id = ?", bookings[1]));
  ASSERT_TRUE(check_in(bookings[3], activity, 0).is_done());
  const app::CheckInResult undone = check_in(bookings[3], activity, 1).value();
  ASSERT_TRUE(wait(store_->undo(undone.check_in.id, staff_)).is_done());
  a_booking(an_activity());

  const app::RosterPage first = wait(store_->roster(activity.id, std::nullopt, 3)).value();
  const app::RosterPage second = wait(store_->roster(activity.id, first.items.back().booking.id, 3)).value();

  ASSERT_EQ(first.items.size(), 3U);
  ASSERT_EQ(second.items.size(), 2U);
  EXPECT_TRUE(first.more);
  EXPECT_FALSE(second.more);
  EXPECT_EQ(first.items[1].booking.id, bookings[1]);
  EXPECT_EQ(first.items[1].booking.state, domain::BookingState::cancelled);
  EXPECT_EQ(first.items[0].booking.receipt.arrival, 7U);
  EXPECT_EQ(first.items[0].booking.receipt.remaining, 3);
  EXPECT_TRUE(first.items[0].attendee_name.starts_with("孩子"));
  EXPECT_TRUE(first.items[0].nickname.starts_with("家长"));
  EXPECT_EQ(base::format_date(first.items[0].birth_date), "2017-05-04");
  ASSERT_EQ(second.items[0].attendance.size(), 1U);
  EXPECT_EQ(second.items[0].attendance[0].session_id, activity.sessions[0].id);
  EXPECT_TRUE(second.items[1].attendance.empty());
  EXPECT_TRUE(wait(store_->roster(new_id<base::ActivityId>(), std::nullopt, 3)).value().items.empty());
}

TEST_F(AttendanceStoreTest, the_confirmed_ones_come_in_full_pages_whoever_cancelled_between_them) {
  const domain::Activity activity = an_activity();
  connection_.execute(sql("UPDATE activity_seats SET capacity = 100 WHERE activity_id = ?", activity.id));
  std::vector<base::BookingId> stay;
  for (int i = 0; i < 12; ++i) {
    const base::BookingId booking = a_booking(activity);
    if (i % 3 == 0) {
      stay.push_back(booking);
    } else {
      connection_.execute(sql("UPDATE bookings SET state = 4, active = NULL, cancelled_at = 5 WHERE id = ?", booking));
    }
  }
  std::ranges::sort(stay);
  ASSERT_TRUE(check_in(stay[3], activity).is_done());

  const app::RosterPage first = wait(store_->confirmed(activity.id, std::nullopt, 3)).value();
  const app::RosterPage second = wait(store_->confirmed(activity.id, first.items.back().booking.id, 3)).value();

  ASSERT_EQ(first.items.size(), 3U);
  ASSERT_EQ(second.items.size(), 1U);
  EXPECT_TRUE(first.more);
  EXPECT_FALSE(second.more);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(first.items[i].booking.id, stay[i]);
  EXPECT_EQ(second.items[0].booking.id, stay[3]);
  EXPECT_EQ(second.items[0].attendance.size(), 1U);
}

TEST_F(AttendanceStoreTest, the_audit_is_read_newest_first_and_filtered) {
  clock_.now = clock_.now + one_hour * 1000;
  const domain::Activity activity = an_activity();
  const base::BookingId booking = a_booking(activity);
  clock_.now = clock_.now + one_hour;
  const base::CheckInId id = check_in(booking, activity).value().check_in.id;
  clock_.now = clock_.now + one_hour;
  ASSERT_TRUE(wait(store_->undo(id, staff_)).is_done());

  app::AuditQuery about;
  about.subject = id.hex();
  const std::vector<app::AuditEntry> entries = wait(audit_->list(about)).value().items;
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].action, "check_in.undo");
  EXPECT_EQ(entries[1].action, "check_in.create");
  EXPECT_EQ(entries[1].subject, id.hex());
  EXPECT_EQ(entries[1].actor_id, staff_.id);
  EXPECT_EQ(entries[1].actor_role, "staff");
  EXPECT_EQ(entries[1].address, "10.0.0.1");
  EXPECT_TRUE(entries[1].detail.starts_with("{\"booking_id\":\"" + booking.hex()));

  about.action = "check_in.create";
  EXPECT_EQ(wait(audit_->list(about)).value().items.size(), 1U);
  about.action.clear();
  about.from = clock_.now;
  EXPECT_EQ(wait(audit_->list(about)).value().items.at(0).action, "check_in.undo");
  about.from.reset();
  about.to = clock_.now;
  EXPECT_EQ(wait(audit_->list(about)).value().items.at(0).action, "check_in.create");
  about.actor_id = admin_.id;
  EXPECT_TRUE(wait(audit_->list(about)).value().items.empty());
}

TEST_F(AttendanceStoreTest, the_audit_comes_in_pages_without_gaps_or_repeats) {
  an_activity();
  an_activity();
  app::AuditQuery query;
  query.limit = 2;
  std::vector<std::string> seen;
  do {
    const app::AuditPage page = wait(audit_->list(query)).value();
    for (const app::AuditEntry& entry : page.items) seen.push_back(entry.chain_id.hex() + std::to_string(entry.seq));
    query.after = page.next;
  } while (!query.after.empty());

  EXPECT_EQ(seen.size(), number("SELECT COUNT(*) FROM audit"));
  std::ranges::sort(seen);
  EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
}

TEST_F(AttendanceStoreTest, refuses_audit_queries_that_cannot_be_read) {
  for (const std::string cursor : {"x", "1.2", "1.zz.3", "..", "1.00000000000000000000000000000000.x"}) {
    app::AuditQuery query;
    query.after = cursor;
    EXPECT_EQ(wait(audit_->list(query)).refused().fields.at(0).pointer, "/cursor") << cursor;
  }
  app::AuditQuery query;
  query.subject = "' OR 1 = 1";
  EXPECT_EQ(wait(audit_->list(query)).refused().fields.at(0).pointer, "/subject");
}

}  // namespace
}  // namespace zl::test
