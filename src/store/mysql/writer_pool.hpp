// The writers of the ledger: each puts whatever has queued while its last commit ran into the next one. No timer:
// batches grow with the load.
//
// A place is taken before the gate is asked, so a writer knows how many items are on their way to it, and waits for
// them a little rather than split them over two commits (batch_start.hpp). It has several lanes, each a thread with a
// session of its own: under a heavy load one inserts its batch while another commits (book_batch.hpp).
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "app/booking_ledger.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "runtime/guard.hpp"
#include "runtime/metrics.hpp"
#include "runtime/resumption.hpp"
#include "store/mysql/batch_plan.hpp"
#include "store/mysql/batch_runner.hpp"
#include "store/mysql/batch_start.hpp"
#include "store/mysql/cancel_batch.hpp"
#include "store/mysql/check_in_batch.hpp"
#include "store/mysql/connection.hpp"
#include "store/mysql/held_memory.hpp"
#include "store/mysql/queue_limit.hpp"
#include "store/mysql/reached.hpp"

namespace zl::mysql {

struct WriterConfig {
  ConnectionConfig connection;     ///< `autocommit` is set to false, `packets` to true
  std::size_t writers = 2;         ///< queues; more: more commits at a time, smaller batches
  std::size_t lanes = 2;           ///< threads of each writer
  std::size_t queue_limit = 4096;  ///< items of one writer between take_place() and their answer
  std::size_t batch_limit = 256;   ///< items in one transaction; more: longer locks
  int queue_target_ms = 250;       ///< bookings are not taken where they would wait longer; fewer: shorter waits
  int arrival_patience_ms = 5;  ///< how long a batch waits for items on their way, at most; more: fewer, later commits
  int item_deadline_ms = 5000;  ///< an item that waited longer is overloaded, never begun
  RunnerConfig runner;
  std::shared_ptr<Reached> reached = std::make_shared<Reached>();  ///< of the database, for all who use it
};

class WriterPool {
 public:
  /// Starts the threads and registers metrics; the references outlive the pool.
  WriterPool(const WriterConfig& config, const base::Clock& clock, base::Random& random, runtime::Metrics& metrics);
  WriterPool(const WriterPool&) = delete;
  WriterPool& operator=(const WriterPool&) = delete;
  /// stop().
  ~WriterPool();

  /// For a booking. Nothing where the queue is longer than its target allows, the last quarter for those who come
  /// again.
  std::optional<runtime::CountGuard> take_place(const base::ProgrammeId& programme_id, app::Turn turn);
  /// For a cancellation or a check-in: they are few, and wait behind the bookings that were let in. Nothing where the
  /// queue is full.
  std::optional<runtime::CountGuard> take_place(const base::ProgrammeId& programme_id);

  /// The place is of the same programme. The caller resumes on its own loop. Refused{overloaded}: never begun.
  boost::asio::awaitable<BookAnswer> book(runtime::CountGuard place, app::LedgerItem item);
  boost::asio::awaitable<CancelAnswer> cancel(runtime::CountGuard place, base::ProgrammeId programme_id,
                                              CancelItem item);
  boost::asio::awaitable<CheckInAnswer> check_in(runtime::CountGuard place, app::CheckInItem item);

  /// Takes nothing more, commits what is queued, joins the threads. Not callable on a loop.
  void stop();

  /// Items that no batch has taken yet.
  std::size_t queued() const;

  /// False since the last attempt of a writer to reach MySQL failed.
  bool up() const { return up_->load(std::memory_order_relaxed); }

 private:
  /// Lives in the frame of book(), cancel() or check_in(), which stays suspended until it is answered.
  struct BookJob {
    app::LedgerItem item;
    std::optional<BookAnswer> answer;
  };
  struct CancelJob {
    CancelItem item;
    std::optional<CancelAnswer> answer;
  };
  struct CheckInJob {
    app::CheckInItem item;
    std::optional<CheckInAnswer> answer;
  };
  using Job = std::variant<BookJob*, CancelJob*, CheckInJob*>;
  struct Entry {
    Job job;
    base::SteadyTime queued_at;
    runtime::Resumption<bool> resume;
    runtime::CountGuard place;  ///< given back when it is answered
  };
  struct Lane {
    std::condition_variable called;
    bool free = false;  // waits for items; under the writer's mutex
    std::thread thread;
  };
  struct Writer {
    explicit Writer(const WriterConfig& config)
        : places(config.queue_limit),
          limit(std::chrono::milliseconds(config.queue_target_ms), config.batch_limit,
                config.queue_limit - config.queue_limit / 8),
          lanes(config.lanes) {}

    runtime::BoundedCount places;
    QueueLimit limit;  ///< of the places, for bookings; an eighth is never theirs
    std::mutex mutex;
    std::deque<Entry> queue;                  // under mutex
    std::size_t committing = 0;               // items that lanes have taken and not answered; under mutex
    std::size_t busy = 0;                     // lanes that have items; under mutex
    base::SteadyTime::duration batch_time{};  // of the last batch; under mutex
    bool stopping = false;                    // under mutex
    SharedHeldMemory memory;
    std::vector<Lane> lanes;  // work goes to the first that is free, so that a small load needs one session
  };

  Writer& writer_of(const base::ProgrammeId& programme_id);
  boost::asio::awaitable<bool> wait_in_queue(Writer& writer, Job job, runtime::CountGuard place);
  void enqueue(Writer& writer, Entry entry);
  void work(Writer& writer, Lane& lane);
  std::vector<Entry> next_batch(Writer& writer, Lane& lane);
  void await_batch(Writer& writer, Lane& lane, std::unique_lock<std::mutex>& lock) const;
  static Lane* first_free(Writer& writer);
  BatchStart start_of(const Writer& writer) const;
  static void answer(Entry entry);
  static void begin_commit(Writer& writer, base::SteadyTime now);
  static void end_commit(Writer& writer, base::SteadyTime began, base::SteadyTime now);
  static void end_batch(Writer& writer, const Lane& lane, std::size_t count, base::SteadyTime::duration took);
  void refuse_expired(std::vector<Entry>& entries);
  void commit(Session& session, SharedHeldMemory& memory, std::vector<Entry>& entries);
  void book_all(BatchRunner& runner, SharedHeldMemory& memory, std::vector<Entry>& entries);
  void cancel_all(BatchRunner& runner, std::vector<Entry>& entries);
  void check_in_all(BatchRunner& runner, std::vector<Entry>& entries);

  const WriterConfig config_;
  const base::Clock& clock_;
  base::Random& random_;
  runtime::Histogram& queue_seconds_;
  runtime::Histogram& commit_seconds_;
  runtime::Histogram& batch_items_;
  // Shared with the gauges, which may be read for longer than the pool lives.
  std::shared_ptr<std::atomic<bool>> up_ = std::make_shared<std::atomic<bool>>(true);
  std::vector<std::shared_ptr<Writer>> writers_;
};

}  // namespace zl::mysql
