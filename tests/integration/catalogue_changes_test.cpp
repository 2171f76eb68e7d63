// Changes of programmes and activities on a real MariaDB, beside bookings: what is locked, fenced and refused, and
// what a cancellation frees.
#include <thread>

#include "catalogue_harness.hpp"
#include "store/mysql/outbox.hpp"

namespace zl::test {
namespace {

using base::Code;
using mysql::sql;

class CatalogueStoreTest : public CatalogueTest {
 protected:
  std::uint64_t epoch_of(const base::ProgrammeId& id) {
    return number(sql("SELECT epoch FROM programmes WHERE id = ?", id));
  }
  std::uint64_t fence_of(const base::ActivityId& id) { return seats("fence", id); }
  std::uint64_t seats(const std::string& column, const base::ActivityId& id) {
    return number(sql("SELECT " + column + " FROM activity_seats WHERE activity_id = ?", id));
  }
};

TEST_F(CatalogueStoreTest, a_change_of_rules_fences_every_activity_of_the_programme) {
  domain::Programme programme = a_programme();
  const domain::Activity one = an_activity(programme);
  const domain::Activity other = a_draft(programme);
  const domain::Activity stranger = an_activity();
  const std::uint64_t epoch = epoch_of(programme.id);

  programme.rules.max_per_user.reset();
  EXPECT_EQ(wait(store_->update_programme(programme, 1, admin_)).value().version, 2U);

  EXPECT_EQ(epoch_of(programme.id), epoch + 1);
  EXPECT_EQ(fence_of(one.id), (epoch + 1) << 40U);
  EXPECT_EQ(fence_of(other.id), (epoch + 1) << 40U);
  EXPECT_EQ(fence_of(stranger.id), 0U);
  EXPECT_EQ(audit_detail(programme.id.bytes, "programme.update"), R"({"max_per_user":null})");
}

TEST_F(CatalogueStoreTest, rules_stand_while_somebody_is_booked_and_the_title_may_change) {
  domain::Programme programme = a_programme();
  const domain::Activity activity = an_activity(programme);
  a_booking(activity);

  domain::Programme later = programme;
  later.opens_at = later.opens_at + one_hour;
  EXPECT_EQ(wait(store_->update_programme(later, 1, admin_)).refused().code, Code::invalid_state);
  EXPECT_EQ(epoch_of(programme.id), 0U);

  programme.title = "秋季班";
  EXPECT_TRUE(wait(store_->update_programme(programme, 1, admin_)).is_done());
  EXPECT_EQ(fence_of(activity.id), 0U);
}

TEST_F(CatalogueStoreTest, a_programme_keeps_its_station_and_an_activity_its_programme) {
  domain::Programme programme = a_programme();
  domain::Activity activity = an_activity(programme);
  programme.station_id = a_station().id;
  EXPECT_EQ(wait(store_->update_programme(programme, 1, admin_)).refused().fields.at(0).pointer, "/station_id");
  activity.programme_id = a_programme().id;
  EXPECT_EQ(wait(store_->update_activity(activity, activity.version, admin_)).refused().fields.at(0).pointer,
            "/programme_id");
}

TEST_F(CatalogueStoreTest, publishing_opens_once) {
  const domain::Activity draft = a_draft(a_programme());
  EXPECT_EQ(seats("open", draft.id), 0U);

  const domain::Activity published = wait(store_->publish(draft.id, admin_)).value();
  const domain::Activity again = wait(store_->publish(draft.id, admin_)).value();

  EXPECT_EQ(published.publication, domain::Publication::published);
  EXPECT_EQ(published.version, 2U);
  EXPECT_EQ(again.version, 2U);
  EXPECT_EQ(seats("open", draft.id), 1U);
  EXPECT_EQ(audit_rows(draft.id.bytes, "activity.publish"), 1U);
  EXPECT_EQ(wait(store_->publish(new_id<base::ActivityId>(), admin_)).refused().code, Code::not_found);
}

TEST_F(CatalogueStoreTest, capacity_never_falls_below_what_is_taken) {
  domain::Activity activity = an_activity();
  for (int i = 0; i < 3; ++i) a_booking(activity);

  activity.capacity = 2;
  EXPECT_EQ(wait(store_->update_activity(activity, activity.version, admin_)).refused().code, Code::invalid_state);
  activity.capacity = 3;
  const domain::Activity lowered = wait(store_->update_activity(activity, activity.version, admin_)).value();
  EXPECT_EQ(lowered.capacity, 3);
  EXPECT_EQ(lowered.version, activity.version + 1);
  EXPECT_EQ(wait(store_->update_activity(activity, activity.version, admin_)).refused().code, Code::version_mismatch);
}

TEST_F(CatalogueStoreTest, fewer_seats_fence_what_was_granted_of_more_and_more_seats_do_not) {
  domain::Activity activity = an_activity();
  activity.capacity += 5;
  activity = wait(store_->update_activity(activity, activity.version, admin_)).value();
  EXPECT_EQ(fence_of(activity.id), 0U);
  EXPECT_EQ(epoch_of(activity.programme_id), 0U);
  activity.capacity -= 1;
  activity = wait(store_->update_activity(activity, activity.version, admin_)).value();
  EXPECT_EQ(fence_of(activity.id), std::uint64_t{1} << 40U);
  EXPECT_EQ(epoch_of(activity.programme_id), 1U);
}

TEST_F(CatalogueStoreTest, what_no_gate_knows_is_not_fenced) {
  const domain::Programme programme = a_programme();
  const domain::Activity open = an_activity(programme);
  domain::Activity draft = a_draft(programme);
  draft.capacity -= 1;
  draft.age_max += 1;
  draft = wait(store_->update_activity(draft, draft.version, admin_)).value();
  EXPECT_EQ(fence_of(open.id), 0U) << "others of its programme are being booked";
  EXPECT_EQ(epoch_of(programme.id), 0U);
}

TEST_F(CatalogueStoreTest, new_sessions_fence_and_the_ones_that_stay_keep_their_ids) {
  domain::Activity activity = an_activity();
  const base::SessionId kept = activity.sessions[0].id;
  const base::SessionId gone = activity.sessions[1].id;
  domain::Session added = activity.sessions[1];
  added.id = new_id<base::SessionId>();
  added.time = {added.time.starts_at + one_hour * 24, added.time.ends_at + one_hour * 24};
  activity.sessions[1] = added;

  const domain::Activity changed = wait(store_->update_activity(activity, activity.version, admin_)).value();

  ASSERT_EQ(changed.sessions.size(), 2U);
  EXPECT_EQ(changed.sessions[0].id, kept);
  EXPECT_EQ(changed.sessions[1].id, added.id);
  EXPECT_EQ(changed.sessions[1].time, added.time);
  EXPECT_EQ(number(sql("SELECT COUNT(*) FROM sessions WHERE id = ?", gone)), 0U);
  EXPECT_EQ(fence_of(activity.id), std::uint64_t{1} << 40U);
}

TEST_F(CatalogueStoreTest, meetings_and_ages_stand_while_somebody_is_booked_and_the_venue_may_change) {
  domain::Activity activity = an_activity();
  a_booking(activity);

  domain::Activity fewer = activity;
  fewer.sessions.pop_back();
  EXPECT_EQ(wait(store_->update_activity(fewer, activity.version, admin_)).refused().code, Code::invalid_state);
  domain::Activity older = activity;
  older.age_max = 14;
  EXPECT_EQ(wait(store_->update_activity(older, activity.version, admin_)).refused().code, Code::invalid_state);

  activity.sessions[0].venue = "礼堂";
  const domain::Activity moved = wait(store_->update_activity(activity, activity.version, admin_)).value();
  EXPECT_EQ(moved.sessions[0].venue, "礼堂");
  EXPECT_EQ(moved.seats_taken, 1);
  EXPECT_EQ(fence_of(activity.id), 0U);
}

TEST_F(CatalogueStoreTest, a_session_with_check_ins_stays) {
  domain::Activity activity = an_activity();
  const base::BookingId booking = a_booking(activity);
  connection_.execute(
      sql("INSERT INTO check_ins (id, booking_id, session_id, active, at, account_id) "
          "VALUES (?, ?, ?, NULL, 0, ?)",
          new_id<base::CheckInId>(), booking, activity.sessions[0].id, admin_.id));
  connection_.execute(sql("UPDATE activity_seats SET seats_taken = 0 WHERE activity_id = ?", activity.id));

  activity.sessions.erase(activity.sessions.begin());

  EXPECT_EQ(wait(store_->update_activity(activity, activity.version, admin_)).refused().code, Code::invalid_state);
}

TEST_F(CatalogueStoreTest, cancelling_frees_every_seat_and_tells_everybody_once) {
  const domain::Activity activity = an_activity();
  std::vector<base::BookingId> bookings(5);
  for (base::BookingId& booking : bookings) booking = a_booking(activity);
  const base::BookingId elsewhere = a_booking(an_activity());

  const domain::Activity cancelled = wait(store_->cancel(activity.id, "老师生病", admin_, clock_.now)).value();

  EXPECT_EQ(cancelled.publication, domain::Publication::cancelled);
  EXPECT_EQ(cancelled.cancel_reason, "老师生病");
  EXPECT_EQ(seats("open", activity.id), 0U);
  EXPECT_EQ(seats("seats_taken", activity.id), 0U);
  for (const base::BookingId& id : bookings) {
    EXPECT_EQ(number(sql("SELECT COUNT(*) FROM bookings WHERE id = ? AND state = 4 AND active IS NULL AND "
                         "cancelled_at = ?",
                         id, clock_.now)),
              1U);
    EXPECT_EQ(number(sql("SELECT COUNT(*) FROM outbox WHERE id = ? AND kind = 3 AND booking_id = ?",
                         mysql::outbox_id(id, mysql::OutboxKind::cancelled_by_station), id)),
              1U);
  }
  EXPECT_EQ(number(sql("SELECT state FROM bookings WHERE id = ?", elsewhere)), 1U);
  EXPECT_EQ(audit_detail(activity.id.bytes, "activity.cancel"), R"({"reason":"老师生病","bookings":5})");

  const domain::Activity again = wait(store_->cancel(activity.id, "又一次", admin_, clock_.now)).value();
  EXPECT_EQ(again.cancel_reason, "老师生病");
  EXPECT_EQ(audit_rows(activity.id.bytes, "activity.cancel"), 1U);
  EXPECT_EQ(wait(store_->publish(activity.id, admin_)).refused().code, Code::invalid_state);
}

TEST_F(CatalogueStoreTest, cancels_more_bookings_than_one_statement_takes) {
  domain::Activity activity = an_activity();
  activity.capacity = 5000;
  activity = wait(store_->update_activity(activity, activity.version, admin_)).value();
  mysql::Values rows;
  mysql::Values children;
  for (int i = 0; i < 4500; ++i) {
    const auto child = new_id<base::AttendeeId>();
    children.row(child, "小明", base::Date(std::chrono::year(2017) / 5 / 4), 0);
    rows.row(new_id<base::BookingId>(), activity.id, activity.programme_id, child, new_id<base::UserId>(), 1, 1, 7, 7,
             0, 0, 0, 0);
  }
  connection_.execute(sql("INSERT INTO attendees (id, name, birth_date, created_at) VALUES ?", children.fragment()));
  connection_.execute(
      sql("INSERT INTO bookings (id, activity_id, programme_id, party_id, user_id, state, active, "
          "grant_number, arrival, decided_at, opens_at, remaining, created_at) VALUES ?",
          rows.fragment()));

  ASSERT_TRUE(wait(store_->cancel(activity.id, "停办", admin_, clock_.now)).is_done());

  EXPECT_EQ(number(sql("SELECT COUNT(*) FROM bookings WHERE activity_id = ? AND active = 1", activity.id)), 0U);
  EXPECT_EQ(number(sql("SELECT COUNT(*) FROM outbox o JOIN bookings b ON b.id = o.booking_id WHERE b.activity_id = ?",
                       activity.id)),
            4500U);
  EXPECT_EQ(audit_detail(activity.id.bytes, "activity.cancel"), R"({"reason":"停办","bookings":4500})");
}

TEST_F(CatalogueStoreTest, a_change_of_rules_waits_for_a_booking_on_its_way) {
  domain::Programme programme = a_programme();
  const domain::Activity activity = an_activity(programme);
  programme.rules.max_per_user = 1;
  mysql::Transaction writer(connection_);
  writer.execute(sql("UPDATE activity_seats SET seats_taken = seats_taken + 1 WHERE activity_id = ?", activity.id));
  std::thread committer([&] { commit_when_awaited(writer); });

  const auto changed = wait(store_->update_programme(programme, 1, admin_));
  committer.join();

  EXPECT_EQ(changed.refused().code, Code::invalid_state);
}

}  // namespace
}  // namespace zl::test
