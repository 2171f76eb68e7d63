// The seats of a family's children.
#pragma once

#include <memory>

#include "app/family_store.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

std::unique_ptr<app::FamilyStore> create_family_store(ConnectionPool& pool);

}  // namespace zl::mysql
