// The reconciler's turn, as a row of `leases`.
#pragma once

#include <atomic>
#include <memory>

#include "app/reconcile.hpp"
#include "base/random.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

/// A turn lasts five seconds unless it is kept; times are by MySQL's clock, so that the hosts' clocks don't matter.
/// Asking for it is the one write that every process makes again and again, whether or not it gets it: `writable` is
/// told whether MySQL takes writes, and outlives the lease and the pool.
std::unique_ptr<app::ReconcilerLease> create_reconciler_lease(ConnectionPool& pool, base::Random& random,
                                                              std::atomic<bool>& writable);

}  // namespace zl::mysql
