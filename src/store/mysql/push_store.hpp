// Pushes that were dealt with, choices that were told, and counts of followers.
#pragma once

#include <memory>

#include "app/push_store.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

std::unique_ptr<app::PushStore> create_push_store(ConnectionPool& pool);

}  // namespace zl::mysql
