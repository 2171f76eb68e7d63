// Forgets what has served its time: rows that grow with use and that nobody reads any more.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>

#include "app/gate.hpp"
#include "app/identity_store.hpp"
#include "base/clock.hpp"
#include "base/outcome.hpp"
#include "runtime/task_group.hpp"

namespace zl::app {

/// What is older goes. Ended tokens go when they expire.
struct RetentionLimits {
  base::Instant changes_before;  ///< a process that starts reads everything; a running one is at most seconds behind
  base::Instant marks_before;    ///< Idempotency-Keys of creating calls
  base::Instant tokens_before;
  base::Instant logins_before;   ///< begun by way of the chat platform
  base::Instant pushes_before;   ///< the platform repeats a push within a minute
  base::Instant choices_before;  ///< numbers that somebody could choose from in the chat
};

/// Port: bounded deletions; called again while something is left.
class Retention {
 public:
  virtual ~Retention() = default;
  /// The number of rows that went, at most a few thousand a call.
  virtual asio::awaitable<base::Outcome<std::uint64_t>> purge(const RetentionLimits& limits) = 0;
};

/// Purges every ten minutes until the group stops.
asio::awaitable<void> keep_house(Retention& retention, const base::Clock& clock, runtime::TaskGroup& group);

/// Wipes who left longer ago than `grace`, every ten minutes until the group stops.
asio::awaitable<void> forget_who_left(IdentityStore& identities, base::Milliseconds grace, const base::Clock& clock,
                                      runtime::TaskGroup& group);

}  // namespace zl::app
