// app::MessageStore on MySQL.
#pragma once

#include <memory>
#include <string>

#include "app/message_store.hpp"
#include "base/random.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

/// `appid` is the service account's, whose people the messages go to.
std::unique_ptr<app::MessageStore> create_message_store(ConnectionPool& pool, base::Random& random, std::string appid);

}  // namespace zl::mysql
