// app::LoginStates in MySQL.
#pragma once

#include <memory>

#include "app/login_states.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

std::unique_ptr<app::LoginStates> create_login_states(ConnectionPool& pool);

}  // namespace zl::mysql
