// `zhonglou config check`.
#pragma once

#include <ostream>

#include "server/sources.hpp"

namespace zl::server {

/// Judges what `zhonglou serve` would be given. Prints "configuration ok" and every setting with its source to `out`
/// and returns 0, or every fault to `err` and returns 1.
int check_config(const Sources& sources, std::ostream& out, std::ostream& err);

}  // namespace zl::server
