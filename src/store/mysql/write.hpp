// What a writing call of a store works with: one transaction, its audit rows and its rows of the change feed.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "app/catalogue_store.hpp"
#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/outcome.hpp"
#include "store/mysql/audit_trail.hpp"
#include "store/mysql/connection.hpp"

namespace zl::mysql {

/// Lives as long as one run of a call; ConnectionPool::write makes it, commits and rolls back.
class Write {
 public:
  Write(Transaction& transaction, AuditTrail& trail, base::Instant now)
      : transaction_(transaction), trail_(trail), now_(now) {}

  std::uint64_t execute(std::string_view statement) { return transaction_.execute(statement); }
  Rows query(std::string_view statement) { return transaction_.query(statement); }

  /// This host's time when the run began, for `created_at` and the like.
  base::Instant now() const { return now_; }

  /// Adds an audit row at now().
  void audit(const app::Actor& actor, std::string_view action, const base::Bytes16& subject, std::string detail = "{}");

  /// Adds a row to the change feed.
  void change(app::ChangeKind kind, const base::Bytes16& subject, std::uint64_t number = 0);

  /// Marks a creating call, before what it creates is inserted. Done with nothing: it is new (or has no mark). Done
  /// with an id: the same call created that thing earlier. Refused{idempotency_conflict}: the key was used with other
  /// content. Waits for a transaction that holds the same mark.
  base::Outcome<std::optional<base::Bytes16>> mark_creation(const std::optional<app::CreationMark>& mark,
                                                            const base::Bytes16& subject);

 private:
  Transaction& transaction_;
  AuditTrail& trail_;
  base::Instant now_;
};

}  // namespace zl::mysql
