// A phase of the rush is: spawn work, run the loops dry. The connections survive from phase to phase.
#include "rush/loops.hpp"

#include <boost/asio/co_spawn.hpp>
#include <thread>
#include <utility>

namespace zl::rush {

Loops::Loops(std::size_t threads, std::size_t connections, const Server& server, std::chrono::milliseconds timeout) {
  for (std::size_t loop = 0; loop < threads; ++loop) {
    loops_.push_back(std::make_unique<boost::asio::io_context>(1));
  }
  for (std::size_t client = 0; client < connections; ++client) {
    clients_.push_back(std::make_unique<HttpClient>(*loops_[client % threads], server, timeout));
  }
}

void Loops::spawn(std::size_t loop, boost::asio::awaitable<void> work) {
  boost::asio::co_spawn(*loops_[loop], std::move(work), [this](const std::exception_ptr& failure) {
    const std::lock_guard lock(failure_guard_);
    if (failure && !failure_) {
      failure_ = failure;
    }
  });
}

void Loops::run() {
  std::vector<std::jthread> threads;
  threads.reserve(loops_.size());
  for (const auto& loop : loops_) {
    threads.emplace_back([&io = *loop] {
      io.restart();
      io.run();
    });
  }
  threads.clear();
  if (failure_) {
    std::rethrow_exception(std::exchange(failure_, nullptr));
  }
}

}  // namespace zl::rush
