#include "store/mysql/batch_runner.hpp"

#include <chrono>
#include <thread>

#include "base/crash_point.hpp"
#include "runtime/log.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

constexpr int pause_max_ms = 20;

// Our own sessions are to be seen without a privilege.
constexpr std::string_view select_committing =
    "SELECT id FROM information_schema.processlist WHERE id = ? AND info LIKE '%COMMIT'";

}  // namespace

BatchRunner::BatchRunner(const RunnerConfig& config, Session& session, const base::Clock& clock, base::Random& random)
    : config_(config), session_(session), clock_(clock), random_(random) {}

Ran BatchRunner::run(const Body& body) {
  Tries tries;
  for (;;) {
    bool commit_sent = false;
    std::uint64_t session_id = 0;
    try {
      Connection& connection = session_.connection();
      session_id = connection.id();
      kill_old_sessions(connection);
      return attempt(body, commit_sent);
    } catch (const SqlError& error) {
      note_failure(error, session_id, commit_sent);
      const bool rejected = error.fault() == SqlFault::duplicate || error.fault() == SqlFault::constraint ||
                            error.fault() == SqlFault::other;
      if (rejected && !commit_sent) return Ran::rejected;
      if (!may_go_on(error.fault(), tries)) return in_doubt_ ? Ran::unknown : Ran::unavailable;
    }
    // By chance, so that two who got in each other's way don't do so again.
    std::this_thread::sleep_for(std::chrono::milliseconds(random_.below(pause_max_ms)));
  }
}

Ran BatchRunner::attempt(const Body& body, bool& commit_sent) {
  AuditTrail& trail = session_.trail();
  Transaction transaction(session_.connection());
  if (!body(transaction, trail)) {
    trail.rolled_back();
    return Ran::rolled_back;
  }
  try {
    transaction.commit();
  } catch (const SqlError&) {
    commit_sent = !transaction.open();
    throw;
  }
  ZL_CRASH_POINT("ledger.committed");
  trail.committed();
  return Ran::committed;
}

void BatchRunner::note_failure(const SqlError& error, std::uint64_t session_id, bool commit_sent) {
  if (commit_sent) {
    session_.trail().lost();
    if (!in_doubt_) settle_until_ = clock_.steady_now() + std::chrono::milliseconds(config_.settle_timeout_ms);
    in_doubt_ = true;
    runtime::log::warning("ledger_commit_unknown", {{"code", error.code()}, {"cause", error.what()}});
  } else {
    session_.trail().rolled_back();
  }
  if (commit_sent || error.fault() == SqlFault::lost) {
    // The server may still be at work for it, and hold its locks.
    if (session_id != 0) old_sessions_.push_back(session_id);
    session_.drop();
  }
}

void BatchRunner::kill_old_sessions(Connection& connection) {
  for (const std::uint64_t id : old_sessions_) {
    try {
      // One that waits for room for MariaDB's binary log would leave half an event there (MDEV-27803). It goes on by
      // itself.
      if (!connection.query(sql(select_committing, id)).empty()) continue;
      connection.execute(sql("KILL ?", id));
    } catch (const SqlError& error) {
      // There is no such session any more, which is what was wanted.
      if (error.fault() != SqlFault::other) throw;
    }
  }
  old_sessions_.clear();
}

bool BatchRunner::may_go_on(SqlFault fault, Tries& tries) {
  if (in_doubt_) return in_time();
  switch (fault) {
    case SqlFault::deadlock:
    case SqlFault::lock_timeout:
    case SqlFault::statement_timeout:
      return ++tries.locked <= config_.locked_attempts;
    case SqlFault::lost:
      return ++tries.lost <= 1;
    case SqlFault::duplicate:
    case SqlFault::constraint:
    case SqlFault::unwritable:
    case SqlFault::other:
      return false;
  }
  return false;
}

bool BatchRunner::in_time() const {
  return clock_.steady_now() < settle_until_;
}

}  // namespace zl::mysql
