#include "store/mysql/pool.hpp"

#include <thread>

#include "runtime/log.hpp"
#include "store/mysql/session.hpp"

namespace zl::mysql {
namespace {

constexpr int attempts_max = 4;  // the first and three more

/// A pool's threads are its own, so each has one session.
thread_local std::unique_ptr<Session> session_of_this_thread;

/// Faults that say nothing against the call itself: 1213 and 1205 may go away at once, the others may later.
bool is_outage(SqlFault fault) {
  switch (fault) {
    case SqlFault::deadlock:
    case SqlFault::lock_timeout:
    case SqlFault::statement_timeout:
    case SqlFault::lost:
    case SqlFault::unwritable:
      return true;
    case SqlFault::duplicate:
    case SqlFault::constraint:
    case SqlFault::other:
      return false;
  }
  return false;
}

void pause_by_chance(base::Random& random, int attempt) {
  const std::uint64_t longest_ms = std::uint64_t{10} << attempt;
  std::this_thread::sleep_for(std::chrono::milliseconds(1 + random.below(longest_ms)));
}

/// Runs `attempt` again after 1213 and 1205, at most three times, and once on a fresh connection after a lost one.
template <class Attempt>
base::Outcome<base::Done> with_retries(base::Random& random, bool losing_leaves_doubt, Attempt attempt) {
  bool lost_before = false;
  for (int count = 1;; ++count) {
    try {
      return attempt();
    } catch (const SqlError& error) {
      if (!is_outage(error.fault())) throw;
      const bool locked = error.fault() == SqlFault::deadlock || error.fault() == SqlFault::lock_timeout;
      const bool again =
          error.fault() == SqlFault::lost ? !std::exchange(lost_before, true) : locked && count < attempts_max;
      if (!again && losing_leaves_doubt && lost_before) return base::Unknown{error.what()};
      if (!again) return base::Refused{base::Code::unavailable, error.what(), {}, 0};
      if (locked) pause_by_chance(random, count);
    }
  }
}

}  // namespace

ConnectionPool::ConnectionPool(PoolConfig config, const base::Clock& clock, base::Random& random,
                               runtime::Metrics& metrics)
    : config_(std::move(config)),
      clock_(clock),
      random_(random),
      pool_(std::make_shared<runtime::BlockingPool>(
          "mysql", config_.threads, config_.queue_limit, clock,
          runtime::ThreadHooks{[this] {
                                 session_of_this_thread = std::make_unique<Session>(config_.connection, clock_, random_,
                                                                                    *up_, *config_.reached);
                               },
                               [] { session_of_this_thread.reset(); }})) {
  metrics.gauge("zhonglou_mysql_queued", "Calls that wait for a connection to MySQL.", {},
                [pool = pool_] { return static_cast<double>(pool->queued()); });
  metrics.gauge("zhonglou_mysql_busy", "Connections to MySQL in use.", {},
                [pool = pool_] { return static_cast<double>(pool->busy()); });
  metrics.gauge("zhonglou_mysql_up", "1 unless the last attempt to reach MySQL failed.", {},
                [up = up_] { return up->load() ? 1.0 : 0.0; });
}

ConnectionPool::~ConnectionPool() {
  stop();
}

void ConnectionPool::stop() {
  pool_->stop();
}

base::Outcome<base::Done> ConnectionPool::run_with_retries(const std::function<void(Connection&)>& body,
                                                           Losing losing) {
  return with_retries(random_, losing == Losing::leaves_doubt, [&]() -> base::Outcome<base::Done> {
    body(session_of_this_thread->connection());
    return base::Done{};
  });
}

base::Outcome<base::Done> ConnectionPool::write_with_retries(const std::function<bool(Write&)>& body) {
  // Whatever is lost before COMMIT is sent is rolled back.
  base::Outcome<base::Done> outcome =
      with_retries(random_, false, [&] { return write_once(*session_of_this_thread, body); });
  // Where a COMMIT failed the server may have the transaction still, and keeps its locks until the session ends.
  if (outcome.is_unknown()) session_of_this_thread->drop();
  return outcome;
}

base::Outcome<base::Done> ConnectionPool::write_once(Session& session, const std::function<bool(Write&)>& body) {
  AuditTrail& trail = session.trail();
  Transaction transaction(session.connection());
  Write write(transaction, trail, clock_.wall_now());
  bool commits = false;
  try {
    commits = body(write);
  } catch (...) {
    trail.rolled_back();
    throw;
  }
  if (!commits) {
    trail.rolled_back();
    return base::Done{};
  }
  try {
    transaction.commit();
  } catch (const SqlError& error) {
    trail.lost();
    runtime::log::warning("mysql_commit_unknown", {{"code", error.code()}, {"cause", error.what()}});
    return base::Unknown{error.what()};
  }
  trail.committed();
  return base::Done{};
}

}  // namespace zl::mysql
