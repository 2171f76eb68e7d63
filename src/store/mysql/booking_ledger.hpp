// The ledger's port on MySQL: bookings and cancellations through the writers, the rest through the pool.
#pragma once

#include <memory>

#include "app/booking_ledger.hpp"
#include "store/mysql/pool.hpp"
#include "store/mysql/writer_pool.hpp"

namespace zl::mysql {

/// Both pools outlive the ledger; stopping them is their owner's.
std::unique_ptr<app::BookingLedger> create_booking_ledger(WriterPool& writers, ConnectionPool& pool);

}  // namespace zl::mysql
