// Statements that fail in the transactions of writers, of one booking and of several in a batch.
#pragma once

#include <atomic>

#include "statement_fault_trials.hpp"
#include "store/mysql/book_batch.hpp"

namespace zl::test {

class BatchFaultsTest : public StatementFaultsTest {
 protected:
  std::vector<std::uint64_t> facts(const app::LedgerItem& item) {
    return {seats_taken(item.wish.activity_id), active_bookings(item.wish.activity_id), outbox_rows(item.wish.id),
            audit_entries(item.wish.id)};
  }

  /// In one batch, as a writer does.
  std::vector<mysql::BookAnswer> book_together(std::vector<app::LedgerItem> items) {
    mysql::BatchRunner runner(runner_config_, session_, clock_, random_);
    return mysql::book_batch(runner, memory_, std::move(items));
  }

 private:
  mysql::ConnectionConfig as_writers() const {
    mysql::ConnectionConfig connection = config_.connection;
    connection.address = "unix://" + (stores().folder() / "faults.sock").string();
    connection.autocommit = false;
    connection.packets = true;
    return connection;
  }

  std::atomic<bool> up_ = true;
  mysql::Reached reached_;
  const mysql::RunnerConfig runner_config_;
  const mysql::ConnectionConfig writers_connection_ = as_writers();
  mysql::Session session_{writers_connection_, clock_, random_, up_, reached_};
  mysql::SharedHeldMemory memory_;
};

}  // namespace zl::test
