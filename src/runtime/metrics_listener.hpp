// Serves the metrics on a listener of their own, apart from what clients reach.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "runtime/metrics.hpp"

namespace zl::runtime {

class MetricsListener {
 public:
  /// GET /metrics on address:port until destroyed. Throws std::runtime_error where the port can't be had.
  MetricsListener(const std::string& address, std::uint16_t port, std::shared_ptr<Metrics> metrics);
  ~MetricsListener();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace zl::runtime
