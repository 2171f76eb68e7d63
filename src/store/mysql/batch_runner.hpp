// Runs a batch's transaction until it is known what became of it, or until that can't be learned in time.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "store/mysql/audit_trail.hpp"
#include "store/mysql/connection.hpp"
#include "store/mysql/session.hpp"

namespace zl::mysql {

/// What a transaction came to.
enum class Ran {
  committed = 1,
  rolled_back,  ///< as its body wished; what it read is true
  rejected,     ///< by a row: a unique key, a constraint, a fault of ours; it had no effect
  unavailable,  ///< MySQL can't be reached, can't be written, or stays locked; it had no effect
  unknown,      ///< a COMMIT was sent whose answer never came
};

struct RunnerConfig {
  int locked_attempts = 3;       ///< further attempts after 1213 and 1205
  int settle_timeout_ms = 3000;  ///< how long a COMMIT without an answer is followed up; the thread is held for so long
};

/// For one batch, on one thread. Once a COMMIT went unanswered, no later run says `unavailable` or starts from scratch:
/// the old session is killed, and the run after it waits for the locks that the old one holds and then sees its rows.
class BatchRunner {
 public:
  using Body = std::function<bool(Transaction&, AuditTrail&)>;

  BatchRunner(const RunnerConfig& config, Session& session, const base::Clock& clock, base::Random& random);

  /// Calls the body in a transaction, more than once if need be: true commits, false rolls back.
  Ran run(const Body& body);

  /// A COMMIT of this batch went unanswered, and nothing has settled it since.
  bool in_doubt() const { return in_doubt_; }

  base::Random& random() const { return random_; }

 private:
  struct Tries {
    int locked = 0;
    int lost = 0;
  };

  Ran attempt(const Body& body, bool& commit_sent);
  void kill_old_sessions(Connection& connection);
  bool may_go_on(SqlFault fault, Tries& tries);
  bool in_time() const;
  void note_failure(const SqlError& error, std::uint64_t session_id, bool commit_sent);

  const RunnerConfig& config_;
  Session& session_;
  const base::Clock& clock_;
  base::Random& random_;
  std::vector<std::uint64_t> old_sessions_;
  bool in_doubt_ = false;
  base::SteadyTime settle_until_{};  ///< while in doubt
};

}  // namespace zl::mysql
