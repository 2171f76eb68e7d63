// The group-commit writer of a server.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "app/booking_ledger.hpp"
#include "sim/mysql_sim.hpp"
#include "sim/setting.hpp"

namespace zl::sim {

/// Puts what queued while the last commit ran into the next one. Shared with what is on its way.
class Writer : public std::enable_shared_from_this<Writer> {
 public:
  using BookCall = Call<base::Outcome<app::LedgerAnswer>>;
  using CancelCall = Call<base::Outcome<app::Cancelled>>;
  struct Cancellation {
    base::BookingId id;
    app::Actor actor;
    base::Instant now;
  };

  Writer(Setting& setting, MysqlSim& mysql, Owner owner) : setting_(setting), mysql_(mysql), owner_(owner) {}

  void book(app::LedgerItem item, const std::shared_ptr<BookCall>& call);
  void cancel(Cancellation wish, const std::shared_ptr<CancelCall>& call);

 private:
  struct BookJob {
    app::LedgerItem item;
    std::weak_ptr<BookCall> call;
    std::optional<base::Outcome<app::LedgerAnswer>> answer;
  };
  struct CancelJob {
    Cancellation wish;
    std::weak_ptr<CancelCall> call;
    std::optional<base::Outcome<app::Cancelled>> answer;
  };
  struct Entry {
    std::variant<BookJob, CancelJob> job;
    std::int64_t queued_us = 0;
  };
  struct Entries : std::vector<Entry> {
    int attempt = 1;
    bool in_doubt = false;  ///< a COMMIT of it was sent and never answered
  };
  using Batch = std::shared_ptr<Entries>;

  void begin();
  bool refuse_late(Entry& entry);
  void send(const Batch& batch);
  void deliver(const Batch& batch);
  void commit(const Batch& batch);
  bool try_again(const Batch& batch);
  void commit_late(const Batch& batch);
  void apply(const Batch& batch);
  static void answer_all(const Batch& batch);
  /// Two of the planted bugs.
  static void name_the_first(Entries& batch);
  void audit_late(const Entries& batch) const;
  void finish(const Batch& batch, std::int64_t delay_us);

  Setting& setting_;
  MysqlSim& mysql_;
  const Owner owner_;
  bool busy_ = false;
  std::deque<Entry> queue_;
};

}  // namespace zl::sim
