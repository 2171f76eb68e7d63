// Bounded deletions of what has served its time.
#pragma once

#include <memory>

#include "app/housekeeping.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

std::unique_ptr<app::Retention> create_retention(ConnectionPool& pool);

}  // namespace zl::mysql
