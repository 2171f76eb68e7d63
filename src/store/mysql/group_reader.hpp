// Reads rows by their ids. Who asks while reads are under way goes into the next one together with all others: after a
// start or an outage thousands ask at once, each for one row.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <deque>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/outcome.hpp"
#include "runtime/resumption.hpp"
#include "store/mysql/pool.hpp"

namespace zl::mysql {

struct GroupReaderLimits {
  std::size_t reads_at_once = 2;  ///< connections of the pool; more: smaller reads
  std::size_t ids_at_once = 512;  ///< of one read
  std::size_t waiting = 16'384;   ///< who wait for a read to begin; beyond it a call is overloaded
};

/// Thread-safe.
template <class Id, class Value>
class GroupReader {
 public:
  using Answer = base::Outcome<std::optional<Value>>;
  using Found = std::unordered_map<Id, Value>;
  /// Finds what there is of these ids, which may come twice. Throws SqlError.
  using Read = Found (*)(Connection&, const std::vector<Id>&);

  /// The pool outlives it.
  GroupReader(ConnectionPool& pool, Read read, GroupReaderLimits limits = {})
      : pool_(pool), read_(read), limits_(limits) {}
  GroupReader(const GroupReader&) = delete;
  GroupReader& operator=(const GroupReader&) = delete;

  /// Nothing where there is no such id. Read after this call, never before. Refused as by ConnectionPool::read.
  boost::asio::awaitable<Answer> read(Id id) {
    std::optional<Answer> answer = co_await runtime::suspend<std::optional<Answer>>(
        [this, id](runtime::Resumption<std::optional<Answer>> caller) { enter({id, std::move(caller)}); });
    if (answer) co_return *std::move(answer);
    co_return co_await read_for_all(id);
  }

 private:
  /// Resumed without an answer, a caller reads for itself and for those who wait.
  struct Waiting {
    Id id;
    runtime::Resumption<std::optional<Answer>> caller;
  };

  void enter(Waiting waiting) {
    std::optional<Answer> answer;
    {
      const std::lock_guard lock(mutex_);
      if (reads_ < limits_.reads_at_once) {
        ++reads_;
      } else if (waiting_.size() < limits_.waiting) {
        waiting_.push_back(std::move(waiting));
        return;
      } else {
        answer.emplace(base::Refused{base::Code::overloaded, "too many wait to be read", {}, 0});
      }
    }
    std::move(waiting.caller)(std::move(answer));
  }

  boost::asio::awaitable<Answer> read_for_all(Id id) {
    std::vector<Waiting> others;
    std::exception_ptr thrown;
    base::Outcome<Found> found = base::Code::unavailable;
    try {
      // Whoever has come until a thread is free is read too.
      found = co_await pool_.read([&](Connection& connection) -> base::Outcome<Found> {
        take_waiting(others, limits_.ids_at_once - 1);
        std::vector<Id> ids{id};
        for (const Waiting& other : others) ids.push_back(other.id);
        return read_(connection, ids);
      });
    } catch (...) {
      thrown = std::current_exception();
    }
    // What refused this read would refuse the next ones, each after as long a wait.
    if (!found) take_waiting(others, std::numeric_limits<std::size_t>::max());
    pass_on();
    for (Waiting& other : others) std::move(other.caller)(answer_in(found, other.id));
    if (thrown) std::rethrow_exception(thrown);
    co_return answer_in(found, id);
  }

  static Answer answer_in(const base::Outcome<Found>& found, const Id& id) {
    if (!found) return found.template as<std::optional<Value>>();
    const auto place = found->find(id);
    return place == found->end() ? std::nullopt : std::optional(place->second);
  }

  void take_waiting(std::vector<Waiting>& taken, std::size_t limit) {
    const std::lock_guard lock(mutex_);
    while (!waiting_.empty() && taken.size() < limit) {
      taken.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
  }

  /// A read is over: somebody who waits begins the next one.
  void pass_on() {
    std::optional<Waiting> next;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        --reads_;
        return;
      }
      next.emplace(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    std::move(next->caller)(std::nullopt);
  }

  ConnectionPool& pool_;
  const Read read_;
  const GroupReaderLimits limits_;
  std::mutex mutex_;
  std::deque<Waiting> waiting_;  // under mutex_
  std::size_t reads_ = 0;        // under mutex_
};

}  // namespace zl::mysql
