// One thread's way to MySQL: a connection that is made when needed, with a growing pause after each failure.
#pragma once

#include <atomic>
#include <optional>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "store/mysql/audit_trail.hpp"
#include "store/mysql/connection.hpp"
#include "store/mysql/reached.hpp"

namespace zl::mysql {

/// For one thread. The references outlive it.
class Session {
 public:
  /// `up` and `reached` are told what came of every attempt to connect; the references outlive the session.
  Session(const ConnectionConfig& config, const base::Clock& clock, base::Random& random, std::atomic<bool>& up,
          Reached& reached);

  /// The connection; made anew where there is none, where it is not usable or was idle for long. Throws SqlError
  /// (`lost`) where the server can't be reached, and without trying during the pause after a failure, unless another
  /// session has got through since.
  Connection& connection();

  /// Closes the connection; the next call makes a new one.
  void drop() { connection_.reset(); }

  AuditTrail& trail() { return trail_; }

 private:
  Connection& connect(base::SteadyTime now);

  const ConnectionConfig& config_;
  const base::Clock& clock_;
  base::Random& random_;
  std::atomic<bool>& up_;
  Reached& reached_;

  std::optional<Connection> connection_;
  base::SteadyTime used_at_{};
  base::SteadyTime failed_at_{};
  base::SteadyTime next_attempt_{};
  int pause_ms_ = 0;
  AuditTrail trail_;
};

}  // namespace zl::mysql
