// The event loops: each connection lives on one of them, each loop on one thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <vector>

#include "rush/http_client.hpp"

namespace zl::rush {

class Loops {
 public:
  Loops(std::size_t threads, std::size_t connections, const Server& server, std::chrono::milliseconds timeout);

  std::size_t count() const { return loops_.size(); }
  std::size_t connections() const { return clients_.size(); }

  /// Parents share connections when there are more parents than connections.
  HttpClient& client_of(std::size_t parent) { return *clients_[parent % clients_.size()]; }
  std::size_t loop_of(std::size_t parent) const { return parent % clients_.size() % loops_.size(); }

  /// Queues work for the next run().
  void spawn(std::size_t loop, boost::asio::awaitable<void> work);

  /// Runs all loops until nothing is left to do; connections stay open. Rethrows the first exception of the work.
  void run();

 private:
  std::vector<std::unique_ptr<boost::asio::io_context>> loops_;
  std::vector<std::unique_ptr<HttpClient>> clients_;
  std::mutex failure_guard_;
  std::exception_ptr failure_;  ///< guarded by failure_guard_
};

}  // namespace zl::rush
