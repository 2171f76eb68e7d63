#include "runtime/metrics_listener.hpp"

#include <prometheus/exposer.h>

#include <stdexcept>

namespace zl::runtime {

class MetricsListener::State {
 public:
  State(const std::string& bind_address, std::shared_ptr<Metrics> metrics)
      : metrics_(std::move(metrics)), exposer_(bind_address, 1) {
    exposer_.RegisterCollectable(metrics_);
  }

 private:
  std::shared_ptr<Metrics> metrics_;
  prometheus::Exposer exposer_;
};

MetricsListener::MetricsListener(const std::string& address, std::uint16_t port, std::shared_ptr<Metrics> metrics) {
  const bool is_v6 = address.find(':') != std::string::npos;
  const std::string bind_address = (is_v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
  try {
    state_ = std::make_unique<State>(bind_address, std::move(metrics));
  } catch (const std::exception& error) {
    throw std::runtime_error("metrics.port: cannot listen on " + bind_address + ": " + error.what());
  }
}

MetricsListener::~MetricsListener() = default;

}  // namespace zl::runtime
