// What operators do with the stores beside the server; each answers with the status of the process.
#pragma once

#include "server/cli.hpp"
#include "server/config.hpp"

namespace zl::server {

/// Status of a verify() that could not look.
inline constexpr int could_not_verify = 2;

/// Examines ledger, audit and gates and prints what it counted and found. 0 clean, 1 faults.
int verify(const Config& config, const Verify& wanted);

/// After a restore to an earlier moment, before any server starts: see mysql::outdate_gates. 1 where it was not done.
int restored(const Config& config);

}  // namespace zl::server
