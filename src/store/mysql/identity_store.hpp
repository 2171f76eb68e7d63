// app::IdentityStore in MySQL.
#pragma once

#include <memory>
#include <string>

#include "app/identity_store.hpp"
#include "base/random.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

/// `appid` is the service account's, whose openids are meant where only an openid is given.
std::unique_ptr<app::IdentityStore> create_identity_store(ConnectionPool& pool, base::Random& random,
                                                          std::string appid);

}  // namespace zl::mysql
