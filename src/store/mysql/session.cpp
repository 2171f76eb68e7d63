#include "store/mysql/session.hpp"

#include <algorithm>
#include <chrono>

#include "runtime/log.hpp"

namespace zl::mysql {
namespace {

constexpr int first_pause_ms = 50;
constexpr int longest_pause_ms = 1000;

}  // namespace

Session::Session(const ConnectionConfig& config, const base::Clock& clock, base::Random& random, std::atomic<bool>& up,
                 Reached& reached)
    : config_(config), clock_(clock), random_(random), up_(up), reached_(reached), trail_(random) {}

Connection& Session::connection() {
  const base::SteadyTime now = clock_.steady_now();
  const bool fresh =
      connection_ && connection_->usable() && now - used_at_ < std::chrono::seconds(connection_->idle_limit_s());
  used_at_ = now;
  if (fresh) return *connection_;
  connection_.reset();
  return connect(now);
}

Connection& Session::connect(base::SteadyTime now) {
  const bool pausing = now < next_attempt_ && !reached_.since(failed_at_);
  if (pausing) throw SqlError(2002, SqlFault::lost, "waiting before the next attempt to connect");
  try {
    connection_.emplace(config_);
  } catch (const SqlError& error) {
    pause_ms_ = std::clamp(pause_ms_ * 2, first_pause_ms, longest_pause_ms);
    // Half of it by chance, so that the threads of many processes don't come back in step.
    const auto pause = static_cast<std::uint64_t>(pause_ms_ / 2) + random_.below(static_cast<std::uint64_t>(pause_ms_));
    failed_at_ = clock_.steady_now();
    next_attempt_ = now + std::chrono::milliseconds(pause);
    up_.store(false, std::memory_order_relaxed);
    runtime::log::warning("mysql_connect_failed", {{"code", error.code()}, {"cause", error.what()}});
    throw;
  }
  pause_ms_ = 0;
  up_.store(true, std::memory_order_relaxed);
  reached_.note(clock_.steady_now());
  return *connection_;
}

}  // namespace zl::mysql
