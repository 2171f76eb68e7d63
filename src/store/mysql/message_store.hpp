// app::MessageStore on MySQL.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "app/message_store.hpp"
#include "base/random.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

/// The template ids of the subscription notices by kind, as they are configured; empty where there is none.
using NoticeTemplates = std::array<std::string, domain::all_message_kinds.size() + 1>;

/// `appid` is the service account's, whose people the messages go to.
std::unique_ptr<app::MessageStore> create_message_store(ConnectionPool& pool, base::Random& random, std::string appid,
                                                        NoticeTemplates notices);

}  // namespace zl::mysql
