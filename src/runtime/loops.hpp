// The event loops: n times one io_context run by one thread. What starts on a loop stays on it.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace zl::runtime {

/// Owner of the loops and their threads. Everything that resumes coroutines here (pools, links) is to be stopped before
/// this is destroyed: a coroutine that still waits then is destroyed where it stands.
class Loops {
 public:
  using Executor = boost::asio::io_context::executor_type;

  /// `count` is at least 1. No thread runs before start().
  explicit Loops(std::size_t count);
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;
  /// stop() and join().
  ~Loops();

  /// Starts the threads; called once. An exception that leaves a handler is logged and ends the process.
  void start();

  /// Tells the loops to return without waiting for what is pending. Callable from any thread.
  void stop();

  /// Waits for the threads; a loop ends when it has nothing left to wait for, or by stop(). Not callable on a loop.
  void join();

  std::size_t size() const { return loops_.size(); }
  Executor executor(std::size_t index) const;

  /// True on a thread that runs a loop.
  static bool on_loop();

  /// Index of the loop that this thread runs; the process ends where there is none.
  static std::size_t current();

 private:
  struct Loop;

  std::vector<std::unique_ptr<Loop>> loops_;
};

}  // namespace zl::runtime
