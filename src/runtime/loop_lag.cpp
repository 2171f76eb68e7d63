#include "runtime/loop_lag.hpp"

#include "runtime/loops.hpp"

namespace zl::runtime {
namespace {

constexpr base::Milliseconds period{20};

}  // namespace

boost::asio::awaitable<void> LoopLag::watch(std::size_t loop, TaskGroup& group) {
  Lateness& lateness = slots_[loop].lateness;
  while (!group.stopping()) {
    lateness.expect(clock_.steady_now() + period);
    co_await group.sleeper().sleep_for(period);
    lateness.came(clock_.steady_now());
  }
}

bool LoopLag::is_late(base::SteadyTime now) const {
  return slots_[Loops::current()].lateness.now(now) > target_;
}

}  // namespace zl::runtime
