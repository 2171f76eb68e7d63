// What the audit tells, held against what the stores have and what was asked for: every change once, by who asked for
// it and was not told that nothing was done.
#pragma once

#include <string>

#include "sim/history.hpp"
#include "sim/mysql_sim.hpp"

namespace zl::sim {

/// The first row that is untrue or missing, in words; empty where there is none. To be asked when nothing is open.
std::string untrue_audit(const History& history, const MysqlSim& mysql);

}  // namespace zl::sim
