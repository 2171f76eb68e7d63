#include "store/mysql/write.hpp"

#include <utility>

#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

constexpr std::string_view insert_change = "INSERT INTO changes (kind, subject, number, at) VALUES (?, ?, ?, ?)";

// Locks the mark's row until the transaction ends: the same call made twice at once waits here.
constexpr std::string_view insert_mark =
    "INSERT INTO creation_marks (id, content_hash, subject, created_at) VALUES (?, ?, ?, ?)";

// By primary key. Reads what the transaction that won has committed.
constexpr std::string_view select_mark = "SELECT content_hash, subject FROM creation_marks WHERE id = ?";

}  // namespace

void Write::audit(const app::Actor& actor, std::string_view action, const base::Bytes16& subject, std::string detail) {
  Values rows;
  rows.row(trail_.append(audit_record(actor, action, subject, now_, std::move(detail))));
  transaction_.execute(sql(insert_audit, rows.fragment()));
}

void Write::change(app::ChangeKind kind, const base::Bytes16& subject, std::uint64_t number) {
  transaction_.execute(sql(insert_change, kind, subject, number, now_));
}

base::Outcome<std::optional<base::Bytes16>> Write::mark_creation(const std::optional<app::CreationMark>& mark,
                                                                 const base::Bytes16& subject) {
  if (!mark) return std::optional<base::Bytes16>();
  try {
    transaction_.execute(sql(insert_mark, mark->key, mark->content_hash, subject, now_));
    return std::optional<base::Bytes16>();
  } catch (const SqlError& error) {
    if (error.fault() != SqlFault::duplicate) throw;
  }
  const Rows rows = transaction_.query(sql(select_mark, mark->key));
  if (rows.empty()) return base::Refused{base::Code::unavailable, "the creation mark went away", {}, 0};
  if (rows.front().text(0) != Bytes{{reinterpret_cast<const char*>(mark->content_hash.data()), 32}}.raw) {
    return base::Code::idempotency_conflict;
  }
  return std::optional<base::Bytes16>(rows.front().bytes16(1));
}

}  // namespace zl::mysql
