// Every statement of sending messages fails once, in every way in which MySQL may fail it (statement_fault_trials.hpp
// says what has to hold).
#include <chrono>
#include <optional>

#include "administration_faults.hpp"
#include "store/mysql/message_claims.hpp"
#include "store/mysql/message_store.hpp"
#include "store/mysql/outbox.hpp"
#include "store/mysql/write.hpp"

namespace zl::test {
namespace {

constexpr std::string_view template_id = "N";

class MessageFaultsTest : public AdministrationFaultsTest {
 protected:
  void SetUp() override {
    AdministrationFaultsTest::SetUp();
    messages_ = mysql::create_message_store(*pool_, random_, "wx1", {});
  }

  /// The only one, of a booking of its own.
  base::BookingId a_message() {
    const app::LedgerItem item = an_item(an_activity(10));
    EXPECT_TRUE(book(item).is_done());
    db_.execute("DELETE FROM outbox");
    mysql::Values rows;
    const auto kind = domain::MessageKind::booked;
    rows.row(mysql::outbox_id(item.wish.id, kind), kind, item.wish.id, item.wish.user_id, base::Instant{1},
             domain::MessageState::queued);
    db_.execute(sql(mysql::insert_outbox, rows.fragment()));
    return item.wish.id;
  }

  /// What a channel of the platform's has taken on, after the attempt that was just claimed.
  app::Settlement accepted(app::Channel channel, std::string message_id) {
    a_message();
    const app::ClaimedMessage message = wait(messages_->claim()).value().value();
    app::Settlement settlement;
    settlement.id = message.id;
    settlement.attempt = message.attempt;
    settlement.state = domain::MessageState::accepted;
    settlement.channel = channel;
    settlement.message_id = std::move(message_id);
    settlement.openid = message.id.hex();
    return settlement;
  }
  std::string a_number() { return std::to_string(++numbers); }

  void tell(const std::string& openid, const std::string& message_id, std::string_view of_template) {
    const auto receipt =
        wait(messages_->add_receipts(openid, {{message_id, std::string(of_template), app::Delivery::delivered, ""}}));
    ASSERT_TRUE(receipt.is_done());
  }
  std::uint64_t state_of(const app::MessageId& id) { return number(sql("SELECT state FROM outbox WHERE id = ?", id)); }
  std::uint64_t named(const app::MessageId& id) {
    return number(sql("SELECT COUNT(*) FROM message_receipts WHERE outbox_id = ?", id));
  }

  /// A message is settled once: whoever settles it again is told that it has ended.
  Trial settling(const app::Settlement& settlement, const std::function<Written()>& look) {
    return Trial{[this, settlement, look] {
                   const bool was_settled = look() == Written::everything;
                   const auto settled = wait(messages_->settle(settlement));
                   if (settled.is_done()) EXPECT_EQ(*settled, !was_settled);
                   return told(settled);
                 },
                 look};
  }

  std::unique_ptr<app::MessageStore> messages_;

 private:
  inline static std::uint64_t numbers = 1'000;  // all tests of the program share the tables
};

TEST_F(MessageFaultsTest, OfAClaimedMessage) {
  fail_each_statement(
      [this] {
        const base::BookingId id = a_message();
        const auto look = [this, id] {
          return written(
              {number(sql("SELECT attempts FROM outbox WHERE booking_id = ?", id)),
               number(sql("SELECT COUNT(*) FROM outbox WHERE booking_id = ? AND in_doubt_since IS NOT NULL", id))},
              {0, 0}, {1, 1});
        };
        return Trial{[this, id, look] {
                       using Claimed = std::optional<app::ClaimedMessage>;
                       const auto claim = [this] {
                         return wait(pool_->write([](mysql::Write& write) -> base::Outcome<Claimed> {
                           return mysql::claim_message(write, "wx1");
                         }));
                       };
                       auto claimed = claim();
                       // A session that was lost may still have it, and commits it or lets it go.
                       const auto in_time = [end = std::chrono::steady_clock::now() + std::chrono::seconds(20)] {
                         return std::chrono::steady_clock::now() < end;
                       };
                       while (claimed.is_done() && !claimed.value() && look() != Written::everything && in_time()) {
                         claimed = claim();
                       }
                       if (claimed.is_done() && claimed.value()) {
                         EXPECT_EQ(claimed.value()->content.booking_id, id);
                       }
                       EXPECT_TRUE(!claimed.is_done() || look() == Written::everything);
                       return told(claimed);
                     },
                     look};
      },
      Follows::not_up);
}

TEST_F(MessageFaultsTest, OfAMessageThatIsAccepted) {
  fail_each_statement(
      [this] {
        const app::Settlement settlement = accepted(app::Channel::template_message, a_number());
        return settling(settlement,
                        [this, id = settlement.id] { return written({state_of(id), named(id)}, {1, 0}, {2, 1}); });
      },
      Follows::not_up);
}

TEST_F(MessageFaultsTest, OfAMessageWhoseReceiptCameFirst) {
  fail_each_statement(
      [this] {
        const app::Settlement settlement = accepted(app::Channel::template_message, a_number());
        tell(settlement.openid, settlement.message_id, "");
        return settling(settlement,
                        [this, id = settlement.id] { return written({state_of(id), named(id)}, {1, 0}, {3, 1}); });
      },
      Follows::not_up);
}

/// Its consent is spent once, however often its settling is begun.
TEST_F(MessageFaultsTest, OfANoticeWhoseReceiptCameFirst) {
  fail_each_statement(
      [this] {
        app::Settlement settlement = accepted(app::Channel::notice, "");
        settlement.template_id = template_id;
        settlement.consent = app::ConsentUse::spent;
        tell(settlement.openid, a_number(), template_id);
        db_.execute(sql("UPDATE message_consents SET notices_left = 2 WHERE openid = ?", settlement.openid));
        return settling(settlement, [this, settlement] {
          return written(
              {state_of(settlement.id), named(settlement.id),
               number(sql("SELECT SUM(notices_left) FROM message_consents WHERE openid = ?", settlement.openid))},
              {1, 0, 2}, {3, 1, 1});
        });
      },
      Follows::not_up);
}

TEST_F(MessageFaultsTest, OfAReceipt) {
  fail_each_statement(
      [this] {
        const app::Settlement settlement = accepted(app::Channel::template_message, a_number());
        EXPECT_TRUE(wait(messages_->settle(settlement)).is_done());
        const std::vector<app::DeliveryReport> reports{
            {settlement.message_id, "", app::Delivery::delivered, "success"}};
        return Trial{[this, openid = settlement.openid, reports] {
                       return told(wait(messages_->add_receipts(openid, reports)));
                     },
                     [this, id = settlement.id] { return written({state_of(id)}, {2}, {3}); }};
      },
      Follows::not_up);
}

TEST_F(MessageFaultsTest, OfANoticesReceipt) {
  fail_each_statement(
      [this] {
        app::Settlement settlement = accepted(app::Channel::notice, "");
        settlement.template_id = template_id;
        EXPECT_TRUE(wait(messages_->settle(settlement)).is_done());
        const std::vector<app::DeliveryReport> reports{
            {a_number(), std::string(template_id), app::Delivery::delivered, "success"}};
        return Trial{[this, openid = settlement.openid, reports] {
                       return told(wait(messages_->add_receipts(openid, reports)));
                     },
                     [this, id = settlement.id] { return written({state_of(id), named(id)}, {2, 0}, {3, 1}); }};
      },
      Follows::not_up);
}

/// The message has its turn again, once, by another channel.
TEST_F(MessageFaultsTest, OfAReceiptThatTellsOfAFailure) {
  fail_each_statement(
      [this] {
        const app::Settlement settlement = accepted(app::Channel::template_message, a_number());
        EXPECT_TRUE(wait(messages_->settle(settlement)).is_done());
        const std::vector<app::DeliveryReport> reports{{settlement.message_id, "", app::Delivery::failed, "failed"}};
        const auto look = [this, id = settlement.id] {
          return written({state_of(id), number(sql("SELECT channels_failed FROM outbox WHERE id = ?", id))}, {2, 0},
                         {1, 2});
        };
        return Trial{[this, openid = settlement.openid, reports, look] {
                       const bool was_told = look() == Written::everything;
                       const auto effects = wait(messages_->add_receipts(openid, reports));
                       if (effects.is_done()) EXPECT_EQ(effects->size(), was_told ? 0U : 1U);
                       return told(effects);
                     },
                     look};
      },
      Follows::not_up);
}

/// And what was learned of the person by the attempt.
TEST_F(MessageFaultsTest, OfAMessageThatIsPutOff) {
  fail_each_statement(
      [this] {
        app::Settlement settlement = accepted(app::Channel::notice, "");
        settlement.state = domain::MessageState::queued;
        settlement.wait = std::chrono::hours(1);
        settlement.template_id = template_id;
        settlement.consent = app::ConsentUse::voided;
        settlement.unfollowed = true;
        db_.execute(sql("INSERT INTO message_consents VALUES (?, ?, 2)", settlement.openid, template_id));
        return Trial{
            [this, settlement] { return told(wait(messages_->settle(settlement))); },
            [this, settlement] {
              return written(
                  {number(sql("SELECT COUNT(*) FROM outbox WHERE id = ? AND next_attempt_at > ? + "
                              "FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)",
                              settlement.id, settlement.wait.count() / 2)),
                   number(
                       sql("SELECT COUNT(*) FROM message_people WHERE openid = ? AND follows = 0", settlement.openid)),
                   number(sql("SELECT notices_left FROM message_consents WHERE openid = ?", settlement.openid))},
                  {0, 0, 2}, {1, 1, 0});
            }};
      },
      Follows::not_up);
}

/// A notice's call had no answer, and its receipt has come: the next claim ends it and goes on to whoever is next.
TEST_F(MessageFaultsTest, OfAClaimThatFindsAReceipt) {
  mysql::NoticeTemplates notices;
  notices.fill(std::string(template_id));
  const auto messages = mysql::create_message_store(*pool_, random_, "wx1", notices);
  fail_each_statement(
      [&, this] {
        const base::BookingId booking = a_message();
        const std::string openid = booking.hex();
        db_.execute(
            sql("INSERT INTO identities (appid, openid, user_id, created_at) SELECT 'wx1', ?, user_id, 0 FROM bookings "
                "WHERE id = ?",
                openid, booking));
        db_.execute(sql("INSERT INTO message_consents VALUES (?, ?, 2)", openid, template_id));
        const app::MessageId id = wait(messages->claim()).value().value().id;
        tell(openid, a_number(), template_id);
        const auto look = [this, id, openid] {
          return written({state_of(id), named(id),
                          number(sql("SELECT notices_left FROM message_consents WHERE openid = ?", openid))},
                         {1, 0, 2}, {3, 1, 1});
        };
        const auto claim = [&, this] {
          db_.execute("UPDATE outbox SET next_attempt_at = 0 WHERE state = 1");
          return wait(messages->claim());
        };
        Trial trial{[claim, look] {
                      auto claimed = claim();
                      // A session that was lost may still have it.
                      const auto in_time = [end = std::chrono::steady_clock::now() + std::chrono::seconds(20)] {
                        return std::chrono::steady_clock::now() < end;
                      };
                      while (claimed.is_done() && look() != Written::everything && in_time()) claimed = claim();
                      if (claimed.is_done()) EXPECT_FALSE(*claimed);
                      return told(claimed);
                    },
                    look};
        trial.in_steps = true;
        return trial;
      },
      Follows::not_up, 20);
}

}  // namespace
}  // namespace zl::test
