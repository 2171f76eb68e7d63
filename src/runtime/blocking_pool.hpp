// Threads for work that blocks, behind a bounded queue; the one way from an event loop to a blocking call.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/outcome.hpp"
#include "runtime/resumption.hpp"

namespace zl::runtime {

/// Run by each thread of a pool, first and last; they must not throw. Either may be empty.
struct ThreadHooks {
  std::function<void()> at_start;
  std::function<void()> at_end;
};

class BlockingPool {
 public:
  /// `threads` and `queue_limit` are at least 1; `clock` counts the deadlines and outlives the pool.
  BlockingPool(std::string name, std::size_t threads, std::size_t queue_limit, const base::Clock& clock,
               ThreadHooks hooks = {});
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;
  /// stop().
  ~BlockingPool();

  /// Calls `fn` (() -> base::Outcome<T>; it and T may be move-only) on a thread of the pool and resumes the caller on
  /// its own loop. Refused as overloaded, and then `fn` never runs: where the queue is full, where `deadline` passes
  /// before a thread is free, and after stop(). Once `fn` runs the caller waits for its end, whatever the deadline.
  /// What `fn` throws is rethrown to the caller.
  template <class F>
  boost::asio::awaitable<std::invoke_result_t<F&>> run(F fn, base::SteadyTime deadline) {
    CallOf<F> call(std::move(fn));
    const bool ran = co_await submit(call, deadline);
    if (!ran) co_return base::Refused{base::Code::overloaded, name_, {}, 0};
    co_return std::move(call).result();
  }

  /// Takes no more calls, runs those that are queued, joins the threads. Not callable on a loop or twice at once.
  void stop();

  const std::string& name() const { return name_; }
  std::size_t queued() const { return queued_.load(std::memory_order_relaxed); }
  std::size_t busy() const { return busy_.load(std::memory_order_relaxed); }

 private:
  /// Lives in the frame of run(), which stays suspended until the call was run or refused.
  class Call {
   public:
    virtual ~Call() = default;
    virtual void run() noexcept = 0;
  };

  template <class F>
  class CallOf final : public Call {
   public:
    using Result = std::invoke_result_t<F&>;

    explicit CallOf(F fn) : fn_(std::move(fn)) {}

    void run() noexcept override {
      try {
        result_.emplace(fn_());
      } catch (...) {
        thrown_ = std::current_exception();
      }
    }

    Result result() && {
      if (thrown_) std::rethrow_exception(thrown_);
      return *std::move(result_);
    }

   private:
    F fn_;
    std::optional<Result> result_;
    std::exception_ptr thrown_;
  };

  struct Entry {
    Call* call;
    base::SteadyTime deadline;
    Resumption<bool> resume;
  };

  /// True when the call was run, false when it was refused.
  boost::asio::awaitable<bool> submit(Call& call, base::SteadyTime deadline);
  void enqueue(Entry entry);
  void work();
  void watch_deadlines();
  /// Out of the queue; under mutex_.
  std::list<Entry> take_expired();

  const std::string name_;
  const std::size_t queue_limit_;
  const base::Clock& clock_;
  const ThreadHooks hooks_;

  std::mutex mutex_;
  std::condition_variable work_came_;
  std::condition_variable watch_;
  std::list<Entry> queue_;  // under mutex_
  bool stopping_ = false;   // under mutex_

  std::atomic<std::size_t> queued_ = 0;
  std::atomic<std::size_t> busy_ = 0;
  std::vector<std::thread> threads_;
  std::thread watcher_;
};

}  // namespace zl::runtime
