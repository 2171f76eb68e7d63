// The numbered change table in MySQL.
#pragma once

#include <memory>

#include "app/catalogue_store.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

/// The pool outlives it.
std::unique_ptr<app::ChangeFeed> create_change_feed(ConnectionPool& pool);

}  // namespace zl::mysql
