// What must hold between the ledger's rows, as statements: each gives a sentence for every fault.
#pragma once

#include <vector>

#include "app/verify.hpp"
#include "store/mysql/connection.hpp"

namespace zl::mysql {

/// Runs every check in the connection's transaction.
std::vector<app::CheckReport> check_ledger(Connection& connection);

}  // namespace zl::mysql
