#include "store/mysql/verify_audit.hpp"

#include <map>
#include <string>
#include <utility>

#include "store/mysql/audit_seals.hpp"
#include "store/mysql/audit_trail.hpp"
#include "store/mysql/booked_entries.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// A row of a group commit tells of hundreds of bookings: so many rows are a few megabytes.
constexpr std::size_t rows_at_once = 50;
constexpr std::size_t seals_at_once = 500;

// By primary key, which gives the order.
constexpr std::string_view select_rows =
    "SELECT chain_id, seq, at, actor_id, actor_role, action, subject, detail, address, request_id, prev_hash, hash "
    "FROM audit WHERE (chain_id = ? AND seq > ?) OR chain_id > ? ORDER BY chain_id, seq LIMIT ?";

// By primary key.
constexpr std::string_view select_told =
    "SELECT id, activity_id, party_id, user_id, audit_chain, audit_seq FROM bookings WHERE id IN (?)";
constexpr std::string_view select_cancelled = "SELECT COUNT(*) FROM bookings WHERE id = ? AND state = 4";

// By primary keys.
constexpr std::string_view select_seals =
    "SELECT s.number, s.at, s.chain_id, s.seq, s.head, s.prev_seal, s.seal, a.hash FROM audit_seals s "
    "LEFT JOIN audit a ON a.chain_id = s.chain_id AND a.seq = s.seq WHERE s.number > ? ORDER BY s.number LIMIT ?";

AuditRecord record_of(const Row& row) {
  AuditRecord record;
  record.at = row.instant(2);
  record.actor_id = row.id<base::AccountId>(3);
  record.actor_role = row.text(4);
  record.action = row.text(5);
  record.subject = row.bytes16(6);
  record.detail = row.text(7);
  record.address = row.text(8);
  record.request_id = row.text(9);
  return record;
}

class ChainWalk {
 public:
  explicit ChainWalk(Connection& connection) : connection_(connection) {}

  app::CheckReport walk() {
    while (true) {
      const Rows rows = connection_.query(sql(select_rows, head_.chain_id, head_.seq, head_.chain_id, rows_at_once));
      for (const Row row : rows) look_at(row);
      if (rows.size() < rows_at_once) break;
    }
    report_.counted = std::to_string(chains_) + " chains, " + std::to_string(rows_) + " rows, which tell of " +
                      std::to_string(told_) + " bookings";
    return std::move(report_);
  }

 private:
  void look_at(const Row& row) {
    const auto chain_id = row.id<base::ChainId>(0);
    const std::uint64_t seq = row.u64(1);
    if (chain_id != head_.chain_id) {
      ++chains_;
      head_ = AuditHead{chain_id};
    }
    ++rows_;
    if (seq != head_.seq + 1) {
      fault(chain_id, head_.seq + 1, "rows are missing, the next is " + std::to_string(seq));
    } else if (row.text(10) != runtime::view(head_.hash)) {
      fault(chain_id, seq, "it does not follow the row before");
    }
    head_.seq = seq - 1;
    head_.hash = digest_of(row.text(10));
    const AuditRecord record = record_of(row);
    if (row.text(11) != runtime::view(audit_hash(head_, record))) fault(chain_id, seq, "its hash is not its own");
    head_ = AuditHead{chain_id, seq, digest_of(row.text(11))};
    if (record.action == booked_action) {
      check_booked(record);
    } else if (record.action == "booking.cancel") {
      check_cancelled(record);
    }
  }

  void check_booked(const AuditRecord& record) {
    std::map<base::BookingId, BookedEntry> entries;
    std::vector<base::BookingId> ids;
    for (const std::optional<BookedEntry>& entry : read_booked(record.detail)) {
      ++told_;
      if (entry) {
        ids.push_back(entry->booking_id);
        entries.emplace(entry->booking_id, *entry);
      } else {
        fault(head_.chain_id, head_.seq, "it has a line that tells of no booking");
      }
    }
    for (const Row row : connection_.query(sql(select_told, ids))) {
      const auto entry = entries.extract(row.id<base::BookingId>(0)).mapped();
      const bool same = row.id<base::ActivityId>(1) == entry.activity_id &&
                        row.id<base::AttendeeId>(2) == entry.attendee_id && row.id<base::UserId>(3) == entry.user_id;
      const bool named = row.maybe_id<base::ChainId>(4) == head_.chain_id && row.u64(5) == head_.seq;
      if (!same) fault(head_.chain_id, head_.seq, "it tells otherwise of booking " + entry.booking_id.hex());
      if (!named) fault(head_.chain_id, head_.seq, "booking " + entry.booking_id.hex() + " names another row");
    }
    for (const auto& [id, entry] : entries) {
      fault(head_.chain_id, head_.seq, "it tells of booking " + id.hex() + ", which does not exist");
    }
  }

  void check_cancelled(const AuditRecord& record) {
    const base::BookingId id{record.subject};
    if (connection_.query(sql(select_cancelled, id)).front().u64(0) == 1) return;
    fault(head_.chain_id, head_.seq, "it tells that booking " + id.hex() + " was cancelled, and it is not");
  }

  void fault(const base::ChainId& chain_id, std::uint64_t seq, const std::string& what) {
    report_.fault("chain " + chain_id.hex() + ", row " + std::to_string(seq) + ": " + what);
  }

  Connection& connection_;
  app::CheckReport report_{.name = "audit", .counted = {}, .faults = {}, .more_faults = 0};
  AuditHead head_;
  std::uint64_t chains_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t told_ = 0;
};

class SealWalk {
 public:
  SealWalk(Connection& connection, const std::optional<KnownSeal>& known) : connection_(connection), known_(known) {}

  app::CheckReport walk() {
    while (true) {
      const Rows rows = connection_.query(sql(select_seals, number_, seals_at_once));
      for (const Row row : rows) look_at(row);
      if (rows.size() < seals_at_once) break;
    }
    if (known_ && number_ < known_->number) {
      report_.fault("seal " + std::to_string(known_->number) + " was logged, and the newest is " +
                    std::to_string(number_));
    }
    report_.counted = std::to_string(count_) + " seals";
    return std::move(report_);
  }

 private:
  void look_at(const Row& row) {
    const SealedHead sealed{row.u64(0), row.instant(1), row.id<base::ChainId>(2), row.u64(3), digest_of(row.text(4))};
    const std::string name = "seal " + std::to_string(sealed.number);
    ++count_;
    if (sealed.number != number_ + 1) {
      report_.fault("seal " + std::to_string(number_ + 1) + ": it is missing, the next is " +
                    std::to_string(sealed.number));
    } else if (row.text(5) != runtime::view(seal_)) {
      report_.fault(name + ": it does not follow the seal before");
    }
    if (row.text(6) != runtime::view(seal_hash(digest_of(row.text(5)), sealed))) {
      report_.fault(name + ": its hash is not its own");
    }
    number_ = sealed.number;
    seal_ = digest_of(row.text(6));
    if (known_ && known_->number == number_ && known_->seal != seal_) report_.fault(name + ": another one was logged");
    check_head(name, row, sealed);
  }

  void check_head(const std::string& name, const Row& row, const SealedHead& sealed) {
    const std::string where = "chain " + sealed.chain_id.hex() + ", row " + std::to_string(sealed.seq);
    const std::string when = " (" + name + " of " + base::format_instant(sealed.at, 0) + ")";
    if (row.is_null(7)) {
      report_.fault(where + ": it was sealed and is gone" + when);
    } else if (row.text(7) != runtime::view(sealed.head)) {
      report_.fault(where + ": it was another when it was sealed" + when);
    }
  }

  Connection& connection_;
  const std::optional<KnownSeal>& known_;
  app::CheckReport report_{.name = "seals", .counted = {}, .faults = {}, .more_faults = 0};
  runtime::Digest seal_{};
  std::uint64_t number_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace

app::CheckReport check_chains(Connection& connection) {
  return ChainWalk(connection).walk();
}

app::CheckReport check_seals(Connection& connection, const std::optional<KnownSeal>& known) {
  return SealWalk(connection, known).walk();
}

}  // namespace zl::mysql
