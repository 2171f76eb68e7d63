#include "store/mysql/message_claims.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "runtime/sha256.hpp"
#include "store/mysql/rows.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

using app::Channel;
using domain::MessageState;

constexpr std::string_view select_now = "SELECT FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)";

// Offers before all others, at every attempt, by index outbox_offers. An offer waits for nothing and holds nothing up,
// since it doesn't stand for ever. Here and below the row that is found is locked, and those that others have locked
// are passed over.
constexpr std::string_view select_offer =
    "SELECT o.id, o.attempts, o.kind, o.created_at, o.in_doubt_since, o.channels_failed, o.user_id, o.booking_id, "
    "o.session_id, o.until_at FROM outbox o FORCE INDEX (outbox_offers) "
    "WHERE o.kind = 6 AND o.state = 1 AND o.next_attempt_at <= ? "
    "ORDER BY o.next_attempt_at, o.created_at LIMIT 1 FOR UPDATE SKIP LOCKED";
// Index outbox_due, in the order of the turns; for each row index outbox_user tells whether its user has an older one
// that is not sent yet. A cancellation by the station waits for nobody either, and a changed session for none that is
// put off for longer than a claim lasts: what must arrive is not held up by what waits for an operator or for midnight.
constexpr std::string_view select_next =
    "SELECT o.id, o.attempts, o.kind, o.created_at, o.in_doubt_since, o.channels_failed, o.user_id, o.booking_id, "
    "o.session_id, o.until_at FROM outbox o FORCE INDEX (outbox_due) "
    "WHERE o.state = 1 AND o.next_attempt_at <= ? AND o.kind <> 6 "
    "AND (o.kind = 3 OR NOT EXISTS (SELECT 1 FROM outbox e "
    "WHERE e.user_id = o.user_id AND e.state = 1 AND e.kind NOT IN (3, 6) AND (e.created_at < o.created_at "
    "OR (e.created_at = o.created_at AND e.id < o.id)) AND (o.kind <> 4 OR e.next_attempt_at <= ?))) "
    "ORDER BY o.next_attempt_at, o.created_at LIMIT 1 FOR UPDATE SKIP LOCKED";
constexpr std::int64_t claim_ms = 60'000;
// By the primary key. A second run would be another claim.
constexpr std::string_view update_claimed =
    "UPDATE outbox SET attempts = attempts + 1, next_attempt_at = ?, in_doubt_since = COALESCE(in_doubt_since, ?) "
    "WHERE id = ?";

// Without locks, by primary keys; the sessions by sessions_activity.
constexpr std::string_view select_content =
    "SELECT b.state, a.title, st.name, at.name, a.cancel_reason, s.starts_at, s.ends_at, s.venue FROM bookings b "
    "JOIN activities a ON a.id = b.activity_id JOIN programmes p ON p.id = a.programme_id "
    "JOIN stations st ON st.id = p.station_id JOIN attendees at ON at.id = b.party_id "
    "JOIN sessions s ON s.id = COALESCE((SELECT g.id FROM sessions g WHERE g.id = ?), "
    "(SELECT f.id FROM sessions f WHERE f.activity_id = a.id ORDER BY f.starts_at, f.id LIMIT 1)) WHERE b.id = ?";
// Index identities_user. Who didn't follow a day ago is tried again: he may have come back without our hearing of it.
constexpr std::int64_t unfollowed_ms = 24LL * 3600 * 1000;
constexpr std::string_view select_recipient =
    "SELECT i.openid, COALESCE(p.follows, 0) = 1 OR COALESCE(p.at, 0) < ? FROM identities i LEFT JOIN message_people p "
    "ON p.openid = i.openid "
    "WHERE i.user_id = ? AND i.appid = ? AND i.unbound_at IS NULL ORDER BY i.created_at DESC, i.openid LIMIT 1";
constexpr std::string_view select_consents =
    "SELECT template_id, notices_left FROM message_consents WHERE openid = ? AND notices_left > 0";

// By the primary key, which is the fence as well: the claim's number must still be the latest.
constexpr std::string_view update_settled =
    "UPDATE outbox SET state = ?, channel = COALESCE(?, channel), message_id = ?, error = ?, next_attempt_at = ?, "
    "in_doubt_since = IF(? = 1, in_doubt_since, NULL), channels_failed = ? WHERE id = ? AND state = 1 AND attempts = ?";
constexpr std::string_view spend_consent =
    "UPDATE message_consents SET notices_left = notices_left - 1 WHERE openid = ? AND template_id = ? AND "
    "notices_left > 0";
constexpr std::string_view void_consent =
    "UPDATE message_consents SET notices_left = 0 WHERE openid = ? AND template_id = ?";
constexpr std::string_view note_unfollowed =
    "INSERT INTO message_people (openid, follows, at) VALUES (?, 0, ?) ON DUPLICATE KEY UPDATE follows = 0, at = "
    "VALUES(at)";

// Receipts before outbox, here and in settling: whichever of the two comes first locks the receipt's row, and the other
// sees what it did. By the primary key. A second run changes nothing.
constexpr std::string_view name_message =
    "INSERT INTO message_receipts (message_id, outbox_id, at) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE outbox_id = "
    "VALUES(outbox_id)";
constexpr std::string_view lock_receipt =
    "INSERT INTO message_receipts (message_id, at) VALUES (?, ?) ON DUPLICATE KEY UPDATE message_id = "
    "VALUES(message_id)";
constexpr std::string_view select_receipt = "SELECT outbox_id, delivery FROM message_receipts WHERE message_id = ?";
constexpr std::string_view update_receipt =
    "UPDATE message_receipts SET delivery = ?, notice_key = ? WHERE message_id = ?";

// The answer to a notice's call names no id, so its receipt is matched by whose it is and of which template: the oldest
// that waits for one, or the oldest receipt since the attempt began. Both lock the row of the consents first. Indexes
// outbox_notice and message_receipts_notice.
constexpr std::string_view lock_notices =
    "INSERT INTO message_consents (openid, template_id, notices_left) VALUES (?, ?, 0) "
    "ON DUPLICATE KEY UPDATE notices_left = notices_left";
constexpr std::string_view update_notice_key = "UPDATE outbox SET notice_key = ? WHERE id = ?";
constexpr std::string_view select_awaiting =
    "SELECT id FROM outbox WHERE notice_key = ? AND state = 2 AND message_id = '' ORDER BY created_at, id LIMIT 1";
constexpr std::string_view select_early =
    "SELECT r.message_id, r.delivery FROM message_receipts r JOIN outbox o ON o.id = ? WHERE r.notice_key = ? AND "
    "r.outbox_id IS NULL AND r.at >= o.in_doubt_since ORDER BY r.at LIMIT 1";
// Fenced by the claim's number. After the consents alone, which whoever settles a notice or its receipt locks first.
constexpr std::string_view update_early =
    "UPDATE outbox SET state = 2, channel = 2, notice_key = ? WHERE id = ? AND state = 1 AND attempts = ?";
constexpr std::string_view update_message_id = "UPDATE outbox SET message_id = ? WHERE id = ?";

constexpr std::string_view select_kind = "SELECT kind FROM outbox WHERE id = ?";
// A late receipt also ends an offer that was queued again for want of it.
constexpr std::string_view update_delivered =
    "UPDATE outbox SET state = 3 WHERE id = ? AND state IN (1, 2) AND message_id = ?";
// Another channel may reach the person: the message has its turn again.
constexpr std::string_view update_undelivered =
    "UPDATE outbox SET state = 1, channels_failed = channels_failed | (1 << channel), in_doubt_since = NULL, "
    "next_attempt_at = 0, error = ? WHERE id = ? AND state = 2 AND message_id = ?";
constexpr int not_delivered = -106;

// Index outbox_offers, of the last week's: SMS have no receipts and stay accepted. Locks what it changes. A second run
// changes nothing.
constexpr std::string_view update_silent =
    "UPDATE outbox FORCE INDEX (outbox_offers) SET state = 1, channels_failed = channels_failed | (1 << channel), "
    "in_doubt_since = NULL, next_attempt_at = ?, error = ? WHERE kind = 6 AND state = 2 AND next_attempt_at > ? AND "
    "next_attempt_at <= ? AND channel IN (1, 2)";
constexpr int without_receipt = -107;
constexpr std::int64_t silent_max_ms = 7LL * 24 * 3600 * 1000;

std::int64_t now_ms(Write& write) {
  return write.query(select_now).front().i64(0);
}

app::Recipient recipient_of(Write& write, const base::UserId& user_id, std::string_view appid, std::int64_t now) {
  app::Recipient recipient;
  recipient.user_id = user_id;
  const Rows found = write.query(sql(select_recipient, now - unfollowed_ms, user_id, appid));
  if (found.empty()) return recipient;
  recipient.openid = found.front().text(0);
  recipient.follows = found.front().flag(1);
  for (const Row row : write.query(sql(select_consents, recipient.openid))) {
    recipient.consents.push_back({row.text(0), row.integer(1)});
  }
  return recipient;
}

bool read_content(Write& write, const Row& message, app::MessageContent& content) {
  content.booking_id = message.id<base::BookingId>(7);
  const Rows found = write.query(sql(select_content, message.maybe_id<base::SessionId>(8), content.booking_id));
  if (found.empty()) return false;
  const Row row = found.front();
  content.booking_state = row.as<domain::BookingState>(0);
  content.activity = row.text(1);
  content.station = row.text(2);
  content.attendee = row.text(3);
  content.reason = row.text(4);
  content.session = {row.instant(5), row.instant(6)};
  content.venue = row.text(7);
  content.until = message.maybe_instant(9);
  return true;
}

/// Applies what is known of a message that is accepted.
std::optional<app::ReceiptEffect> apply(Write& write, const app::MessageId& id, std::string_view message_id,
                                        app::Delivery delivery) {
  const bool arrived = delivery == app::Delivery::delivered;
  const std::uint64_t changed = arrived ? write.execute(sql(update_delivered, id, message_id))
                                        : write.execute(sql(update_undelivered, not_delivered, id, message_id));
  if (changed == 0) return std::nullopt;
  const auto kind = write.query(sql(select_kind, id)).front().as<domain::MessageKind>(0);
  return app::ReceiptEffect{kind, arrived ? MessageState::delivered : MessageState::queued};
}

void learn(Write& write, const app::Settlement& settlement) {
  if (settlement.unfollowed) write.execute(sql(note_unfollowed, settlement.openid, now_ms(write)));
  switch (settlement.consent) {
    case app::ConsentUse::none:
      return;
    case app::ConsentUse::spent:
      write.execute(sql(spend_consent, settlement.openid, settlement.template_id));
      return;
    case app::ConsentUse::voided:
      write.execute(sql(void_consent, settlement.openid, settlement.template_id));
      return;
  }
}

base::Bytes16 notice_key(std::string_view openid, std::string_view template_id) {
  const runtime::Digest digest = runtime::sha256(std::string(openid) + ' ' + std::string(template_id));
  base::Bytes16 key;
  std::copy_n(digest.begin(), key.size(), key.begin());
  return key;
}

std::optional<app::ReceiptEffect> apply_to_notice(Write& write, const app::MessageId& id, const std::string& message_id,
                                                  app::Delivery delivery) {
  write.execute(sql(name_message, message_id, id, 0));
  write.execute(sql(update_message_id, message_id, id));
  return apply(write, id, message_id, delivery);
}

/// A notice that was just accepted, and the receipt that may have come before.
void await_notice_receipt(Write& write, const app::Settlement& settlement) {
  const base::Bytes16 key = notice_key(settlement.openid, settlement.template_id);
  write.execute(sql(update_notice_key, key, settlement.id));
  const Rows early = write.query(sql(select_early, settlement.id, key));
  if (!early.empty()) {
    (void)apply_to_notice(write, settlement.id, early.front().text(0), early.front().as<app::Delivery>(1));
  }
}

/// Ids of the platform are numbers; anything else is none of ours.
bool is_message_id(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<app::ClaimedMessage> claim_message(Write& write, std::string_view appid) {
  const std::int64_t now = now_ms(write);
  Rows rows = write.query(sql(select_offer, now));
  if (rows.empty()) rows = write.query(sql(select_next, now, now + claim_ms));
  if (rows.empty()) return std::nullopt;
  const Row row = rows.front();
  app::ClaimedMessage message;
  message.id = row.id<app::MessageId>(0);
  message.attempt = static_cast<std::uint32_t>(row.u64(1)) + 1;
  message.kind = row.as<domain::MessageKind>(2);
  message.created_at = row.instant(3);
  message.now = {now};
  if (!row.is_null(4)) message.in_doubt_for = base::Milliseconds(now - row.i64(4));
  message.failed = app::ChannelSet(static_cast<unsigned>(row.u64(5)));
  message.recipient = recipient_of(write, row.id<base::UserId>(6), appid, now);
  // Without its booking there is nothing to tell, and the plan sees a booking that is cancelled.
  if (!read_content(write, row, message.content)) message.content.booking_state = domain::BookingState::cancelled;
  write.execute(sql(update_claimed, now + claim_ms, now, message.id));
  return message;
}

bool end_by_early_receipt(Write& write, const app::ClaimedMessage& message, std::string_view template_id) {
  const std::string& openid = message.recipient.openid;
  const base::Bytes16 key = notice_key(openid, template_id);
  write.execute(sql(lock_notices, openid, template_id));
  const Rows early = write.query(sql(select_early, message.id, key));
  if (early.empty() || write.execute(sql(update_early, key, message.id, message.attempt)) == 0) return false;
  write.execute(sql(spend_consent, openid, template_id));
  (void)apply_to_notice(write, message.id, early.front().text(0), early.front().as<app::Delivery>(1));
  return true;
}

bool settle_message(Write& write, const app::Settlement& settlement) {
  const bool named = is_message_id(settlement.message_id);
  const bool unnamed_notice =
      !named && settlement.state == MessageState::accepted && settlement.channel == Channel::notice;
  const bool keeps_doubt = settlement.in_doubt || settlement.state != MessageState::queued;
  const std::int64_t now = now_ms(write);
  if (unnamed_notice) write.execute(sql(lock_notices, settlement.openid, settlement.template_id));
  if (named) write.execute(sql(name_message, settlement.message_id, settlement.id, now));
  const std::uint64_t changed =
      write.execute(sql(update_settled, settlement.state, settlement.channel,
                        named ? settlement.message_id : std::string(), settlement.error, now + settlement.wait.count(),
                        keeps_doubt ? 1 : 0, settlement.failed.bits(), settlement.id, settlement.attempt));
  if (changed == 0) return false;
  learn(write, settlement);
  if (unnamed_notice) await_notice_receipt(write, settlement);
  if (!named) return true;
  const Rows receipts = write.query(sql(select_receipt, settlement.message_id));
  const Row receipt = receipts.front();
  if (!receipt.is_null(1)) (void)apply(write, settlement.id, settlement.message_id, receipt.as<app::Delivery>(1));
  return true;
}

std::uint64_t retry_silent_offers(Connection& connection, std::int64_t patience_ms) {
  const std::int64_t now = connection.query(select_now).front().i64(0);
  return connection.execute(sql(update_silent, now, without_receipt, now - silent_max_ms, now - patience_ms));
}

std::optional<app::ReceiptEffect> add_receipt(Write& write, std::string_view openid,
                                              const app::DeliveryReport& report) {
  if (!is_message_id(report.message_id)) return std::nullopt;
  std::optional<base::Bytes16> key;
  if (!report.template_id.empty()) {
    key = notice_key(openid, report.template_id);
    write.execute(sql(lock_notices, openid, report.template_id));
  }
  write.execute(sql(lock_receipt, report.message_id, now_ms(write)));
  const Rows rows = write.query(sql(select_receipt, report.message_id));
  const Row receipt = rows.front();
  if (!receipt.is_null(1)) return std::nullopt;
  write.execute(sql(update_receipt, report.delivery, key, report.message_id));
  if (receipt.is_null(0)) {
    if (!key) return std::nullopt;
    const Rows awaiting = write.query(sql(select_awaiting, *key));
    if (awaiting.empty()) return std::nullopt;
    return apply_to_notice(write, awaiting.front().id<app::MessageId>(0), report.message_id, report.delivery);
  }
  return apply(write, receipt.id<app::MessageId>(0), report.message_id, report.delivery);
}

}  // namespace zl::mysql
