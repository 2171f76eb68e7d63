// Reading the audit table in MySQL.
#pragma once

#include <memory>

#include "app/attendance_store.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

/// The pool outlives it.
std::unique_ptr<app::AuditStore> create_audit_store(ConnectionPool& pool);

}  // namespace zl::mysql
