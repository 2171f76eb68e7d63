// Rules that hold between settings, where each by itself is within its bounds.
#pragma once

#include <vector>

#include "server/values.hpp"

namespace zl::server {

/// Adds a fault for every rule that the values break; each names the key to change and the other one with its value.
void check_rules(const Values& values, Purpose purpose, std::vector<Fault>& faults);

}  // namespace zl::server
