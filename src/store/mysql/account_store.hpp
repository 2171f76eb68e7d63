// Staff accounts, and the end of tokens of users and staff, in MySQL.
#pragma once

#include <memory>

#include "app/people_store.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

/// The pool outlives it.
std::unique_ptr<app::AccountStore> create_account_store(ConnectionPool& pool);

}  // namespace zl::mysql
