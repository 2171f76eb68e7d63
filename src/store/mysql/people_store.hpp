// Users and their attendees in MySQL.
#pragma once

#include <memory>

#include "app/people_store.hpp"
#include "base/random.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

/// Both outlive it; users' ids come from `random`.
std::unique_ptr<app::PeopleStore> create_people_store(ConnectionPool& pool, base::Random& random);

}  // namespace zl::mysql
