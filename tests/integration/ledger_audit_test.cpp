// The audit of group commits on a real MariaDB: whole chains, and a list with an entry for each booking.
#include <algorithm>
#include <set>

#include "ledger_harness.hpp"
#include "store/mysql/audit_store.hpp"
#include "store/mysql/audit_trail.hpp"

namespace zl::test {
namespace {

class LedgerAuditTest : public LedgerTest {
 protected:
  app::AuditPage list(const app::AuditQuery& query) { return wait(audit().list(query)).value(); }

  /// The bookings come in two commits: one of the first, one of all the others.
  void book_together(const base::ActivityId& activity, const std::vector<app::LedgerItem>& items) {
    db_.execute("BEGIN");
    db_.query(mysql::sql("SELECT 1 FROM activity_seats WHERE activity_id = ? FOR UPDATE", activity));
    std::vector<std::future<BookAnswer>> answers;
    answers.reserve(items.size());
    answers.push_back(start_booking(items[0]));
    await_lock_wait();
    for (std::size_t i = 1; i < items.size(); ++i) answers.push_back(start_booking(items[i]));
    eventually([&] { return process().writers.queued() == items.size() - 1; });
    db_.execute("COMMIT");
    for (auto& answer : answers) as<app::LedgerBooked>(answer.get());
  }

  std::vector<app::LedgerItem> items_of(const base::ActivityId& activity, std::size_t count) {
    std::vector<app::LedgerItem> items;
    while (items.size() < count) items.push_back(an_item(activity));
    return items;
  }

  app::AuditStore& audit() {
    if (!audit_) audit_ = mysql::create_audit_store(process().pool);
    return *audit_;
  }

 private:
  std::unique_ptr<app::AuditStore> audit_;
};

TEST_F(LedgerAuditTest, FindsABookingByItsIdWithWhoMadeItFromWhere) {
  const auto activity = an_activity(10);
  const std::vector<app::LedgerItem> items = items_of(activity, 5);
  book_together(activity, items);
  const app::LedgerItem& item = items[2];
  ASSERT_TRUE(wait(ledger().cancel(item.wish.id, programme_, {{}, "town_admin", "10.0.0.1", "r"}, {1})).is_done());

  app::AuditQuery query;
  query.subject = item.wish.id.hex();
  const app::AuditPage page = list(query);
  ASSERT_EQ(page.items.size(), 2U);
  EXPECT_EQ(page.items[1].action, "booking.cancel");
  const app::AuditEntry& made = page.items[0];
  EXPECT_EQ(made.action, "booking.create");
  EXPECT_EQ(made.subject, item.wish.id.hex());
  EXPECT_EQ(made.actor_id.bytes, item.wish.user_id.bytes);
  EXPECT_EQ(made.actor_role, "user");
  EXPECT_EQ(made.address, "127.0.0.1");
  EXPECT_EQ(made.at, items.back().receipt.decided_at) << "the newest of its group commit";
  EXPECT_EQ(made.detail,
            "{\"activity_id\":\"" + activity.hex() + "\",\"attendee_id\":\"" + item.wish.attendee_id.hex() + "\"}");
  EXPECT_TRUE(page.next.empty());
}

TEST_F(LedgerAuditTest, FindsWhatAUserDidAmongTheBookingsOfOthers) {
  const auto activity = an_activity(10);
  const auto mother = a_user();
  std::vector<app::LedgerItem> items = items_of(activity, 4);
  items.push_back(an_item(activity, an_attendee(), mother));
  items.push_back(an_item(activity, an_attendee(), mother));
  book_together(activity, items);
  ASSERT_TRUE(wait(ledger().cancel(items[4].wish.id, programme_, {base::AccountId{mother.bytes}, "user", "", ""}, {1}))
                  .is_done());

  app::AuditQuery query;
  query.actor_id = base::AccountId{mother.bytes};
  std::multiset<std::string> found;
  for (const app::AuditEntry& entry : list(query).items) found.insert(entry.action + " " + entry.subject);
  EXPECT_EQ(found, (std::multiset<std::string>{"booking.cancel " + items[4].wish.id.hex(),
                                               "booking.create " + items[4].wish.id.hex(),
                                               "booking.create " + items[5].wish.id.hex()}));
  query.action = "booking.cancel";
  EXPECT_EQ(list(query).items.size(), 1U);
  query.action = "booking.create";
  query.subject = items[0].wish.id.hex();
  EXPECT_TRUE(list(query).items.empty()) << "somebody else's";
  query.subject.clear();
  query.to = items.back().receipt.decided_at;
  EXPECT_TRUE(list(query).items.empty());
  query.to.reset();
  query.from = items.back().receipt.decided_at;
  EXPECT_EQ(list(query).items.size(), 2U);
}

TEST_F(LedgerAuditTest, PagesGoThroughAGroupCommitWithoutGapsOrRepeats) {
  const auto activity = an_activity(20);
  const std::vector<app::LedgerItem> items = items_of(activity, 12);
  book_together(activity, items);
  for (const std::size_t limit : {1U, 2U, 3U, 4U, 11U, 12U, 50U}) {
    app::AuditQuery query;
    query.action = "booking.create";
    query.from = items.front().receipt.decided_at;
    query.limit = limit;
    std::vector<std::string> seen;
    while (true) {
      const app::AuditPage page = list(query);
      ASSERT_LE(page.items.size(), limit);
      for (const app::AuditEntry& entry : page.items) seen.push_back(entry.subject);
      if (page.next.empty()) break;
      ASSERT_LT(seen.size(), 1000U) << "it goes in circles";
      ASSERT_EQ(page.items.size(), limit);
      query.after = page.next;
    }
    std::vector<std::string> newest_first;
    for (const app::LedgerItem& item : items) newest_first.insert(newest_first.begin(), item.wish.id.hex());
    // Other tests book at the same times.
    std::erase_if(seen, [&](const auto& id) { return std::ranges::find(newest_first, id) == newest_first.end(); });
    EXPECT_EQ(seen, newest_first) << limit;
  }
}

TEST_F(LedgerAuditTest, ALineThatCannotBeReadIsStillAnEntry) {
  const auto activity = an_activity(10);
  const app::LedgerItem item = an_item(activity);
  ASSERT_TRUE(book(item).is_done());
  db_.execute(
      mysql::sql("UPDATE audit SET detail = CONCAT('gone\n', detail) WHERE detail LIKE ?", item.wish.id.hex() + "%"));
  app::AuditQuery query;
  query.action = "booking.create";
  query.limit = 200;
  const std::vector<app::AuditEntry> entries = list(query).items;
  EXPECT_EQ(std::ranges::count(entries, base::AccountId().hex(), &app::AuditEntry::subject), 1);
  EXPECT_EQ(std::ranges::count(entries, item.wish.id.hex(), &app::AuditEntry::subject), 1);
  db_.execute("UPDATE audit SET detail = REPLACE(detail, 'gone\n', '')");
}

TEST_F(LedgerAuditTest, ABookingNamesTheRowThatTellsOfIt) {
  const auto activity = an_activity(100);
  const std::vector<app::LedgerItem> items = items_of(activity, 20);
  book_together(activity, items);

  const mysql::Rows rows = db_.query(mysql::sql(
      "SELECT b.id, a.detail, a.at, MAX(b.decided_at) OVER (PARTITION BY b.audit_chain, b.audit_seq) FROM bookings b "
      "JOIN audit a ON a.chain_id = b.audit_chain AND a.seq = b.audit_seq WHERE b.activity_id = ?",
      activity));
  ASSERT_EQ(rows.size(), items.size());
  for (const mysql::Row row : rows) {
    const auto entries = mysql::read_booked(row.text(1));
    EXPECT_TRUE(entries.size() == 1 || entries.size() == items.size() - 1) << "one row for each group commit";
    EXPECT_EQ(std::ranges::count(entries, row.id<base::BookingId>(0), [](const auto& e) { return e->booking_id; }), 1);
    EXPECT_EQ(row.instant(2), row.instant(3));
  }
}

TEST_F(LedgerAuditTest, EveryChainIsWholeFromItsFirstRow) {
  const auto activity = an_activity(100);
  std::vector<std::future<BookAnswer>> answers;
  answers.reserve(50);
  for (int i = 0; i < 50; ++i) answers.push_back(start_booking(an_item(activity)));
  for (auto& answer : answers) ASSERT_TRUE(answer.get().is_done());

  const mysql::Rows rows = db_.query(
      "SELECT chain_id, seq, at, actor_id, actor_role, action, subject, detail, address, request_id, prev_hash, hash "
      "FROM audit ORDER BY chain_id, seq");
  std::size_t entries = 0;
  for (const mysql::Row row : rows) entries += mysql::read_booked(row.text(7)).size();
  ASSERT_GE(entries, 50U);
  mysql::AuditHead head;
  for (const mysql::Row row : rows) {
    if (const auto chain = row.id<base::ChainId>(0); chain != head.chain_id) head = {chain, 0, {}};
    mysql::AuditRecord record;
    record.at = row.instant(2);
    record.actor_id = row.id<base::AccountId>(3);
    record.actor_role = row.text(4);
    record.action = row.text(5);
    record.subject = row.bytes16(6);
    record.detail = row.text(7);
    record.address = row.text(8);
    record.request_id = row.text(9);
    ASSERT_EQ(row.u64(1), head.seq + 1);
    ASSERT_EQ(row.text(10), runtime::view(head.hash));
    head = {head.chain_id, head.seq + 1, mysql::audit_hash(head, record)};
    ASSERT_EQ(row.text(11), runtime::view(head.hash));
  }
}

}  // namespace
}  // namespace zl::test
