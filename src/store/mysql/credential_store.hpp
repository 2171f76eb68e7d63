// Shared credentials and the turns to renew them, as rows of `credentials`.
#pragma once

#include <memory>

#include "app/credential_store.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

/// The pool outlives it.
std::unique_ptr<app::CredentialStore> create_credential_store(ConnectionPool& pool);

}  // namespace zl::mysql
