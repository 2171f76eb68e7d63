// Whose turn it is to do what one process at a time should do: the rows of `leases`.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>

#include "app/reconcile.hpp"
#include "base/id.hpp"
#include "base/random.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

using LeaseOwner = base::Id<struct LeaseOwnerTag>;

/// Takes or keeps the turn of this name for five seconds by MySQL's clock, so that the hosts' clocks don't matter; one
/// statement, to be run again with the same effect. False where it is somebody else's.
bool take_turn(Connection& connection, std::string_view name, const LeaseOwner& owner);

/// The reconciler's turn.
/// Asking for it is the one write that every process makes again and again, whether or not it gets it: `writable` is
/// told whether MySQL takes writes, and outlives the lease and the pool.
std::unique_ptr<app::ReconcilerLease> create_reconciler_lease(ConnectionPool& pool, base::Random& random,
                                                              std::atomic<bool>& writable);

}  // namespace zl::mysql
