// Examines the audit's chains and their seals, row by row, in pages.
#pragma once

#include <optional>

#include "app/verify.hpp"
#include "store/mysql/connection.hpp"
#include "store/mysql/verify_ledger.hpp"

namespace zl::mysql {

/// Every chain begins at 1 and has no gap, every row names the hash of the one before and has its own; the bookings of
/// a group commit exist as it tells and name its row, and what it tells of as cancelled is.
app::CheckReport check_chains(Connection& connection);

/// Seals are numbered from 1 without a gap, each follows from the one before, and the rows that they sealed are there
/// as they were. `known` must be among them.
app::CheckReport check_seals(Connection& connection, const std::optional<KnownSeal>& known);

}  // namespace zl::mysql
