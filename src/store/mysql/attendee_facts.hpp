// Reads what a booking has to know of attendees. Who is asked for while reads are under way goes into the next one
// together: a server that has just started knows nobody, and then thousands press at once.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "app/people_store.hpp"
#include "base/outcome.hpp"
#include "runtime/resumption.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

struct FactsLimits {
  std::size_t reads_at_once = 2;        ///< connections of the pool; more: smaller reads
  std::size_t attendees_at_once = 512;  ///< of one read
  std::size_t waiting = 16'384;         ///< who wait for a read to begin; beyond it a call is overloaded
};

/// Thread-safe.
class AttendeeFactsReader {
 public:
  using Answer = base::Outcome<std::optional<app::AttendeeFacts>>;

  /// The pool outlives it.
  explicit AttendeeFactsReader(ConnectionPool& pool, FactsLimits limits = {}) : pool_(pool), limits_(limits) {}
  AttendeeFactsReader(const AttendeeFactsReader&) = delete;
  AttendeeFactsReader& operator=(const AttendeeFactsReader&) = delete;

  /// Nothing where there is no such attendee. Read after this call, never before. Refused as by ConnectionPool::read.
  boost::asio::awaitable<Answer> read(base::AttendeeId id);

 private:
  using Found = std::unordered_map<base::AttendeeId, app::AttendeeFacts>;
  /// Resumed without an answer, a caller reads for itself and for those who wait.
  struct Waiting {
    base::AttendeeId id;
    runtime::Resumption<std::optional<Answer>> caller;
  };

  void enter(Waiting waiting);
  boost::asio::awaitable<Answer> read_for_all(base::AttendeeId id);
  void take_waiting(std::vector<Waiting>& taken, std::size_t limit);
  /// A read is over: somebody who waits begins the next one.
  void pass_on();

  ConnectionPool& pool_;
  const FactsLimits limits_;
  std::mutex mutex_;
  std::deque<Waiting> waiting_;  // under mutex_
  std::size_t reads_ = 0;        // under mutex_
};

}  // namespace zl::mysql
