#include "app/housekeeping.hpp"

#include <chrono>

namespace zl::app {
namespace {

constexpr std::chrono::minutes interval{10};
constexpr std::chrono::hours changes_kept{24};
constexpr std::chrono::hours marks_kept{24 * 7};
constexpr std::chrono::minutes logins_kept{30};  // they are good for ten; hosts' clocks may differ
constexpr std::chrono::hours pushes_kept{24};
constexpr std::chrono::hours choices_kept{1};
constexpr base::Milliseconds between_calls{100};

}  // namespace

asio::awaitable<void> keep_house(Retention& retention, const base::Clock& clock, runtime::TaskGroup& group) {
  while (!group.stopping()) {
    const base::Instant now = clock.wall_now();
    const RetentionLimits limits{now - changes_kept, now - marks_kept,  now,
                                 now - logins_kept,  now - pushes_kept, now - choices_kept};
    while (!group.stopping()) {
      const base::Outcome<std::uint64_t> purged = co_await retention.purge(limits);
      if (!purged || *purged == 0) break;
      co_await group.sleeper().sleep_for(between_calls);
    }
    co_await group.sleeper().sleep_for(interval);
  }
}

asio::awaitable<void> forget_who_left(IdentityStore& identities, base::Milliseconds grace, const base::Clock& clock,
                                      runtime::TaskGroup& group) {
  while (!group.stopping()) {
    while (!group.stopping()) {
      const base::Outcome<std::uint64_t> wiped = co_await identities.wipe(clock.wall_now() - grace);
      if (!wiped || *wiped == 0) break;
      co_await group.sleeper().sleep_for(between_calls);
    }
    co_await group.sleeper().sleep_for(interval);
  }
}

}  // namespace zl::app
