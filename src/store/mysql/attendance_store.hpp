// Attendance in MySQL: check-ins through the writers' group commits, undoing and rosters through the pool.
#pragma once

#include <memory>

#include "app/attendance_store.hpp"
#include "store/mysql/pool.hpp"
#include "store/mysql/writer_pool.hpp"

namespace zl::mysql {

/// Both pools outlive the store; stopping them is their owner's.
std::unique_ptr<app::AttendanceStore> create_attendance_store(WriterPool& writers, ConnectionPool& pool);

}  // namespace zl::mysql
