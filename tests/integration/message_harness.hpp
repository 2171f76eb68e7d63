// An outbox on a real MariaDB, and two processes that send from it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/message_store.hpp"
#include "publishing_harness.hpp"
#include "store/mysql/audit_trail.hpp"
#include "store/mysql/booked_entries.hpp"
#include "store/mysql/message_store.hpp"
#include "store/mysql/outbox.hpp"

namespace zl::test {

using app::Channel;
using app::ClaimedMessage;
using app::Settlement;
using base::Outcome;
using domain::MessageKind;
using domain::MessageState;
using mysql::sql;

constexpr std::string_view account_appid = "wx1";

class MessageStoreTest : public PublishingTest {
 protected:
  MessageStoreTest() {
    // The store's times are the server's.
    clock_.now = {std::chrono::floor<base::Milliseconds>(std::chrono::system_clock::now()).time_since_epoch().count()};
    for (const char* table :
         {"outbox", "message_receipts", "message_consents", "message_people", "consent_marks", "reminder_days"}) {
      connection_.execute("DELETE FROM " + std::string(table));
    }
    connection_.execute("UPDATE leases SET until_ms = 0 WHERE name = 'messages'");
  }

  /// Its first session begins tomorrow at this time.
  domain::Activity an_activity() {
    return a_published_activity(std::chrono::hours(24), [](domain::Activity& activity) { activity.capacity = 100; });
  }
  base::UserId a_person(const std::string& openid) {
    const base::UserId user = a_user();
    connection_.execute(sql("INSERT INTO identities (appid, openid, user_id, created_at) VALUES (?, ?, ?, 0)",
                            account_appid, openid, user));
    return user;
  }

  void queue(MessageKind kind, base::BookingId booking, base::UserId user, base::Instant at) {
    mysql::Values rows;
    rows.row(mysql::outbox_id(booking, kind), kind, booking, user, at, MessageState::queued);
    connection_.execute(sql(mysql::insert_outbox, rows.fragment()));
  }
  /// A booked message of a user of its own.
  base::BookingId a_message() {
    const base::UserId user = a_user();
    const base::BookingId booking = a_booking(activity(), user, an_attendee("张小明"));
    queue(MessageKind::booked, booking, user, clock_.now);
    return booking;
  }
  const domain::Activity& activity() {
    if (!activity_) activity_ = an_activity();
    return *activity_;
  }

  void change_consents(std::string openid, std::vector<app::ConsentChange> changes, std::string push_key) {
    EXPECT_TRUE(wait(store_->change_consents(std::move(openid), std::move(changes), std::move(push_key))));
  }
  std::optional<ClaimedMessage> claim() { return wait(store_->claim()).value(); }
  bool settle(Settlement settlement) { return wait(store_->settle(std::move(settlement))).value(); }
  static Settlement settlement_of(const ClaimedMessage& message, MessageState state) {
    Settlement settlement;
    settlement.id = message.id;
    settlement.attempt = message.attempt;
    settlement.state = state;
    settlement.failed = message.failed;
    return settlement;
  }
  static Settlement accepted(const ClaimedMessage& message, const std::string& message_id) {
    Settlement settlement = settlement_of(message, MessageState::accepted);
    settlement.channel = Channel::template_message;
    settlement.message_id = message_id;
    return settlement;
  }
  std::vector<app::ReceiptEffect> receipt(const std::string& message_id,
                                          app::Delivery delivery = app::Delivery::delivered) {
    return wait(store_->add_receipts("o1", {{message_id, "", delivery, "success"}})).value();
  }
  static asio::awaitable<void> push(app::MessageStore& store, std::string message_id) {
    std::vector<app::DeliveryReport> reports{{message_id, "", app::Delivery::delivered, "success"}};
    EXPECT_TRUE(co_await store.add_receipts("o1", std::move(reports)));
  }
  MessageState state_of(const app::MessageId& id) {
    return static_cast<MessageState>(number(sql("SELECT state FROM outbox WHERE id = ?", id)));
  }
  void let_claims_lapse() { connection_.execute("UPDATE outbox SET next_attempt_at = 0 WHERE state = 1"); }
  std::uint64_t messages(MessageKind kind) { return number(sql("SELECT COUNT(*) FROM outbox WHERE kind = ?", kind)); }

  /// Commits an audit row as a writer does.
  static void commit_booked(mysql::Connection& connection, mysql::AuditTrail& trail, base::Random& random,
                            base::Instant at, int bookings, bool commits = true) {
    mysql::AuditRecord record;
    record.at = at;
    record.action = mysql::booked_action;
    record.detail.clear();
    for (int i = 0; i < bookings; ++i) {
      mysql::append_line(
          record.detail,
          {random.next_id<base::BookingId>(), {}, {}, random.next_id<base::UserId>(), "127.0.0.1", "request"});
    }
    mysql::Transaction transaction(connection);
    mysql::Values rows;
    rows.row(trail.append(record));
    transaction.execute(sql(mysql::insert_audit, rows.fragment()));
    if (!commits) {
      trail.rolled_back();
      return;
    }
    transaction.commit();
    trail.committed();
  }

  static mysql::NoticeTemplates notices() {
    mysql::NoticeTemplates made;
    made.fill("N");
    return made;
  }

  const std::unique_ptr<app::MessageStore> store_ =
      mysql::create_message_store(pool_, random_, std::string(account_appid), notices());
  /// Of another process.
  const std::unique_ptr<app::MessageStore> other_ =
      mysql::create_message_store(pool_, random_, std::string(account_appid), notices());
  std::optional<domain::Activity> activity_;
};

}  // namespace zl::test
