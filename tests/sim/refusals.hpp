// Whether refusals were true: each rule that an answer gave as broken, and not only provisionally, was broken at some
// moment between the request and its answer, or a moment before that memory may still have known.
#pragma once

#include <string>

#include "sim/history.hpp"
#include "sim/timeline.hpp"

namespace zl::sim {

/// The first one without a reason; empty where all had one.
std::string untrue_refusal(const History& history, const Timeline& timeline, const Setting& setting,
                           const MysqlSim& mysql);

}  // namespace zl::sim
