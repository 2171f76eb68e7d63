// Connections for everything but the rush: one per thread of a bounded pool, with the retries that are safe.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "base/clock.hpp"
#include "base/outcome.hpp"
#include "base/random.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/metrics.hpp"
#include "store/mysql/connection.hpp"
#include "store/mysql/reached.hpp"
#include "store/mysql/write.hpp"

namespace zl::mysql {

struct PoolConfig {
  ConnectionConfig connection;
  std::size_t threads = 4;         ///< connections; more: more parallel calls, more sessions in the server
  std::size_t queue_limit = 2048;  ///< calls that wait; beyond it a call is overloaded
  int queue_deadline_ms = 2000;    ///< a call that waits longer for a thread is overloaded
  std::shared_ptr<Reached> reached = std::make_shared<Reached>();  ///< of the database, for all who use it
};

class Session;

/// `read`, `write` and `repeat` call a function on a pool thread and resume the caller on its own loop. The function
/// may be run more than once, so it changes nothing but the database and its own result; what it throws besides
/// SqlError is rethrown.
///
/// Outcomes beside the function's own: Refused{overloaded}: never begun. Refused{unavailable}: no effect; MySQL can't
/// be reached, can't be written, or is locked up after three tries. Unknown: COMMIT was sent and its answer is missing.
/// SqlError of the fault `other`, `duplicate` or `constraint` that the function lets out is thrown to the caller.
class ConnectionPool {
 public:
  /// Registers its gauges; the references outlive the pool. Connects when first used.
  ConnectionPool(PoolConfig config, const base::Clock& clock, base::Random& random, runtime::Metrics& metrics);
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;
  /// stop().
  ~ConnectionPool();

  /// Base::Outcome<T> fn(Connection&): statements that change nothing, each in a transaction of its own.
  template <class F>
  boost::asio::awaitable<std::invoke_result_t<F&, Connection&>> read(F fn) {
    return run(std::move(fn), Losing::changes_nothing);
  }

  /// Base::Outcome<T> fn(Write&): one transaction. Committed where the function is done, rolled back where it refuses.
  template <class F>
  boost::asio::awaitable<std::invoke_result_t<F&, Write&>> write(F fn) {
    using Result = std::invoke_result_t<F&, Write&>;
    return pool_->run(
        [this, fn = std::move(fn)]() mutable -> Result {
          std::optional<Result> result;
          const base::Outcome<base::Done> ended = write_with_retries([&](Write& write) {
            result.emplace(fn(write));
            return result->is_done();
          });
          if (!ended) return ended.as<typename Result::value_type>();
          return *std::move(result);
        },
        deadline());
  }

  /// Base::Outcome<T> fn(Connection&): changes of which each commits by itself and is the same when made twice. Unknown
  /// where the connection was lost on the way and no answer came in the end. Refused{unavailable}: those before the
  /// last may have been made.
  template <class F>
  boost::asio::awaitable<std::invoke_result_t<F&, Connection&>> repeat(F fn) {
    return run(std::move(fn), Losing::leaves_doubt);
  }

  /// False since the last attempt to reach MySQL failed.
  bool up() const { return up_->load(std::memory_order_relaxed); }

  /// Finishes what is queued, then closes the connections. Not callable on a loop.
  void stop();

 private:
  /// What a call whose connection is lost again and again has left behind.
  enum class Losing { changes_nothing = 1, leaves_doubt };

  template <class F>
  boost::asio::awaitable<std::invoke_result_t<F&, Connection&>> run(F fn, Losing losing) {
    using Result = std::invoke_result_t<F&, Connection&>;
    return pool_->run(
        [this, fn = std::move(fn), losing]() mutable -> Result {
          std::optional<Result> result;
          const base::Outcome<base::Done> ended =
              run_with_retries([&](Connection& connection) { result.emplace(fn(connection)); }, losing);
          if (!ended) return ended.as<typename Result::value_type>();
          return *std::move(result);
        },
        deadline());
  }

  base::SteadyTime deadline() const {
    return clock_.steady_now() + std::chrono::milliseconds(config_.queue_deadline_ms);
  }

  base::Outcome<base::Done> run_with_retries(const std::function<void(Connection&)>& body, Losing losing);
  base::Outcome<base::Done> write_with_retries(const std::function<bool(Write&)>& body);
  base::Outcome<base::Done> write_once(Session& session, const std::function<bool(Write&)>& body);

  const PoolConfig config_;
  const base::Clock& clock_;
  base::Random& random_;
  // Shared with the gauges, which may be read for longer than the pool lives.
  std::shared_ptr<std::atomic<bool>> up_ = std::make_shared<std::atomic<bool>>(true);
  std::shared_ptr<runtime::BlockingPool> pool_;
};

}  // namespace zl::mysql
