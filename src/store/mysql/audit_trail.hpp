// The audit table's hash chains: one per writing thread, so that the audit serialises nobody.
//
// A row's hash is SHA-256(prev_hash ‖ F(chain_id) ‖ F(seq) ‖ F(at) ‖ F(actor_id) ‖ F(actor_role) ‖ F(action) ‖
// F(subject) ‖ F(detail) ‖ F(address) ‖ F(request_id)), where F(x) is the number of x's bytes as 4 bytes, big-endian,
// then x. Ids are their 16 bytes, texts their UTF-8, seq and at 8 bytes big-endian (at in two's complement). seq counts
// from 1 without a gap, the prev_hash of seq 1 is 32 zero bytes, and every further prev_hash is the hash of the row
// before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/booking_ledger.hpp"
#include "base/id.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "runtime/sha256.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {

struct AuditRecord {
  base::Instant at;
  base::AccountId actor_id;
  std::string actor_role;  ///< "user" or a staff role's wire name
  std::string action;      ///< "activity.publish"
  base::Bytes16 subject{};
  std::string detail = "{}";  ///< a JSON object
  std::string address;
  std::string request_id;
};

/// By an actor, about a subject.
AuditRecord audit_record(const app::Actor& actor, std::string_view action, const base::Bytes16& subject,
                         base::Instant at, std::string detail = "{}");

/// Where a chain stands.
struct AuditHead {
  base::ChainId chain_id;
  std::uint64_t seq = 0;  ///< of the newest row
  runtime::Digest hash{};
};

/// The hash of the row that follows `head`.
runtime::Digest audit_hash(const AuditHead& head, const AuditRecord& record);

/// The statement that the rows go into: sql(insert_audit, rows.fragment()).
inline constexpr std::string_view insert_audit =
    "INSERT INTO audit (chain_id, seq, at, actor_id, actor_role, action, subject, detail, address, request_id, "
    "prev_hash, "
    "hash) VALUES ?";

/// One chain of one thread. Exactly one of committed(), rolled_back() and lost() ends each transaction that appended.
class AuditTrail {
 public:
  explicit AuditTrail(base::Random& random);

  /// The row of `record`, for `insert_audit`.
  Fragment append(const AuditRecord& record);

  /// The row that was appended last.
  const AuditHead& head() const { return head_; }

  void committed() { committed_ = head_; }
  void rolled_back() { head_ = committed_; }
  /// Nobody knows whether the rows exist: begins a new chain.
  void lost();

 private:
  base::Random& random_;
  AuditHead committed_;
  AuditHead head_;
};

}  // namespace zl::mysql
