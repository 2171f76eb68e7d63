// What a ledger that was put back to an earlier moment has to be told before anybody books in it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>

#include "base/outcome.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

/// So many times a gate may have been rebuilt between the moment that the ledger was put back to and its end.
inline constexpr std::uint64_t epochs_skipped = 10'000;

/// Leaves out epochs and fences all grants of those before, for every programme: whatever a Redis still knows of the
/// time that is gone is older than the ledger, grants nothing that can commit, and is rebuilt. The audit tells of it.
/// The number of programmes. No server may run. A second run leaves out further epochs, which there are for sixteen
/// hundred runs.
boost::asio::awaitable<base::Outcome<std::uint64_t>> outdate_gates(ConnectionPool& pool);

}  // namespace zl::mysql
