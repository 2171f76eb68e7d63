#include "store/mysql/message_store.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "runtime/log.hpp"
#include "store/mysql/booked_entries.hpp"
#include "store/mysql/lease.hpp"
#include "store/mysql/message_claims.hpp"
#include "store/mysql/outbox.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

using base::Outcome;
using boost::asio::awaitable;

// One step in the audit's primary key for each chain; locks nothing. Those after the chain that was collected last come
// first, so that all have their turn however many grow.
constexpr std::string_view select_grown_chains =
    "SELECT h.chain_id FROM (SELECT chain_id, MAX(seq) AS newest FROM audit GROUP BY chain_id) AS h "
    "LEFT JOIN message_cursors c ON c.chain_id = h.chain_id WHERE c.seq IS NULL OR h.newest > c.seq "
    "ORDER BY h.chain_id <= ?, h.chain_id LIMIT 16";
// The cursor's row is locked first, by its primary key, so that of two who collect the second goes on where the first
// came to. A second run finds nothing left.
constexpr std::string_view insert_cursor =
    "INSERT INTO message_cursors (chain_id, seq) VALUES (?, 0) ON DUPLICATE KEY UPDATE seq = seq";
constexpr std::string_view lock_cursor = "SELECT seq FROM message_cursors WHERE chain_id = ? FOR UPDATE";
constexpr std::string_view update_cursor = "UPDATE message_cursors SET seq = ? WHERE chain_id = ?";
// By the audit's primary key; the newest is read first, so that the range holds all there will ever be in it.
constexpr std::string_view select_newest = "SELECT MAX(seq) FROM audit WHERE chain_id = ?";
constexpr std::string_view select_booked =
    "SELECT seq, at, detail FROM audit WHERE chain_id = ? AND seq > ? AND seq <= ? AND action = ? ORDER BY seq LIMIT ?";
constexpr std::uint64_t commits_at_once = 16;
constexpr std::string_view keep_first = " ON DUPLICATE KEY UPDATE outbox.id = outbox.id";
/// Longer than a message of a booking lives; what is older was made while nobody sent.
constexpr std::chrono::hours booked_age_max{24};

constexpr std::string_view select_day = "SELECT 1 FROM reminder_days WHERE day = ?";
constexpr std::string_view insert_day =
    "INSERT INTO reminder_days (day, queued_at) VALUES (?, ?) ON DUPLICATE KEY UPDATE queued_at = queued_at";
// Index sessions_start.
constexpr std::string_view select_sessions_of_day =
    "SELECT s.id, s.activity_id FROM sessions s JOIN activities a ON a.id = s.activity_id "
    "WHERE s.starts_at >= ? AND s.starts_at < ? AND a.publication = 2 ORDER BY s.starts_at, s.id";

// Locks the push's row; a second run finds it there, and so does another turn of the same push once this one has
// committed.
constexpr std::string_view mark_consents = "INSERT IGNORE INTO consent_marks (push_key, created_at) VALUES (?, ?)";
constexpr int consents_max = 100;
constexpr std::string_view add_consent =
    "INSERT INTO message_consents (openid, template_id, notices_left) VALUES (?, ?, 1) "
    "ON DUPLICATE KEY UPDATE notices_left = LEAST(notices_left + 1, ?)";
constexpr std::string_view void_consent =
    "UPDATE message_consents SET notices_left = 0 WHERE openid = ? AND template_id = ?";
constexpr std::string_view forget_consents = "DELETE FROM message_consents WHERE openid = ?";
// By the primary key; told_s comes last, as the others are held against what it was.
constexpr std::string_view note_following =
    "INSERT INTO message_people (openid, follows, at, told_s) VALUES (?, ?, FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000), ?) "
    "ON DUPLICATE KEY UPDATE follows = IF(told_s > VALUES(told_s), follows, VALUES(follows)), "
    "at = IF(told_s > VALUES(told_s), at, VALUES(at)), "
    "told_s = IF(told_s > VALUES(told_s), told_s, VALUES(told_s))";
constexpr std::string_view select_told = "SELECT told_s FROM message_people WHERE openid = ?";

// Each by the index of its age (days: a row each); locks the rows that go.
constexpr std::chrono::hours messages_kept{24 * 90};
constexpr std::chrono::hours receipts_kept{24 * 3};
constexpr std::string_view select_now = "SELECT FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)";
constexpr std::string_view delete_messages = "DELETE FROM outbox WHERE created_at < ? ORDER BY created_at LIMIT 1000";
constexpr std::string_view delete_receipts = "DELETE FROM message_receipts WHERE at < ? ORDER BY at LIMIT 1000";
constexpr std::string_view delete_unfollowed =
    "DELETE FROM message_people WHERE follows = 0 AND at < ? ORDER BY at LIMIT 1000";
constexpr std::string_view delete_days = "DELETE FROM reminder_days WHERE queued_at < ?";

/// The messages of a group commit's bookings.
void add_messages(Values& rows, std::string_view detail, base::Instant at) {
  for (const auto& entry : read_booked(detail)) {
    if (!entry) {
      runtime::log::error("booked_entry_unreadable");
      continue;
    }
    rows.row(outbox_id(entry->booking_id, OutboxKind::booked), OutboxKind::booked, entry->booking_id, entry->user_id,
             at, domain::MessageState::queued);
  }
}

std::size_t collect_chain(Write& write, const base::ChainId& chain) {
  write.execute(sql(insert_cursor, chain));
  const std::uint64_t from = write.query(sql(lock_cursor, chain)).front().u64(0);
  const std::uint64_t newest = write.query(sql(select_newest, chain)).front().u64(0);
  if (newest <= from) return 0;
  const Rows commits = write.query(sql(select_booked, chain, from, newest, booked_action, commits_at_once));
  Values rows;
  for (const Row commit : commits) {
    if (write.now() - commit.instant(1) < booked_age_max) add_messages(rows, commit.text(2), commit.instant(1));
  }
  std::size_t queued = 0;
  if (!rows.empty()) queued = write.execute(sql(insert_outbox, rows.fragment()) + std::string(keep_first));
  const bool all_read = commits.size() < commits_at_once;
  write.execute(sql(update_cursor, all_read ? newest : commits[commits.size() - 1].u64(0), chain));
  return queued;
}

struct DaySession {
  base::SessionId id;
  base::ActivityId activity_id;
};

class MysqlMessageStore final : public app::MessageStore {
 public:
  MysqlMessageStore(ConnectionPool& pool, base::Random& random, std::string appid, NoticeTemplates notices)
      : pool_(pool), owner_(random.next_id<LeaseOwner>()), appid_(std::move(appid)), notices_(std::move(notices)) {}

  awaitable<Outcome<bool>> lead() override {
    return pool_.repeat(
        [owner = owner_](Connection& connection) -> Outcome<bool> { return take_turn(connection, "messages", owner); });
  }

  awaitable<Outcome<std::size_t>> collect_booked() override {
    const auto chains =
        co_await pool_.read([last = last_collected_](Connection& connection) -> Outcome<std::vector<base::ChainId>> {
          std::vector<base::ChainId> grown;
          for (const Row row : connection.query(sql(select_grown_chains, last))) {
            grown.push_back(row.id<base::ChainId>(0));
          }
          return grown;
        });
    if (!chains) co_return chains.as<std::size_t>();
    std::size_t queued = 0;
    for (const base::ChainId& chain : *chains) {
      last_collected_ = chain;
      const auto collected =
          co_await pool_.write([chain](Write& write) -> Outcome<std::size_t> { return collect_chain(write, chain); });
      if (!collected) co_return collected;
      queued += *collected;
    }
    co_return queued;
  }

  awaitable<Outcome<std::size_t>> remind(std::string name, domain::Interval day) override {
    const auto sessions = co_await sessions_of(name, day);
    if (!sessions) co_return sessions.as<std::size_t>();
    std::size_t queued = 0;
    for (const DaySession& session : *sessions) {
      const auto told = co_await pool_.write([session](Write& write) -> Outcome<std::size_t> {
        return tell_of_session(write, session.activity_id, session.id);
      });
      if (!told) co_return told;
      queued += *told;
    }
    const auto marked = co_await pool_.write([name](Write& write) -> Outcome<base::Done> {
      write.execute(sql(insert_day, name, write.now()));
      return base::Done{};
    });
    if (!marked) co_return marked.as<std::size_t>();
    co_return queued;
  }

  awaitable<Outcome<std::optional<app::ClaimedMessage>>> claim() override {
    while (true) {
      auto claimed = co_await pool_.write(
          [this](Write& write) -> Outcome<std::optional<app::ClaimedMessage>> { return claim_message(write, appid_); });
      if (!claimed || !*claimed || !may_have_receipt(**claimed)) co_return claimed;
      // The answer to a notice's call may be lost, and its receipt is not.
      const auto ended = co_await pool_.write([this, message = **claimed](Write& write) -> Outcome<bool> {
        return end_by_early_receipt(write, message, notice_of(message));
      });
      if (!ended) co_return ended.template as<std::optional<app::ClaimedMessage>>();
      if (!*ended) co_return claimed;
    }
  }

  awaitable<Outcome<bool>> settle(app::Settlement settlement) override {
    return pool_.write([settlement = std::move(settlement)](Write& write) -> Outcome<bool> {
      return settle_message(write, settlement);
    });
  }

  awaitable<Outcome<std::vector<app::ReceiptEffect>>> add_receipts(std::string openid,
                                                                   std::vector<app::DeliveryReport> reports) override {
    // In one order for all, as rows are locked.
    std::ranges::sort(reports, {}, &app::DeliveryReport::message_id);
    return pool_.write(
        [openid, reports = std::move(reports)](Write& write) -> Outcome<std::vector<app::ReceiptEffect>> {
          std::vector<app::ReceiptEffect> effects;
          for (const app::DeliveryReport& report : reports) {
            if (const auto effect = add_receipt(write, openid, report)) effects.push_back(*effect);
          }
          return effects;
        });
  }

  awaitable<Outcome<std::uint64_t>> retry_silent_offers(base::Milliseconds patience) override {
    return pool_.repeat([patience](Connection& connection) -> Outcome<std::uint64_t> {
      return mysql::retry_silent_offers(connection, patience.count());
    });
  }

  awaitable<Outcome<base::Done>> change_consents(std::string openid, std::vector<app::ConsentChange> changes,
                                                 std::string push_key) override {
    return pool_.write([openid, changes = std::move(changes), push_key](Write& write) -> Outcome<base::Done> {
      if (write.execute(sql(mark_consents, push_key, write.now())) == 0) return base::Done{};
      for (const app::ConsentChange& change : changes) {
        if (change.consent == app::Consent::given) {
          write.execute(sql(add_consent, openid, change.template_id, consents_max));
        } else {
          write.execute(sql(void_consent, openid, change.template_id));
        }
      }
      return base::Done{};
    });
  }

  awaitable<Outcome<std::uint64_t>> purge() override {
    return pool_.repeat([](Connection& connection) -> Outcome<std::uint64_t> {
      const std::int64_t now = connection.query(select_now).front().i64(0);
      const auto before = [now](std::chrono::milliseconds age) { return now - age.count(); };
      return connection.execute(sql(delete_messages, before(messages_kept))) +
             connection.execute(sql(delete_receipts, before(receipts_kept))) +
             connection.execute(sql(delete_unfollowed, before(messages_kept))) +
             connection.execute(sql(delete_days, before(messages_kept)));
    });
  }

  awaitable<Outcome<base::Done>> set_following(std::string openid, bool follows, std::int64_t told_s) override {
    return pool_.write([openid, follows, told_s](Write& write) -> Outcome<base::Done> {
      write.execute(sql(note_following, openid, follows ? 1 : 0, told_s));
      const bool is_newest = write.query(sql(select_told, openid)).front().i64(0) == told_s;
      // Who leaves takes along what he gave.
      if (!follows && is_newest) write.execute(sql(forget_consents, openid));
      return base::Done{};
    });
  }

 private:
  const std::string& notice_of(const app::ClaimedMessage& message) const {
    return notices_.at(static_cast<std::size_t>(message.kind));
  }
  bool may_have_receipt(const app::ClaimedMessage& message) const {
    return message.in_doubt_for && !message.recipient.openid.empty() && !notice_of(message).empty();
  }

  /// None where the day was done already.
  awaitable<Outcome<std::vector<DaySession>>> sessions_of(const std::string& name, domain::Interval day) {
    return pool_.read([name, day](Connection& connection) -> Outcome<std::vector<DaySession>> {
      std::vector<DaySession> sessions;
      if (!connection.query(sql(select_day, name)).empty()) return sessions;
      for (const Row row : connection.query(sql(select_sessions_of_day, day.starts_at, day.ends_at))) {
        sessions.push_back({row.id<base::SessionId>(0), row.id<base::ActivityId>(1)});
      }
      return sessions;
    });
  }

  ConnectionPool& pool_;
  const LeaseOwner owner_;
  const std::string appid_;
  const NoticeTemplates notices_;
  base::ChainId last_collected_;  ///< for the loop that collects
};

}  // namespace

std::unique_ptr<app::MessageStore> create_message_store(ConnectionPool& pool, base::Random& random, std::string appid,
                                                        NoticeTemplates notices) {
  return std::make_unique<MysqlMessageStore>(pool, random, std::move(appid), std::move(notices));
}

}  // namespace zl::mysql
