// zhonglou verify's look at the ledger, on a real MariaDB: what the server writes is clean, and doctored data of each
// kind is found and told of in plain words. Every test begins by emptying the tables.
#include "store/mysql/verify_ledger.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ledger_harness.hpp"
#include "store/mysql/audit_seals.hpp"
#include "store/mysql/restored.hpp"

namespace zl::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VerifyLedgerTest : public LedgerTest {
 protected:
  void SetUp() override {
    wipe();
    LedgerTest::SetUp();
    config_.lanes = 1;  // of one chain
    activity_ = an_activity(10);
    sealer_ = mysql::create_audit_sealer(process().pool);
  }

  /// As its owner, past every key and constraint.
  void doctor(const std::string& statement) {
    owner_.execute("SET SESSION foreign_key_checks = 0, unique_checks = 0, check_constraint_checks = 0");
    ASSERT_GT(owner_.execute(statement), 0U) << statement;
  }

  void wipe() {
    owner_.execute("SET SESSION foreign_key_checks = 0");
    for (const char* const table :
         {"stations", "programmes", "activities", "activity_seats", "sessions", "users", "identities", "attendees",
          "guardianships", "bookings", "programme_guards", "check_ins", "accounts", "outbox", "audit", "audit_seals"}) {
      owner_.execute(std::string("DELETE FROM ") + table);
    }
  }

  app::LedgerItem booked(const app::LedgerItem& item) {
    EXPECT_TRUE(as<app::LedgerBooked>(book(item)).booking.id == item.wish.id);
    return item;
  }
  app::LedgerItem booked() { return booked(an_item(activity_)); }

  std::optional<app::AuditSeal> seal() { return wait(sealer_->seal()).value(); }

  std::vector<std::string> faults(const std::optional<mysql::KnownSeal>& known = std::nullopt) {
    mysql::Connection connection(mysql::for_verifying(serving().connection));
    std::vector<std::string> found;
    for (const app::CheckReport& report : mysql::verify_ledger(connection, known)) {
      EXPECT_FALSE(report.counted.empty()) << report.name;
      for (const std::string& fault : report.faults) found.push_back(report.name + ": " + fault);
    }
    return found;
  }

  base::ActivityId activity_;
  std::unique_ptr<app::AuditSealer> sealer_;
};

std::string hex_of(const app::LedgerItem& item) {
  return item.wish.id.hex();
}

std::string where(const app::LedgerItem& item) {
  return " WHERE id = x'" + hex_of(item) + "'";
}

TEST_F(VerifyLedgerTest, WhatTheServerWritesIsClean) {
  EXPECT_THAT(faults(), IsEmpty()) << "nothing at all";
  const auto kept = booked();
  const auto gone = booked();
  ASSERT_TRUE(wait(ledger().cancel(gone.wish.id, programme_, {{}, "town_admin", "10.0.0.1", "r"}, {1})).is_done());
  booked();
  seal();
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_EQ(seats_taken(activity_), 2U);
}

TEST_F(VerifyLedgerTest, ACounterThatIsWrongIsFound) {
  booked();
  doctor("UPDATE activity_seats SET seats_taken = 2");
  EXPECT_THAT(faults(), ElementsAre("seats: activity " + activity_.hex() +
                                    ": seats_taken is 2 of 10, and 1 bookings are active"));
}

TEST_F(VerifyLedgerTest, MoreSeatsThanThereAreIsFound) {
  booked();
  booked();
  doctor("UPDATE activity_seats SET capacity = 1");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("seats_taken is 2 of 1")));
}

TEST_F(VerifyLedgerTest, ASeatsRowThatContradictsItsActivityIsFound) {
  doctor("UPDATE activity_seats SET open = 0");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("seats rows: activity " + activity_.hex())));
}

TEST_F(VerifyLedgerTest, AnActivityWithoutASessionIsFound) {
  doctor("DELETE FROM sessions");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("meetings: activity " + activity_.hex())));
}

TEST_F(VerifyLedgerTest, AStateThatIsNoneIsFound) {
  const auto item = booked();
  doctor("UPDATE bookings SET cancelled_at = 5" + where(item));
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("states: booking " + hex_of(item) + ": state 1, active 1")));
}

TEST_F(VerifyLedgerTest, AnAttendeeTwiceInAnActivityIsFound) {
  const auto first = booked();
  const auto second = booked();
  // What the unique key does not count.
  doctor("UPDATE bookings SET active = NULL, party_id = x'" + first.wish.attendee_id.hex() + "'" + where(second));
  const std::vector<std::string> found = faults();
  EXPECT_THAT(found, ::testing::Contains("once: activity " + activity_.hex() + ": attendee " +
                                         first.wish.attendee_id.hex() + " has 2 bookings"));
  EXPECT_THAT(found, ::testing::Contains(HasSubstr("it tells otherwise of booking " + hex_of(second))));
}

TEST_F(VerifyLedgerTest, BrokenCapsAreFound) {
  const auto user = a_user();
  const auto attendee = an_attendee();
  booked(an_item(activity_, attendee, user));
  booked(an_item(an_activity(5), attendee, user));
  doctor("UPDATE programmes SET max_per_attendee = 1, max_per_user = 1");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("attendee " + attendee.hex() + " has 2 bookings, and may have 1"),
                                    HasSubstr("user " + user.hex() + " has 2 bookings, and may have 1")));
}

TEST_F(VerifyLedgerTest, OverlapsAreFoundWhereTheyAreForbidden) {
  const auto other = an_activity(5);
  const auto user = a_user();
  const auto attendee = an_attendee();
  const auto first = booked(an_item(activity_, attendee, user));
  const auto second = booked(an_item(other, attendee, user));
  meet(activity_, 100, 200);
  meet(other, 200, 300);
  doctor("UPDATE programmes SET forbid_overlap = 1");
  EXPECT_THAT(faults(), IsEmpty()) << "they only touch";
  meet(other, 199, 200);
  const auto found = faults();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0], HasSubstr(hex_of(first)));
  EXPECT_THAT(found[0], HasSubstr(hex_of(second)));
}

TEST_F(VerifyLedgerTest, WhatNamesNoRowIsFound) {
  const auto item = booked();
  doctor("DELETE FROM users WHERE id = x'" + item.wish.user_id.hex() + "'");
  EXPECT_THAT(faults(), ElementsAre("references: bookings.user_id of " + hex_of(item) + " names no row of users"));
  doctor("DELETE FROM attendees WHERE id = x'" + item.wish.attendee_id.hex() + "'");
  doctor("DELETE FROM activities WHERE id = x'" + activity_.hex() + "'");
  doctor("INSERT INTO outbox (id, kind, booking_id, user_id, created_at) VALUES (x'01', 2, x'02', x'03', 0)");
  doctor("INSERT INTO check_ins (id, booking_id, session_id, at, account_id) VALUES (x'01', x'02', x'03', 0, x'04')");
  doctor(
      "INSERT INTO guardianships (user_id, attendee_id, relation, name, birth_date, created_at) "
      "VALUES (x'01', x'02', 1, '', '2017-01-01', 0)");
  const auto found = faults();
  for (const char* const column :
       {"bookings.user_id", "bookings.party_id", "bookings.activity_id", "activity_seats.activity_id",
        "outbox.booking_id", "outbox.user_id", "check_ins.booking_id", "check_ins.session_id", "check_ins.account_id",
        "guardianships.user_id", "guardianships.attendee_id"}) {
    EXPECT_THAT(found, ::testing::Contains(HasSubstr(std::string("references: ") + column + " of "))) << column;
  }
}

TEST_F(VerifyLedgerTest, WhatNamesNoStationProgrammeOrIdentityIsFound) {
  booked();
  doctor("INSERT INTO stations (id, parent_id, name, created_at) VALUES (x'05', x'06', '', 0)");
  doctor(
      "INSERT INTO programmes (id, station_id, title, opens_at, closes_at, created_at) "
      "VALUES (x'05', x'06', '', 1, 9, 0)");
  doctor(
      "INSERT INTO activities (id, programme_id, kind, title, age_min, age_max, publication, created_at) "
      "VALUES (x'05', x'06', 1, '', 1, 2, 1, 0)");
  doctor("INSERT INTO activity_seats (activity_id, programme_id, capacity) VALUES (x'05', x'06', 1)");
  doctor("INSERT INTO sessions (id, activity_id, starts_at, ends_at) VALUES (x'05', x'06', 1, 2)");
  doctor("INSERT INTO identities (appid, openid, user_id, created_at) VALUES ('wx', 'o', x'06', 0)");
  doctor("INSERT INTO programme_guards (programme_id) VALUES (x'06')");
  doctor(
      "INSERT INTO accounts (id, username, password_hash, role, station_id, created_at) "
      "VALUES (x'05', 'lost', '', 2, x'06', 0)");
  doctor("UPDATE bookings SET programme_id = x'06'");
  const auto found = faults();
  for (const char* const column : {"stations.parent_id", "programmes.station_id", "activities.programme_id",
                                   "activity_seats.programme_id", "sessions.activity_id", "identities.user_id",
                                   "programme_guards.programme_id", "accounts.station_id", "bookings.programme_id"}) {
    EXPECT_THAT(found, ::testing::Contains(HasSubstr(std::string("references: ") + column + " of "))) << column;
  }
}

TEST_F(VerifyLedgerTest, AnActiveBookingOfADeletedAttendeeIsFound) {
  const auto item = booked();
  doctor("UPDATE attendees SET deleted = 1 WHERE id = x'" + item.wish.attendee_id.hex() + "'");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("bookings.party_id of " + hex_of(item) + " names an attendee who is")));
}

TEST_F(VerifyLedgerTest, ACheckInToASessionOfAnotherActivityIsFound) {
  const auto item = booked();
  const auto other = an_activity(5);
  doctor("INSERT INTO check_ins (id, booking_id, session_id, at, account_id) SELECT x'07', x'" + hex_of(item) +
         "', id, 0, x'" + item.wish.user_id.hex() + "' FROM sessions WHERE activity_id = x'" + other.hex() + "'");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("attendance: check-in 07")));
}

TEST_F(VerifyLedgerTest, ACopyThatDiffersIsFound) {
  const auto user = a_user();
  const auto attendee = an_attendee();
  db_.execute(
      mysql::sql("INSERT INTO guardianships (user_id, attendee_id, relation, name, birth_date, created_at) "
                 "SELECT ?, id, 1, name, birth_date, 0 FROM attendees WHERE id = ?",
                 user, attendee));
  EXPECT_THAT(faults(), IsEmpty());
  doctor("UPDATE guardianships SET name = 'X'");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("copies: attendee " + attendee.hex())));
}

TEST_F(VerifyLedgerTest, ABookingOfAnotherProgrammeIsFound) {
  const auto item = booked();
  const auto other = random_.next_id<base::ProgrammeId>();
  doctor(
      mysql::sql("INSERT INTO programmes (id, station_id, title, opens_at, closes_at, created_at) VALUES (?, ?, '', "
                 "1, 9, 0)",
                 other, station_));
  doctor(mysql::sql("UPDATE bookings SET programme_id = ?", other));
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("programmes of bookings: booking " + hex_of(item))));
}

TEST_F(VerifyLedgerTest, ABookingThatTheAuditDoesNotTellOfIsFound) {
  const auto item = booked();
  const auto other = booked();
  doctor("UPDATE bookings b JOIN bookings o ON o.id = x'" + hex_of(other) +
         "' SET b.audit_chain = o.audit_chain, b.audit_seq = o.audit_seq WHERE b.id = x'" + hex_of(item) + "'");
  EXPECT_THAT(faults(),
              ElementsAre("told: booking " + hex_of(item) + ": the audit does not tell of it where it says so",
                          HasSubstr("booking " + hex_of(item) + " names another row")));
  doctor("UPDATE bookings SET audit_chain = NULL" + where(item));
  EXPECT_THAT(faults(), ::testing::Contains(HasSubstr("told: booking " + hex_of(item))));
}

TEST_F(VerifyLedgerTest, ABookingThatIsGoneIsFound) {
  const auto item = booked();
  doctor("DELETE FROM bookings" + where(item));
  doctor("UPDATE activity_seats SET seats_taken = 0");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("it tells of booking " + hex_of(item) + ", which does not exist")));
}

TEST_F(VerifyLedgerTest, ACancellationOfWhichOneSideDoesNotKnowIsFound) {
  const auto silent = booked();
  doctor("UPDATE bookings SET state = 4, active = NULL, cancelled_at = 5" + where(silent));
  doctor("UPDATE activity_seats SET seats_taken = seats_taken - 1");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("told of cancelling: booking " + hex_of(silent))));
  const auto undone = booked();
  ASSERT_TRUE(wait(ledger().cancel(undone.wish.id, programme_, {{}, "user", "", ""}, {1})).is_done());
  doctor("UPDATE bookings SET state = 1, active = 1, cancelled_at = NULL" + where(undone));
  doctor("UPDATE activity_seats SET seats_taken = seats_taken + 1");
  EXPECT_THAT(faults(), ::testing::Contains(HasSubstr("booking " + hex_of(undone) + " was cancelled, and it is not")));
}

TEST_F(VerifyLedgerTest, AChangedARemovedAndAnInsertedAuditRowAreFound) {
  for (int i = 0; i < 4; ++i) booked();
  doctor("UPDATE audit SET address = '10.9.9.9' WHERE seq = 2");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr(", row 2: its hash is not its own")));
  doctor("DELETE FROM audit WHERE seq = 2");
  EXPECT_THAT(faults(), ::testing::Contains(HasSubstr(", row 2: rows are missing, the next is 3")));
  doctor("UPDATE audit SET seq = seq - 1 WHERE seq > 2 ORDER BY seq");
  EXPECT_THAT(faults(), ::testing::Contains(HasSubstr(", row 2: it does not follow the row before")));
}

TEST_F(VerifyLedgerTest, AnAuditRowThatTellsOfNoBookingIsFound) {
  booked();
  doctor("UPDATE audit SET detail = 'nothing'");
  EXPECT_THAT(faults(), ::testing::Contains(HasSubstr(", row 1: it has a line that tells of no booking")));
}

TEST_F(VerifyLedgerTest, ASealThatDoesNotFollowTheOneBeforeIsFound) {
  booked();
  ASSERT_TRUE(seal().has_value());
  doctor("UPDATE audit_seals SET prev_seal = REPEAT('x', 32)");
  EXPECT_THAT(faults(), ::testing::Contains("seals: seal 1: it does not follow the seal before"));
}

TEST_F(VerifyLedgerTest, ALongChainIsReadToItsEnd) {
  for (int i = 0; i < 60; ++i) booked(an_item(i % 13 == 0 ? activity_ = an_activity(13) : activity_));
  EXPECT_THAT(faults(), IsEmpty());
  doctor("UPDATE audit SET request_id = 'x' WHERE seq = 51");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr(", row 51: its hash is not its own")));
}

TEST_F(VerifyLedgerTest, ATailThatWasCutOffIsFoundByItsSeal) {
  booked();
  const auto cut = booked();
  ASSERT_TRUE(seal().has_value());
  doctor("DELETE FROM audit WHERE seq = 2");
  doctor("DELETE FROM bookings" + where(cut));
  doctor("UPDATE activity_seats SET seats_taken = 1");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr(", row 2: it was sealed and is gone (seal 1 of ")));
}

TEST_F(VerifyLedgerTest, AChainThatWasWrittenAnewIsFoundByItsSeal) {
  const auto item = booked();
  ASSERT_TRUE(seal().has_value());
  // As somebody would who knows how rows are hashed.
  const mysql::Rows rows =
      owner_.query("SELECT chain_id, at, actor_id, actor_role, action, subject, detail, request_id FROM audit");
  const mysql::Row row = rows.front();
  mysql::AuditRecord record;
  record.at = row.instant(1);
  record.actor_id = row.id<base::AccountId>(2);
  record.actor_role = row.text(3);
  record.action = row.text(4);
  record.subject = row.bytes16(5);
  record.detail = row.text(6);
  record.address = "10.9.9.9";
  record.request_id = row.text(7);
  const auto hash = mysql::audit_hash({row.id<base::ChainId>(0), 0, {}}, record);
  doctor(mysql::sql("UPDATE audit SET address = ?, hash = ?", record.address, hash));
  EXPECT_THAT(faults(), ElementsAre(HasSubstr(", row 1: it was another when it was sealed (seal 1 of ")));
}

TEST_F(VerifyLedgerTest, SealsThatWereChangedOrCutAreFound) {
  booked();
  const auto first = seal();
  ASSERT_EQ(first.value().number, 1U);
  const mysql::KnownSeal known{1, mysql::digest_of(base::from_hex(first->hash).value())};
  EXPECT_THAT(faults(known), IsEmpty());
  EXPECT_THAT(faults(mysql::KnownSeal{1, {}}), ElementsAre("seals: seal 1: another one was logged"));
  doctor("UPDATE audit_seals SET at = at + 1");
  EXPECT_THAT(faults(), ElementsAre("seals: seal 1: its hash is not its own"));
  doctor("UPDATE audit_seals SET number = 2");
  EXPECT_THAT(faults(), ::testing::Contains("seals: seal 1: it is missing, the next is 2"));
  doctor("DELETE FROM audit_seals");
  EXPECT_THAT(faults(), IsEmpty()) << "only the log knows";
  EXPECT_THAT(faults(known), ElementsAre("seals: seal 1 was logged, and the newest is 0"));
}

TEST_F(VerifyLedgerTest, ManyFaultsOfAKindAreToldInPart) {
  for (int i = 0; i < 25; ++i) an_activity(1);
  doctor("UPDATE activity_seats SET seats_taken = 1");
  mysql::Connection connection(mysql::for_verifying(serving().connection));
  const app::CheckReport seats = mysql::verify_ledger(connection, std::nullopt).front();
  EXPECT_EQ(seats.faults.size(), app::CheckReport::told_limit);
  EXPECT_GT(seats.more_faults, 0U);
}

TEST_F(VerifyLedgerTest, ItLooksAtOneMomentWhileOthersWrite) {
  const auto wide = an_activity(2000);
  std::vector<app::LedgerItem> items;
  while (items.size() < 500) items.push_back(an_item(wide));
  std::atomic<std::size_t> made = 0;
  std::atomic<bool> stop = false;
  std::thread load([&] {
    for (; made < items.size() && !stop; ++made) booked(items[made]);
  });
  eventually([&] { return made > 0; });
  std::vector<std::string> found;
  const std::size_t enough = made + 40;
  while (made < std::min(enough, items.size()) && found.empty()) found = faults();
  stop = true;
  load.join();
  EXPECT_THAT(found, IsEmpty());
}

TEST_F(VerifyLedgerTest, ARestoredLedgerFencesWhateverWasGrantedBefore) {
  booked();
  const app::LedgerItem late = an_item(activity_);
  EXPECT_EQ(wait(mysql::outdate_gates(process().pool)).value(), 1U);
  EXPECT_TRUE(std::holds_alternative<app::LedgerFenced>(book(late).value()));
  const base::Outcome<app::GateImage> image = wait(ledger().rebuild_image(programme_));
  EXPECT_EQ(image.value().epoch, mysql::epochs_skipped + 1);
  EXPECT_EQ(number("SELECT COUNT(*) FROM audit WHERE action = 'ledger.restore'"), 1U);
  EXPECT_THAT(faults(), IsEmpty());
}

}  // namespace
}  // namespace zl::test
