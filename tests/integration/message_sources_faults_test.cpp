// Every statement of where messages come from, of consents and of who follows fails once, in every way in which MySQL
// may fail it (statement_fault_trials.hpp says what has to hold).
#include "administration_faults.hpp"
#include "store/mysql/message_store.hpp"

namespace zl::test {
namespace {

constexpr base::Milliseconds patience{120'000};

class MessageSourcesFaultsTest : public AdministrationFaultsTest {
 protected:
  void SetUp() override {
    AdministrationFaultsTest::SetUp();
    messages_ = mysql::create_message_store(*pool_, random_, "wx1", {});
    db_.execute("DELETE FROM outbox");
  }

  std::string fresh() { return random_.next_id<base::TokenId>().hex(); }

  /// Chains of the audit with rows that were not collected.
  std::uint64_t grown_chains() {
    return number(
        "SELECT COUNT(*) FROM (SELECT chain_id, MAX(seq) AS newest FROM audit GROUP BY chain_id) h "
        "LEFT JOIN message_cursors c ON c.chain_id = h.chain_id WHERE c.seq IS NULL OR h.newest > c.seq");
  }

  /// Of a session that starts at a time and on a day of its own.
  struct Reminded {
    base::BookingId booking;
    std::string day;
    domain::Interval time;
  };
  Reminded a_session_to_be_reminded_of() {
    const app::LedgerItem item = an_item(an_activity(10));
    EXPECT_TRUE(book(item).is_done());
    constexpr std::uint64_t days = 18;
    const std::uint64_t day = ++numbers;
    const base::Instant start{static_cast<std::int64_t>(day) * 1'000'000};
    db_.execute(sql("INSERT INTO sessions (id, activity_id, starts_at, ends_at) VALUES (?, ?, ?, ?)",
                    random_.next_id<base::SessionId>(), item.wish.activity_id, start, start.unix_ms + 1));
    return {item.wish.id,
            std::to_string(2000 + day / days) + "-01-" + std::to_string(10 + day % days),
            {start, {start.unix_ms + 1}}};
  }

  std::uint64_t consents(const std::string& openid, const std::string& template_id) {
    return number(
        sql("SELECT COALESCE(SUM(notices_left), 0) FROM message_consents WHERE openid = ? AND template_id = ?", openid,
            template_id));
  }
  void give_consents(const std::string& openid, const std::string& template_id, int count) {
    db_.execute(sql("INSERT INTO message_consents VALUES (?, ?, ?)", openid, template_id, count));
  }

  std::unique_ptr<app::MessageStore> messages_;

 private:
  inline static std::uint64_t numbers = 0;  // all tests of the program share the tables
};

TEST_F(MessageSourcesFaultsTest, OfABookingThatIsCollected) {
  fail_each_statement(
      [this] {
        eventually([this] { return wait(messages_->collect_booked()).is_done() && grown_chains() == 0; });
        const app::LedgerItem item = an_item(an_activity(10));
        EXPECT_TRUE(book(item).is_done());
        const auto look = [this, id = item.wish.id] {
          return written({outbox_rows(id), grown_chains()}, {0, 1}, {1, 0});
        };
        Trial trial{[this, look] {
                      const bool was_collected = look() == Written::everything;
                      const auto collected = wait(messages_->collect_booked());
                      if (collected.is_done()) EXPECT_EQ(*collected, was_collected ? 0U : 1U);
                      return told(collected);
                    },
                    look};
        trial.settled = [this] {
          expect_unlocked("message_cursors");
          expect_unlocked("outbox");
        };
        return trial;
      },
      Follows::not_up, 9);
}

/// Reminders are written session by session, and the day is marked as done when all are there.
TEST_F(MessageSourcesFaultsTest, OfADayOfReminders) {
  fail_each_statement(
      [this] {
        const Reminded reminded = a_session_to_be_reminded_of();
        const auto look = [this, reminded] {
          const bool marked = number(sql("SELECT COUNT(*) FROM reminder_days WHERE day = ?", reminded.day)) == 1;
          const std::uint64_t told_of = outbox_rows(reminded.booking);
          if (told_of > 1 || (marked && told_of == 0)) return Written::half;
          return marked ? Written::everything : Written::nothing;
        };
        Trial trial{[this, reminded] {
                      const std::uint64_t before = outbox_rows(reminded.booking);
                      const auto told_of = wait(messages_->remind(reminded.day, reminded.time));
                      if (told_of.is_done()) EXPECT_EQ(*told_of, 1 - before);
                      return told(told_of);
                    },
                    look};
        trial.settled = [this] {
          expect_unlocked("reminder_days");
          expect_unlocked("outbox");
        };
        return trial;
      },
      Follows::not_up, 10);
}

/// A consent counts once, however often its push is told.
TEST_F(MessageSourcesFaultsTest, OfConsentsThatAreGivenAndWithdrawn) {
  fail_each_statement(
      [this] {
        const std::string openid = fresh();
        give_consents(openid, "M", 2);
        const std::vector<app::ConsentChange> changes{{"N", app::Consent::given}, {"M", app::Consent::withdrawn}};
        Trial trial{[this, openid, changes] { return told(wait(messages_->change_consents(openid, changes, openid))); },
                    [this, openid] {
                      return written({number(sql("SELECT COUNT(*) FROM consent_marks WHERE push_key = ?", openid)),
                                      consents(openid, "N"), consents(openid, "M")},
                                     {0, 0, 2}, {1, 1, 0});
                    }};
        trial.settled = [this] {
          expect_unlocked("consent_marks");
          expect_unlocked("message_consents");
        };
        return trial;
      },
      Follows::not_up);
}

TEST_F(MessageSourcesFaultsTest, OfAFollowerWhoLeaves) {
  fail_each_statement(
      [this] {
        const std::string openid = fresh();
        EXPECT_TRUE(wait(messages_->set_following(openid, true, 10)).is_done());
        give_consents(openid, "N", 1);
        Trial trial{[this, openid] { return told(wait(messages_->set_following(openid, false, 20))); },
                    [this, openid] {
                      return written({number(sql("SELECT follows FROM message_people WHERE openid = ?", openid)),
                                      number(sql("SELECT told_s FROM message_people WHERE openid = ?", openid)),
                                      consents(openid, "N")},
                                     {1, 10, 1}, {0, 20, 0});
                    }};
        trial.settled = [this] {
          expect_unlocked("message_people");
          expect_unlocked("message_consents");
        };
        return trial;
      },
      Follows::not_up);
}

TEST_F(MessageSourcesFaultsTest, OfTheSendersTurn) {
  const auto other = mysql::create_message_store(*pool_, random_, "wx1", {});
  fail_each_statement(
      [&, this] {
        db_.execute("UPDATE leases SET owner = REPEAT(CHAR(0), 16), until_ms = 0 WHERE name = 'messages'");
        Trial trial{[this] {
                      const auto leads = wait(messages_->lead());
                      if (leads.is_done()) EXPECT_TRUE(*leads);
                      return told(leads);
                    },
                    [this] {
                      return written({number("SELECT COUNT(*) FROM leases WHERE name = 'messages' AND until_ms > 0")},
                                     {0}, {1});
                    }};
        trial.in_steps = true;
        trial.settled = [&, this] {
          expect_unlocked("leases");
          EXPECT_FALSE(wait(other->lead()).value());
        };
        return trial;
      },
      Follows::not_up, 1);
}

TEST_F(MessageSourcesFaultsTest, OfAnOfferWithoutAReceipt) {
  fail_each_statement(
      [this] {
        const auto id = random_.next_id<app::MessageId>();
        db_.execute(
            sql("INSERT INTO outbox (id, kind, booking_id, user_id, created_at, state, channel, next_attempt_at) "
                "VALUES (?, ?, ?, ?, 1, 2, 1, FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000) - 120001)",
                id, domain::MessageKind::offer, id, id));
        Trial trial{[this] {
                      const auto silent = wait(messages_->retry_silent_offers(patience));
                      if (silent.is_done()) EXPECT_LE(*silent, 1U);
                      return told(silent);
                    },
                    [this, id] {
                      return written({number(sql("SELECT state FROM outbox WHERE id = ?", id)),
                                      number(sql("SELECT channels_failed FROM outbox WHERE id = ?", id))},
                                     {2, 0}, {1, 2});
                    }};
        trial.in_steps = true;
        trial.settled = [this] { expect_unlocked("outbox"); };
        return trial;
      },
      Follows::not_up, 2);
}

/// Each statement by itself: what is left goes with the next call.
TEST_F(MessageSourcesFaultsTest, OfAPurge) {
  const auto add = [this](const std::string& at, const std::string& day) {
    const std::string name = fresh();
    const base::Bytes16 id = random_.next_id<base::TokenId>().bytes;
    const mysql::Fragment when{at};
    db_.execute(
        sql("INSERT INTO outbox (id, kind, booking_id, user_id, created_at) VALUES (?, 1, ?, ?, ?)", id, id, id, when));
    db_.execute(sql("INSERT INTO message_receipts (message_id, at) VALUES (?, ?)", name, when));
    db_.execute(sql("INSERT INTO message_people (openid, follows, at) VALUES (?, 0, ?)", name, when));
    db_.execute(sql("REPLACE INTO reminder_days VALUES (?, ?)", day, when));
  };
  const auto rows = [this](const std::string& condition) {
    std::uint64_t sum = 0;
    for (const std::string at : {"outbox WHERE created_at", "message_receipts WHERE at", "message_people WHERE at",
                                 "reminder_days WHERE queued_at"}) {
      sum += number("SELECT COUNT(*) FROM " + at + condition);
    }
    return sum;
  };
  db_.execute("DELETE FROM reminder_days");
  fail_each_statement(
      [&, this] {
        add("1", "1999-01-01");
        add("FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)", "1999-01-02");
        Trial trial{[&, this] {
                      const std::uint64_t old = rows(" = 1");
                      const auto purged = wait(messages_->purge());
                      if (purged.is_done()) EXPECT_LE(*purged, old);
                      return told(purged);
                    },
                    [rows, young = rows(" > 1")] {
                      EXPECT_EQ(rows(" > 1"), young);
                      return rows(" = 1") == 0 ? Written::everything : Written::nothing;
                    }};
        trial.in_steps = true;
        trial.settled = [this] {
          for (const char* table : {"outbox", "message_receipts", "message_people"}) expect_unlocked(table);
        };
        return trial;
      },
      Follows::not_up, 5);
}

}  // namespace
}  // namespace zl::test
