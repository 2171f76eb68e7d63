#include "app/housekeeping.hpp"

#include <chrono>

namespace zl::app {
namespace {

constexpr std::chrono::minutes interval{10};
constexpr std::chrono::hours changes_kept{24};
constexpr std::chrono::hours marks_kept{24 * 7};
constexpr base::Milliseconds between_calls{100};

}  // namespace

asio::awaitable<void> keep_house(Retention& retention, const base::Clock& clock, runtime::TaskGroup& group) {
  while (!group.stopping()) {
    const base::Instant now = clock.wall_now();
    const RetentionLimits limits{now - changes_kept, now - marks_kept, now};
    while (!group.stopping()) {
      const base::Outcome<std::uint64_t> purged = co_await retention.purge(limits);
      if (!purged || *purged == 0) break;
      co_await group.sleeper().sleep_for(between_calls);
    }
    co_await group.sleeper().sleep_for(interval);
  }
}

}  // namespace zl::app
