// What the program's commands do; each answers with the status of the process.
#pragma once

#include "server/cli.hpp"
#include "server/config.hpp"

namespace zl::server {

/// Serves until the process is asked to stop. 1 where it can't start, with the reason on standard error.
int serve(const Config& config);

/// Brings the database to this program's version.
int migrate(const Config& config);

/// Creates a staff account; its password comes from a file or from standard input.
int create_admin(const Config& config, const AdminCreate& wanted);

}  // namespace zl::server
