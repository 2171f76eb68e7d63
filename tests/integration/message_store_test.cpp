// The outbox on a real MariaDB: collected once however many collect, claimed by one at a time, settled by the latest
// claim alone, and receipts that come in any order.
#include "store/mysql/message_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "store/mysql/audit_trail.hpp"
#include "store/mysql/booked_entries.hpp"
#include "store/mysql/catalogue_store.hpp"
#include "store/mysql/outbox.hpp"
#include "store_harness.hpp"
#include "support/sample_message.hpp"

namespace zl::test {
namespace {

using app::Channel;
using app::ClaimedMessage;
using app::Settlement;
using base::Outcome;
using domain::MessageKind;
using domain::MessageState;
using mysql::sql;
using std::chrono::hours;
using std::chrono::minutes;

constexpr std::string_view appid = "wx1";

class MessageStoreTest : public StoreTest {
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
    const domain::Station station = station_named(random_, "钟楼站");
    const domain::Programme programme = programme_of(random_, station);
    domain::Activity activity = activity_of(random_, programme);
    activity.capacity = 100;
    for (domain::Session& session : activity.sessions) {
      const base::Milliseconds ahead = clock_.now - monday_nine + hours(24);
      session.time = {session.time.starts_at + ahead, session.time.ends_at + ahead};
    }
    EXPECT_TRUE(wait(catalogue_->create_station(station, admin_, std::nullopt)));
    EXPECT_TRUE(wait(catalogue_->create_programme(programme, admin_, std::nullopt)));
    EXPECT_TRUE(wait(catalogue_->create_activity(activity, admin_, std::nullopt)));
    return wait(catalogue_->publish(activity.id, admin_)).value();
  }
  base::UserId a_person(const std::string& openid) {
    const base::UserId user = a_user();
    connection_.execute(
        sql("INSERT INTO identities (appid, openid, user_id, created_at) VALUES (?, ?, ?, 0)", appid, openid, user));
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

  const std::unique_ptr<app::CatalogueStore> catalogue_ = mysql::create_catalogue_store(pool_);
  static mysql::NoticeTemplates notices() {
    mysql::NoticeTemplates made;
    made.fill("N");
    return made;
  }

  const std::unique_ptr<app::MessageStore> store_ =
      mysql::create_message_store(pool_, random_, std::string(appid), notices());
  /// Of another process.
  const std::unique_ptr<app::MessageStore> other_ =
      mysql::create_message_store(pool_, random_, std::string(appid), notices());
  std::optional<domain::Activity> activity_;
};

TEST_F(MessageStoreTest, one_process_leads_until_its_turn_lapses) {
  EXPECT_TRUE(wait(store_->lead()).value());
  EXPECT_FALSE(wait(other_->lead()).value());
  EXPECT_TRUE(wait(store_->lead()).value());
  connection_.execute("UPDATE leases SET until_ms = 1 WHERE name = 'messages'");
  EXPECT_TRUE(wait(other_->lead()).value());
  EXPECT_FALSE(wait(store_->lead()).value());
}

TEST_F(MessageStoreTest, bookings_are_collected_once_while_chains_grow_and_two_collect) {
  constexpr int chains = 4;
  constexpr int commits = 40;
  constexpr int bookings = 3;
  std::atomic<int> growing = chains;
  std::vector<std::thread> writers;
  writers.reserve(chains);
  for (int chain = 0; chain < chains; ++chain) {
    writers.emplace_back([&] {
      mysql::Connection connection(serving_config());
      mysql::AuditTrail trail(random_);
      for (int i = 0; i < commits; ++i) {
        commit_booked(connection, trail, random_, clock_.now, bookings, i % 5 != 4);
      }
      --growing;
    });
  }
  std::size_t collected = 0;
  bool last = false;
  for (std::size_t now = 1; !last || now > 0;) {
    last = growing == 0;
    std::vector<asio::awaitable<Outcome<std::size_t>>> both;
    both.push_back(store_->collect_booked());
    both.push_back(other_->collect_booked());
    now = 0;
    for (const auto& one : all(std::move(both))) now += one.value();
    collected += now;
  }
  for (std::thread& writer : writers) writer.join();
  constexpr std::size_t expected = std::size_t{chains} * commits * 4 / 5 * bookings;
  EXPECT_EQ(collected, expected);
  EXPECT_EQ(messages(MessageKind::booked), expected);
}

TEST_F(MessageStoreTest, of_many_chains_that_grow_none_is_passed_over) {
  constexpr std::uint64_t chains = 17;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(wait(store_->collect_booked()));
  const std::uint64_t before = number("SELECT COUNT(*) FROM message_cursors");
  std::vector<std::unique_ptr<mysql::AuditTrail>> trails;
  trails.reserve(chains);
  for (std::uint64_t i = 0; i < chains; ++i) trails.push_back(std::make_unique<mysql::AuditTrail>(random_));
  for (int turn = 0; turn < 2; ++turn) {
    for (const auto& trail : trails) commit_booked(connection_, *trail, random_, clock_.now, 1);
    EXPECT_TRUE(wait(store_->collect_booked()));
  }
  EXPECT_EQ(number("SELECT COUNT(*) FROM message_cursors"), before + chains);
  EXPECT_EQ(wait(store_->collect_booked()).value(), 1U) << "the last of 2 * 17";
}

TEST_F(MessageStoreTest, bookings_of_long_ago_are_passed_over) {
  mysql::AuditTrail trail(random_);
  commit_booked(connection_, trail, random_, clock_.now - hours(25), 2);
  commit_booked(connection_, trail, random_, clock_.now - hours(23), 2);
  EXPECT_EQ(wait(store_->collect_booked()).value(), 2U);
  EXPECT_EQ(wait(store_->collect_booked()).value(), 0U);
}

TEST_F(MessageStoreTest, a_claim_tells_all_that_the_message_needs) {
  const base::UserId user = a_person("o-tells-all");
  const base::BookingId booking = a_booking(activity(), user, an_attendee("张小明"));
  queue(MessageKind::booked, booking, user, clock_.now - minutes(1));
  change_consents("o-tells-all", {{"N", app::Consent::given}, {"N", app::Consent::given}}, "e1");

  const ClaimedMessage message = claim().value();
  EXPECT_EQ(message.id.bytes, mysql::outbox_id(booking, MessageKind::booked));
  EXPECT_EQ(message.attempt, 1U);
  EXPECT_EQ(message.kind, MessageKind::booked);
  EXPECT_EQ(message.created_at, clock_.now - minutes(1));
  EXPECT_LT(message.now - clock_.now, minutes(10));
  EXPECT_FALSE(message.in_doubt_for);
  EXPECT_EQ(message.recipient.user_id, user);
  EXPECT_EQ(message.recipient.openid, "o-tells-all");
  EXPECT_TRUE(message.recipient.follows);
  ASSERT_EQ(message.recipient.consents.size(), 1U);
  EXPECT_EQ(message.recipient.consents[0].left, 2);
  EXPECT_EQ(message.content.booking_id, booking);
  EXPECT_EQ(message.content.activity, "书法");
  EXPECT_EQ(message.content.station, "钟楼站");
  EXPECT_EQ(message.content.attendee, "张小明");
  EXPECT_EQ(message.content.venue, "二楼教室");
  EXPECT_EQ(message.content.session, activity().sessions[0].time);
  EXPECT_FALSE(message.content.until);
}

TEST_F(MessageStoreTest, of_each_user_the_oldest_goes_first_and_an_offer_waits_for_nobody) {
  const base::UserId user = a_user();
  const base::BookingId first = a_booking(activity(), user, an_attendee());
  const base::BookingId second = a_booking(activity(), user, an_attendee());
  queue(MessageKind::booked, second, user, clock_.now);
  queue(MessageKind::booked, first, user, clock_.now - minutes(1));
  const ClaimedMessage oldest = claim().value();
  EXPECT_EQ(oldest.content.booking_id, first);
  EXPECT_FALSE(claim()) << "the other waits for it";
  EXPECT_TRUE(wait(pool_.write([&](mysql::Write& write) -> Outcome<base::Done> {
    for (int again = 0; again < 2; ++again) tell_of_offer(write, second, user, clock_.now + hours(1));
    return base::Done{};
  })));
  const ClaimedMessage offer = claim().value();
  EXPECT_EQ(offer.kind, MessageKind::offer);
  EXPECT_EQ(offer.content.until, clock_.now + hours(1));
  EXPECT_EQ(messages(MessageKind::offer), 1U);
  EXPECT_TRUE(settle(accepted(oldest, "1")));
  EXPECT_EQ(claim().value().content.booking_id, second);
}

TEST_F(MessageStoreTest, an_offer_goes_before_a_backlog_at_every_attempt) {
  const base::UserId user = a_person("o-offered");
  const base::BookingId offered = a_booking(activity(), user, an_attendee());
  connection_.execute(sql("UPDATE bookings SET state = 3 WHERE id = ?", offered));
  for (int i = 0; i < 50; ++i) a_message();
  EXPECT_TRUE(wait(pool_.write([&](mysql::Write& write) -> Outcome<base::Done> {
    tell_of_offer(write, offered, user, clock_.now + hours(1));
    return base::Done{};
  })));
  const ClaimedMessage offer = claim().value();
  EXPECT_EQ(offer.content.booking_id, offered);
  Settlement by_sms = settlement_of(offer, MessageState::queued);
  by_sms.failed = app::ChannelSet().with(Channel::template_message);
  EXPECT_TRUE(settle(by_sms));
  const ClaimedMessage again = claim().value();
  EXPECT_EQ(again.id, offer.id);
  EXPECT_EQ(app::next_step(again, full_setup()).channel, Channel::sms);
  EXPECT_TRUE(settle(accepted(again, "9")));
  EXPECT_EQ(claim().value().kind, MessageKind::booked);
}

TEST_F(MessageStoreTest, what_must_arrive_is_not_held_up_by_what_is_put_off_for_long) {
  const base::UserId user = a_user();
  const base::BookingId booking = a_booking(activity(), user, an_attendee());
  queue(MessageKind::booked, booking, user, clock_.now - minutes(9));
  const ClaimedMessage booked = claim().value();
  EXPECT_EQ(booked.kind, MessageKind::booked);
  queue(MessageKind::session_changed, booking, user, clock_.now - minutes(8));
  queue(MessageKind::reminder, booking, user, clock_.now - minutes(8));
  EXPECT_FALSE(claim()) << "they wait while it is being sent";
  queue(MessageKind::cancelled_by_station, booking, user, clock_.now - minutes(7));
  EXPECT_EQ(claim().value().kind, MessageKind::cancelled_by_station);
  Settlement put_off = settlement_of(booked, MessageState::queued);
  put_off.wait = minutes(10);
  EXPECT_TRUE(settle(put_off));
  EXPECT_EQ(claim().value().kind, MessageKind::session_changed);
  EXPECT_FALSE(claim()) << "the reminder need not arrive";
}

TEST_F(MessageStoreTest, what_is_tried_again_does_not_wait_for_what_came_later) {
  const base::BookingId first = a_message();
  EXPECT_TRUE(settle(settlement_of(claim().value(), MessageState::queued)));
  for (int i = 0; i < 3; ++i) {
    const base::UserId user = a_user();
    queue(MessageKind::booked, a_booking(activity(), user, an_attendee()), user, clock_.now + minutes(1));
  }
  EXPECT_EQ(claim().value().content.booking_id, first);
}

TEST_F(MessageStoreTest, claims_side_by_side_never_meet) {
  constexpr int users = 8;
  for (int i = 0; i < users; ++i) a_message();
  std::vector<asio::awaitable<Outcome<std::optional<ClaimedMessage>>>> calls;
  for (int i = 0; i < users; ++i) {
    calls.push_back(store_->claim());
    calls.push_back(other_->claim());
  }
  std::set<app::MessageId> claimed;
  int times = 0;
  for (const auto& one : all(std::move(calls))) {
    if (!one.value()) continue;
    claimed.insert(one.value()->id);
    ++times;
  }
  // Who finds nothing but rows that others are about to claim gets none, and asks again.
  while (const auto more = claim()) {
    claimed.insert(more->id);
    ++times;
  }
  EXPECT_EQ(times, users);
  EXPECT_EQ(claimed.size(), std::size_t{users});
}

TEST_F(MessageStoreTest, who_outlived_his_claim_settles_nothing_and_the_next_knows_of_the_doubt) {
  a_message();
  const ClaimedMessage late = claim().value();
  EXPECT_FALSE(claim());
  let_claims_lapse();
  const ClaimedMessage later = claim().value();
  EXPECT_EQ(later.id, late.id);
  EXPECT_EQ(later.attempt, 2U);
  EXPECT_TRUE(later.in_doubt_for);
  EXPECT_FALSE(settle(settlement_of(late, MessageState::failed)));
  EXPECT_EQ(state_of(late.id), MessageState::queued);
  EXPECT_TRUE(settle(accepted(later, "5")));
  EXPECT_FALSE(settle(accepted(later, "5"))) << "once";
  EXPECT_EQ(state_of(late.id), MessageState::accepted);
}

TEST_F(MessageStoreTest, an_attempt_that_was_surely_not_sent_leaves_no_doubt) {
  a_message();
  Settlement put_off = settlement_of(claim().value(), MessageState::queued);
  put_off.wait = hours(1);
  put_off.failed = app::ChannelSet().with(Channel::notice);
  EXPECT_TRUE(settle(put_off));
  EXPECT_FALSE(claim()) << "not before its time";
  let_claims_lapse();
  const ClaimedMessage again = claim().value();
  EXPECT_FALSE(again.in_doubt_for);
  EXPECT_TRUE(again.failed.has(Channel::notice));
  EXPECT_FALSE(again.failed.has(Channel::template_message));
}

TEST_F(MessageStoreTest, a_receipt_closes_the_loop_before_or_after_the_answer) {
  a_message();
  a_message();
  const ClaimedMessage first = claim().value();
  const ClaimedMessage second = claim().value();
  EXPECT_TRUE(settle(accepted(first, "3557254367693750277")));
  const auto effects = receipt("3557254367693750277");
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(effects[0].kind, MessageKind::booked);
  EXPECT_EQ(effects[0].state, MessageState::delivered);
  EXPECT_EQ(state_of(first.id), MessageState::delivered);
  EXPECT_TRUE(receipt("3557254367693750277").empty()) << "once";

  EXPECT_TRUE(receipt("3557254367693750278").empty());
  EXPECT_TRUE(settle(accepted(second, "3557254367693750278")));
  EXPECT_EQ(state_of(second.id), MessageState::delivered);
  EXPECT_TRUE(receipt("no number'").empty());
}

TEST_F(MessageStoreTest, a_receipt_that_races_with_the_answer_is_never_lost) {
  for (int i = 0; i < 30; ++i) {
    a_message();
    const ClaimedMessage message = claim().value();
    const std::string id = std::to_string(7'000'000 + i);
    std::thread pusher([&] {
      asio::io_context loop;
      asio::co_spawn(loop, push(*other_, id), [](const std::exception_ptr& error) { EXPECT_FALSE(error); });
      loop.run();
    });
    EXPECT_TRUE(settle(accepted(message, id)));
    pusher.join();
    EXPECT_EQ(state_of(message.id), MessageState::delivered);
  }
}

TEST_F(MessageStoreTest, a_message_that_did_not_arrive_has_its_turn_again_without_that_channel) {
  a_message();
  const ClaimedMessage message = claim().value();
  EXPECT_TRUE(settle(accepted(message, "41")));
  ASSERT_EQ(receipt("41", app::Delivery::blocked_by_user).size(), 1U);
  const ClaimedMessage again = claim().value();
  EXPECT_EQ(again.id, message.id);
  EXPECT_TRUE(again.failed.has(Channel::template_message));
  Settlement by_notice = accepted(again, "42");
  by_notice.channel = Channel::notice;
  EXPECT_TRUE(settle(by_notice));
  EXPECT_TRUE(receipt("41", app::Delivery::failed).empty()) << "the old one is told again";
  EXPECT_EQ(state_of(message.id), MessageState::accepted);
  EXPECT_EQ(receipt("42").size(), 1U);
  EXPECT_EQ(state_of(message.id), MessageState::delivered);
}

TEST_F(MessageStoreTest, an_accepted_offer_without_a_receipt_has_its_turn_again_without_that_channel) {
  const auto an_offer = [&] {
    const base::UserId user = a_user();
    const base::BookingId booking = a_booking(activity(), user, an_attendee());
    EXPECT_TRUE(wait(pool_.write([&](mysql::Write& write) -> Outcome<base::Done> {
      tell_of_offer(write, booking, user, clock_.now + hours(1));
      return base::Done{};
    })));
    return claim().value();
  };
  const auto accepted_by = [](const ClaimedMessage& message, const std::string& id, Channel channel) {
    Settlement settlement = accepted(message, id);
    settlement.channel = channel;
    return settlement;
  };
  const auto silent = [&] { return wait(store_->retry_silent_offers(minutes(2))).value(); };
  const ClaimedMessage by_template = an_offer();
  const ClaimedMessage told = an_offer();
  const ClaimedMessage by_sms = an_offer();
  EXPECT_TRUE(settle(accepted_by(by_template, "91", Channel::template_message)));
  EXPECT_TRUE(settle(accepted_by(told, "92", Channel::template_message)));
  EXPECT_TRUE(settle(accepted_by(by_sms, "", Channel::sms)));
  EXPECT_EQ(receipt("92").size(), 1U);
  a_message();
  EXPECT_TRUE(settle(accepted(claim().value(), "93")));
  EXPECT_EQ(silent(), 0U) << "not yet";
  connection_.execute("UPDATE outbox SET next_attempt_at = next_attempt_at - 120000");
  EXPECT_EQ(silent(), 1U);
  EXPECT_EQ(silent(), 0U) << "once";
  const ClaimedMessage again = claim().value();
  EXPECT_EQ(again.id, by_template.id);
  EXPECT_TRUE(again.failed.has(Channel::template_message));
  EXPECT_FALSE(again.in_doubt_for);
  // A late receipt ends it, whatever comes of the attempt under way.
  EXPECT_EQ(receipt("91").size(), 1U);
  EXPECT_EQ(state_of(again.id), MessageState::delivered);
  EXPECT_FALSE(settle(accepted_by(again, "", Channel::sms)));
}

TEST_F(MessageStoreTest, a_notice_has_no_id_and_its_receipt_is_matched_by_person_and_template) {
  const base::UserId user = a_person("o-notice");
  const auto notice_of = [](const ClaimedMessage& message) {
    Settlement settlement = settlement_of(message, MessageState::accepted);
    settlement.channel = Channel::notice;
    settlement.openid = "o-notice";
    settlement.template_id = "N";
    settlement.consent = app::ConsentUse::spent;
    return settlement;
  };
  const auto told = [&](const std::string& message_id, const std::string& template_id) {
    return wait(store_->add_receipts("o-notice", {{message_id, template_id, app::Delivery::delivered, ""}})).value();
  };
  for (int i = 0; i < 2; ++i) queue(MessageKind::booked, a_booking(activity(), user, an_attendee()), user, clock_.now);
  const ClaimedMessage first = claim().value();
  EXPECT_TRUE(settle(notice_of(first)));
  EXPECT_TRUE(told("71", "OTHER").empty());
  EXPECT_EQ(state_of(first.id), MessageState::accepted);
  EXPECT_EQ(told("72", "N").size(), 1U);
  EXPECT_EQ(state_of(first.id), MessageState::delivered);
  EXPECT_TRUE(told("72", "N").empty()) << "once";
  // And before the answer.
  const ClaimedMessage second = claim().value();
  EXPECT_TRUE(told("73", "N").empty());
  EXPECT_TRUE(settle(notice_of(second)));
  EXPECT_EQ(state_of(second.id), MessageState::delivered);
}

TEST_F(MessageStoreTest, a_message_in_doubt_takes_a_receipt_that_nobody_else_waits_for) {
  const base::UserId user = a_person("o-doubt");
  const auto told = [&](const std::string& message_id, app::Delivery delivery) {
    return wait(store_->add_receipts("o-doubt", {{message_id, "N", delivery, ""}})).value();
  };
  EXPECT_TRUE(told("76", app::Delivery::delivered).empty());
  connection_.execute("UPDATE message_receipts SET at = at - 1000");  // of another time
  for (const app::Delivery delivery : {app::Delivery::delivered, app::Delivery::blocked_by_user}) {
    connection_.execute(
        "INSERT INTO message_consents (openid, template_id, notices_left) VALUES ('o-doubt', 'N', 1) "
        "ON DUPLICATE KEY UPDATE notices_left = 1");
    queue(MessageKind::booked, a_booking(activity(), user, an_attendee()), user, clock_.now);
    const ClaimedMessage lost = claim().value();
    let_claims_lapse();
    EXPECT_EQ(claim().value().id, lost.id) << "no receipt has come yet";
    const bool arrived = delivery == app::Delivery::delivered;
    EXPECT_TRUE(told(arrived ? "77" : "78", delivery).empty());
    let_claims_lapse();
    const auto again = claim();
    EXPECT_EQ(again.has_value(), !arrived);
    EXPECT_EQ(state_of(lost.id), arrived ? MessageState::delivered : MessageState::queued);
    if (again) {
      EXPECT_TRUE(again->failed.has(Channel::notice));
    }
    EXPECT_EQ(number("SELECT COALESCE(SUM(notices_left), 0) FROM message_consents"), 0U);
  }
}

TEST_F(MessageStoreTest, consents_are_counted_spent_and_void) {
  const base::UserId user = a_person("o-consents");
  const auto left = [&] { return number("SELECT COALESCE(SUM(notices_left), 0) FROM message_consents"); };
  for (int i = 0; i < 2; ++i) queue(MessageKind::booked, a_booking(activity(), user, an_attendee()), user, clock_.now);
  for (const char* key : {"e1", "e2", "e3"}) change_consents("o-consents", {{"N", app::Consent::given}}, key);
  EXPECT_EQ(left(), 3U);
  Settlement spent = accepted(claim().value(), "51");
  spent.openid = "o-consents";
  spent.template_id = "N";
  spent.consent = app::ConsentUse::spent;
  EXPECT_TRUE(settle(spent));
  EXPECT_EQ(left(), 2U);
  Settlement voided = settlement_of(claim().value(), MessageState::queued);
  voided.openid = "o-consents";
  voided.template_id = "N";
  voided.consent = app::ConsentUse::voided;
  EXPECT_TRUE(settle(voided));
  EXPECT_EQ(left(), 0U);
  change_consents("o-consents", {{"N", app::Consent::given}}, "e4");
  change_consents("o-consents", {{"N", app::Consent::withdrawn}}, "e5");
  EXPECT_EQ(left(), 0U);
}

TEST_F(MessageStoreTest, a_consent_that_is_told_again_counts_once) {
  const auto left = [&] { return number("SELECT COALESCE(SUM(notices_left), 0) FROM message_consents"); };
  std::vector<asio::awaitable<Outcome<base::Done>>> turns;
  for (app::MessageStore* process : {store_.get(), other_.get()}) {
    for (int i = 0; i < 4; ++i) {
      turns.push_back(process->change_consents("o1", {{"N", app::Consent::given}, {"M", app::Consent::given}}, "e1"));
    }
  }
  for (const auto& turn : all(std::move(turns))) EXPECT_TRUE(turn);
  EXPECT_EQ(left(), 2U);
  change_consents("o1", {{"N", app::Consent::withdrawn}}, "e2");
  change_consents("o1", {{"N", app::Consent::given}}, "e3");
  change_consents("o1", {{"N", app::Consent::withdrawn}}, "e2");
  EXPECT_EQ(left(), 2U) << "what was withdrawn before it was given again";
}

TEST_F(MessageStoreTest, news_of_before_the_newest_changes_nothing) {
  change_consents("o1", {{"N", app::Consent::given}}, "e1");
  const auto follows = [&] { return number("SELECT follows FROM message_people WHERE openid = 'o1'"); };
  const auto consents = [&] { return number("SELECT COUNT(*) FROM message_consents WHERE openid = 'o1'"); };
  ASSERT_TRUE(wait(store_->set_following("o1", true, 20)));
  ASSERT_TRUE(wait(store_->set_following("o1", false, 19)));
  EXPECT_EQ(follows(), 1U);
  EXPECT_EQ(consents(), 1U);
  ASSERT_TRUE(wait(store_->set_following("o1", false, 20)));
  EXPECT_EQ(follows(), 0U);
  EXPECT_EQ(consents(), 0U);
  ASSERT_TRUE(wait(store_->set_following("o1", true, 19)));
  EXPECT_EQ(follows(), 0U);
}

TEST_F(MessageStoreTest, knows_who_follows_until_a_day_has_gone_by) {
  const base::UserId user = a_person("o-follows");
  queue(MessageKind::booked, a_booking(activity(), user, an_attendee()), user, clock_.now);
  Settlement unfollowed = settlement_of(claim().value(), MessageState::queued);
  unfollowed.openid = "o-follows";
  unfollowed.unfollowed = true;
  EXPECT_TRUE(settle(unfollowed));
  const auto follows = [&] {
    let_claims_lapse();
    return claim().value().recipient.follows;
  };
  EXPECT_FALSE(follows());
  EXPECT_TRUE(wait(store_->set_following("o-follows", true, 10)));
  EXPECT_TRUE(follows());
  EXPECT_TRUE(wait(store_->set_following("o-follows", false, 10)));
  EXPECT_FALSE(follows());
  connection_.execute("UPDATE message_people SET at = at - 86400001");
  EXPECT_TRUE(follows());
}

TEST_F(MessageStoreTest, who_was_unbound_is_reached_by_no_account) {
  const base::UserId user = a_person("o-gone");
  connection_.execute("UPDATE identities SET unbound_at = 1 WHERE openid = 'o-gone'");
  queue(MessageKind::booked, a_booking(activity(), user, an_attendee()), user, clock_.now);
  EXPECT_EQ(claim().value().recipient.openid, "");
}

TEST_F(MessageStoreTest, each_confirmed_booking_of_a_session_is_reminded_of_once) {
  const base::BookingId booking = a_booking(activity());
  const base::BookingId cancelled = a_booking(activity());
  connection_.execute(sql("UPDATE bookings SET state = 4, active = NULL WHERE id = ?", cancelled));
  const base::SessionId session = activity().sessions[0].id;
  const domain::Interval day{activity().first_start(), activity().first_start() + base::Milliseconds(1)};
  std::vector<asio::awaitable<Outcome<std::size_t>>> both;
  both.push_back(store_->remind("2026-07-07", day));
  both.push_back(other_->remind("2026-07-07", day));
  std::size_t queued = 0;
  for (const auto& one : all(std::move(both))) queued += one.value();
  EXPECT_EQ(queued, 1U);
  // As after a crash before the day was marked.
  connection_.execute("DELETE FROM reminder_days");
  EXPECT_EQ(wait(store_->remind("2026-07-07", day)).value(), 0U);
  a_booking(activity());
  EXPECT_EQ(wait(store_->remind("2026-07-07", day)).value(), 0U) << "the day is done";
  const ClaimedMessage message = claim().value();
  EXPECT_EQ(message.id.bytes, mysql::outbox_id(booking, MessageKind::reminder, session.raw()));
  EXPECT_EQ(message.content.session, activity().sessions[0].time);
}

TEST_F(MessageStoreTest, a_moved_session_is_told_to_who_holds_a_booking_in_the_transaction_that_moves_it) {
  const base::BookingId booking = a_booking(activity());
  domain::Activity moved = activity();
  moved.sessions[1].venue = "操场";
  const auto updated = wait(catalogue_->update_activity(moved, moved.version, admin_));
  ASSERT_TRUE(updated);
  EXPECT_EQ(messages(MessageKind::session_changed), 1U);
  const ClaimedMessage message = claim().value();
  EXPECT_EQ(message.kind, MessageKind::session_changed);
  EXPECT_EQ(message.content.booking_id, booking);
  EXPECT_EQ(message.content.session, moved.sessions[1].time);
  EXPECT_EQ(message.content.venue, "操场");
  // Again is another change; a title alone is none.
  domain::Activity again = *updated;
  again.sessions[1].venue = "三楼";
  again = wait(catalogue_->update_activity(again, again.version, admin_)).value();
  again.title = "书法入门";
  ASSERT_TRUE(wait(catalogue_->update_activity(again, again.version, admin_)));
  EXPECT_EQ(messages(MessageKind::session_changed), 2U);
}

TEST_F(MessageStoreTest, of_several_sessions_that_move_at_once_each_is_told) {
  a_booking(activity());
  domain::Activity moved = activity();
  for (domain::Session& session : moved.sessions) session.venue = "操场";
  moved = wait(catalogue_->update_activity(moved, moved.version, admin_)).value();
  std::set<std::pair<std::int64_t, std::string>> told;
  for (std::size_t i = 0; i < moved.sessions.size(); ++i) {
    const ClaimedMessage message = claim().value();
    EXPECT_EQ(message.kind, MessageKind::session_changed);
    told.emplace(message.content.session.starts_at.unix_ms, message.content.venue);
    EXPECT_TRUE(settle(accepted(message, std::to_string(80 + i))));
  }
  std::set<std::pair<std::int64_t, std::string>> expected;
  for (const domain::Session& session : moved.sessions) expected.emplace(session.time.starts_at.unix_ms, "操场");
  EXPECT_EQ(told, expected);
  EXPECT_FALSE(claim());
  // What is over already is not told.
  clock_.now = moved.sessions[0].time.ends_at;
  for (domain::Session& session : moved.sessions) session.venue = "礼堂";
  ASSERT_TRUE(wait(catalogue_->update_activity(moved, moved.version, admin_)));
  EXPECT_EQ(messages(MessageKind::session_changed), 3U);
}

TEST_F(MessageStoreTest, a_cancellation_tells_its_reason) {
  a_booking(activity());
  ASSERT_TRUE(wait(catalogue_->cancel(activity().id, "老师生病", admin_, clock_.now)));
  const ClaimedMessage message = claim().value();
  EXPECT_EQ(message.kind, MessageKind::cancelled_by_station);
  EXPECT_EQ(message.content.reason, "老师生病");
  EXPECT_EQ(message.content.booking_state, domain::BookingState::cancelled);
}

TEST_F(MessageStoreTest, forgets_what_has_served_its_time) {
  const base::BookingId old = a_message();
  a_message();
  connection_.execute(sql("UPDATE outbox SET created_at = 1 WHERE booking_id = ?", old));
  EXPECT_TRUE(receipt("61").empty());
  EXPECT_TRUE(receipt("62").empty());
  connection_.execute("UPDATE message_receipts SET at = 1 WHERE message_id = '61'");
  EXPECT_EQ(wait(store_->purge()).value(), 2U);
  EXPECT_EQ(wait(store_->purge()).value(), 0U);
  EXPECT_EQ(messages(MessageKind::booked), 1U);
}

}  // namespace
}  // namespace zl::test
