// Every statement of what the servers' own housekeeping writes fails once, in every way in which MySQL may fail it
// (statement_fault_trials.hpp says what has to hold).
#include <atomic>
#include <chrono>

#include "administration_faults.hpp"
#include "runtime/sha256.hpp"
#include "store/mysql/audit_seals.hpp"
#include "store/mysql/lease.hpp"
#include "store/mysql/restored.hpp"
#include "store/mysql/retention.hpp"

namespace zl::test {
namespace {

class HousekeepingFaultsTest : public AdministrationFaultsTest {
 protected:
  void SetUp() override {
    AdministrationFaultsTest::SetUp();
    ledger_ = mysql::create_booking_ledger(process().writers, *pool_);
    sealer_ = mysql::create_audit_sealer(*pool_);
  }

  std::unique_ptr<app::BookingLedger> ledger_;
  std::unique_ptr<app::AuditSealer> sealer_;
};

TEST_F(HousekeepingFaultsTest, OfAFence) {
  fail_each_statement(
      [this] {
        const app::LedgerItem item = an_item(an_activity(10));
        const std::vector<app::ExpiredHold> holds{{{item.wish.id, item.grant}, item.wish.activity_id}};
        return Trial{[this, holds] {
                       const auto fenced = wait(ledger_->fence(programme_, holds));
                       if (fenced.is_done()) EXPECT_FALSE(fenced.value().at(0).committed);
                       return told(fenced);
                     },
                     [this, item] {
                       return written({number(sql("SELECT COUNT(*) FROM activity_seats WHERE activity_id = ? AND "
                                                  "fence = ?",
                                                  item.wish.activity_id, item.grant))},
                                      {0}, {1});
                     }};
      },
      Follows::not_up, 4);
}

/// Nobody waits until the server ends a session that has nothing more to say, nor until it is used again.
TEST_F(HousekeepingFaultsTest, ACommitThatFailsKeepsNothingLocked) {
  for (const StatementFault fault : {StatementFault::lock_timeout, StatementFault::read_only}) {
    const app::LedgerItem item = an_item(an_activity(10));
    const std::vector<app::ExpiredHold> holds{{{item.wish.id, item.grant}, item.wish.activity_id}};
    EXPECT_TRUE(wait(ledger_->fence(programme_, {})).is_done()) << "from here on there is a connection";
    mysql_->count();
    mysql_->fail(4, fault);
    EXPECT_TRUE(wait(ledger_->fence(programme_, holds)).is_unknown());
    EXPECT_TRUE(mysql_->failed_at_commit());
    const auto told_at = std::chrono::steady_clock::now();
    db_.execute(sql("UPDATE activity_seats SET capacity = 11 WHERE activity_id = ?", item.wish.activity_id));
    EXPECT_LT(std::chrono::steady_clock::now() - told_at, std::chrono::seconds(config_.connection.idle_timeout_s) / 2);
  }
}

TEST_F(HousekeepingFaultsTest, OfARebuiltImage) {
  constexpr std::string_view older_than_the_epoch =
      "SELECT COUNT(*) FROM activity_seats s JOIN programmes p ON p.id = s.programme_id "
      "WHERE p.id = ? AND s.fence < p.epoch << 40";
  const auto epoch = [this] { return number(sql("SELECT epoch FROM programmes WHERE id = ?", programme_)); };
  fail_each_statement(
      [&, this] {
        an_activity(10);
        const std::uint64_t before = epoch();
        return Trial{[&, this] {
                       const auto image = wait(ledger_->rebuild_image(programme_));
                       if (image.is_done()) EXPECT_EQ(image.value().epoch, epoch());
                       return told(image);
                     },
                     [&, this, before] {
                       return written({epoch() > before ? 1U : 0U, number(sql(older_than_the_epoch, programme_))},
                                      {0, 1}, {1, 0});
                     }};
      },
      Follows::not_up);
}

TEST_F(HousekeepingFaultsTest, OfASeal) {
  fail_each_statement(
      [this] {
        const app::LedgerItem item = an_item(an_activity(10));
        EXPECT_TRUE(book(item).is_done());
        owner_.execute("UPDATE audit_seals SET at = at - 60000");  // or a young one is enough
        Trial trial{[this] { return told(wait(sealer_->seal())); },
                    [this, id = item.wish.id] {
                      return written({number(sql("SELECT COUNT(*) FROM bookings b JOIN audit_seals s "
                                                 "ON s.chain_id = b.audit_chain AND s.seq >= b.audit_seq "
                                                 "WHERE b.id = ?",
                                                 id)),
                                      number("SELECT MAX(number) - COUNT(*) FROM audit_seals")},
                                     {0, 0}, {1, 0});
                    }};
        trial.in_steps = true;
        return trial;
      },
      Follows::not_up, 4);
}

/// Each call leaves out as many epochs more, and is audited as often.
TEST_F(HousekeepingFaultsTest, OfARestoredLedger) {
  const auto epoch = [this] { return number(sql("SELECT epoch FROM programmes WHERE id = ?", programme_)); };
  const auto audited = [this] { return number("SELECT COUNT(*) FROM audit WHERE action = 'ledger.restore'"); };
  const auto programmes = [this] { return number("SELECT COUNT(*) FROM programmes"); };
  constexpr std::string_view without_their_epochs_fence =
      "SELECT COUNT(*) FROM activity_seats s JOIN programmes p ON p.id = s.programme_id WHERE s.fence <> p.epoch << 40";
  fail_each_statement(
      [&, this] {
        an_activity(10);
        EXPECT_TRUE(wait(ledger_->rebuild_image(programme_)).is_done());
        an_activity(10);
        return Trial{[&, this] {
                       const auto outdated = wait(mysql::outdate_gates(*pool_));
                       if (outdated.is_done()) EXPECT_EQ(*outdated, programmes());
                       return told(outdated);
                     },
                     [&, this, before = epoch(), audited_before = audited()] {
                       const std::uint64_t calls = (epoch() - before) / mysql::epochs_skipped;
                       return written({calls > 0 ? 1U : 0U, number(std::string(without_their_epochs_fence)),
                                       (epoch() - before) % mysql::epochs_skipped, audited() - audited_before - calls},
                                      {0, 1, 0, 0}, {1, 0, 0, 0});
                     }};
      },
      Follows::not_up, 6);
}

/// And a server that can't be written is known by it.
TEST_F(HousekeepingFaultsTest, OfTheReconcilersTurn) {
  std::atomic<bool> writable = true;
  const auto lease = mysql::create_reconciler_lease(*pool_, random_, writable);
  const auto other = mysql::create_reconciler_lease(*pool_, random_, writable);
  fail_each_statement(
      [&, this] {
        db_.execute("UPDATE leases SET owner = REPEAT(CHAR(0), 16), until_ms = 0 WHERE name = 'reconciler'");
        Trial trial{[&, this] {
                      const int unwritable = mysql_->errors(1290);
                      const auto held = wait(lease->hold());
                      if (held.is_done()) EXPECT_TRUE(*held);
                      EXPECT_EQ(writable.load(), mysql_->errors(1290) == unwritable);
                      return told(held);
                    },
                    [this] {
                      return written({number("SELECT COUNT(*) FROM leases WHERE name = 'reconciler' AND until_ms > 0")},
                                     {0}, {1});
                    }};
        trial.in_steps = true;
        trial.settled = [&, this] {
          expect_unlocked("leases");
          EXPECT_FALSE(wait(other->hold()).value());
        };
        return trial;
      },
      Follows::not_up, 1);
}

/// Each statement by itself: what is left goes with the next call.
TEST_F(HousekeepingFaultsTest, OfAPurge) {
  const auto retention = mysql::create_retention(*pool_);
  const auto add = [this](int at) {
    const std::string key = random_.next_id<base::TokenId>().hex();
    const base::Bytes16 id = random_.next_id<base::TokenId>().bytes;
    const runtime::Digest digest = runtime::sha256(key);
    db_.execute(sql("INSERT INTO changes (kind, subject, at) VALUES (1, ?, ?)", id, at));
    db_.execute(sql("INSERT INTO creation_marks VALUES (?, ?, ?, ?)", id, digest, id, at));
    db_.execute(sql("INSERT INTO ended_tokens VALUES (?, ?)", id, at));
    db_.execute(sql("INSERT INTO login_states VALUES (?, ?, '', '', 1, 0, ?)", id, digest, at));
    db_.execute(sql("INSERT INTO pushes (push_key, created_at) VALUES (?, ?)", key, at));
    db_.execute(sql("INSERT INTO consent_marks VALUES (?, ?)", key, at));
    db_.execute(sql("INSERT INTO chat_choices VALUES (?, '', ?)", key, at));
  };
  const auto rows = [this](const std::string& condition) {
    std::uint64_t sum = 0;
    for (const std::string at : {"changes WHERE at", "creation_marks WHERE created_at", "ended_tokens WHERE expires_at",
                                 "login_states WHERE created_at_ms", "pushes WHERE created_at",
                                 "consent_marks WHERE created_at", "chat_choices WHERE told_at"}) {
      sum += number("SELECT COUNT(*) FROM " + at + condition);
    }
    return sum;
  };
  fail_each_statement(
      [&, this] {
        add(99);
        add(100);
        Trial trial{[&] {
                      const std::uint64_t old = rows(" < 100");
                      const auto purged = wait(retention->purge({{100}, {100}, {100}, {100}, {100}, {100}}));
                      if (purged.is_done()) EXPECT_LE(*purged, old);
                      return told(purged);
                    },
                    [rows, young = rows(" >= 100")] {
                      EXPECT_EQ(rows(" >= 100"), young);
                      return rows(" < 100") == 0 ? Written::everything : Written::nothing;
                    }};
        trial.in_steps = true;
        trial.settled = [this] {
          for (const char* table : {"changes", "login_states", "chat_choices"}) expect_unlocked(table);
        };
        return trial;
      },
      Follows::not_up, 7);
}

}  // namespace
}  // namespace zl::test
