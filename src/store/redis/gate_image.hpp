// A programme's gate as it is built from the ledger: put together under staged keys, then installed in one call.
#pragma once

#include <string>
#include <vector>

#include "app/gate.hpp"
#include "store/redis/resp.hpp"

namespace zl::redis {

/// Clears what an earlier attempt left, then writes the image piece by piece; no piece is without its expiry for longer
/// than it takes to send it.
std::vector<Command> staging_commands(const app::GateImage& image);

/// Puts the staged image in place of the live one.
Command install_command(const app::GateImage& image, const std::string& run_id);

}  // namespace zl::redis
