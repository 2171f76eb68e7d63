// The reconciler's turn, as a row of `leases`.
#pragma once

#include <memory>

#include "app/reconcile.hpp"
#include "base/random.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

/// A turn lasts five seconds unless it is kept; times are by MySQL's clock, so that the hosts' clocks don't matter.
std::unique_ptr<app::ReconcilerLease> create_reconciler_lease(ConnectionPool& pool, base::Random& random);

}  // namespace zl::mysql
