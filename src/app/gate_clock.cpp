#include "app/gate_clock.hpp"

#include <chrono>

namespace zl::app {

asio::awaitable<bool> GateClock::synchronise(Gate& gate) {
  const std::int64_t asked_ms = steady_ms();
  const base::Outcome<base::Instant> answer = co_await gate.time();
  const std::int64_t answered_ms = steady_ms();
  if (!answer || answered_ms - asked_ms > clock_margin.count()) co_return false;
  const std::int64_t middle_ms = asked_ms + (answered_ms - asked_ms) / 2;
  offset_ms_.store(answer->unix_ms - middle_ms, std::memory_order_relaxed);
  synchronised_.store(true, std::memory_order_release);
  co_return true;
}

asio::awaitable<void> GateClock::keep(Gate& gate, runtime::TaskGroup& group) {
  while (!group.stopping()) {
    co_await synchronise(gate);
    co_await group.sleeper().sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace zl::app
