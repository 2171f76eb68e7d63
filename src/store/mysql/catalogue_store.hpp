// Stations, programmes and activities in MySQL.
#pragma once

#include <memory>

#include "app/catalogue_store.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

/// The pool outlives it.
std::unique_ptr<app::CatalogueStore> create_catalogue_store(ConnectionPool& pool);

}  // namespace zl::mysql
