// Counters, gauges and histograms that cost a few nanoseconds on the hot path, served in Prometheus's text format.
#pragma once

#include <prometheus/client_metric.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zl::runtime {

/// Threads write to slots of their own where there are no more threads than this, and share them beyond.
inline constexpr std::size_t metric_slots = 16;

/// The slot of this thread, chosen when it first asks.
std::size_t metric_slot();

/// Anything with one time series.
class Metric {
 public:
  virtual ~Metric() = default;
  virtual void collect(prometheus::ClientMetric& into) const = 0;
};

/// Only grows.
class Counter final : public Metric {
 public:
  void add(std::uint64_t n = 1) { slots_[metric_slot()].value.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const;
  void collect(prometheus::ClientMetric& into) const override;

 private:
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> value = 0;
  };
  std::array<Slot, metric_slots> slots_;
};

/// Goes up and down.
class Gauge final : public Metric {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }
  void collect(prometheus::ClientMetric& into) const override;

 private:
  std::atomic<std::int64_t> value_ = 0;
};

/// Durations in seconds, counted in fixed buckets.
class Histogram final : public Metric {
 public:
  /// `bounds` ascend; a bucket holds what is at most its bound, one more holds the rest.
  explicit Histogram(std::span<const double> bounds);

  /// Negative durations and NaN count as 0.
  void observe(double seconds);

  std::uint64_t count() const;
  void collect(prometheus::ClientMetric& into) const override;

 private:
  struct alignas(64) Slot {
    std::unique_ptr<std::atomic<std::uint64_t>[]> buckets;
    std::atomic<std::uint64_t> sum_ns = 0;
  };

  std::vector<double> bounds_;
  std::array<Slot, metric_slots> slots_;
};

/// 100 µs to 10 s.
std::span<const double> latency_bounds();

using Labels = std::vector<std::pair<std::string, std::string>>;

/// All metrics of the process. Registering is for the start: it locks, and what it returns lives as long as the
/// registry. One name has one kind and one help; a name and labels that exist already give the same metric again.
class Metrics final : public prometheus::Collectable {
 public:
  Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, Labels labels = {},
                       std::span<const double> bounds = latency_bounds());

  /// A gauge that is asked when somebody reads: `read` is thread-safe, quick, and valid as long as the registry.
  void gauge(std::string_view name, std::string_view help, Labels labels, std::function<double()> read);
  /// Likewise for a count that somebody else keeps.
  void counter(std::string_view name, std::string_view help, Labels labels, std::function<double()> read);

  std::vector<prometheus::MetricFamily> Collect() const override;

  /// Text format 0.0.4.
  std::string render() const;
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Series {
    Labels labels;
    std::unique_ptr<Metric> metric;
  };
  struct Family {
    std::string name;
    std::string help;
    prometheus::MetricType type;
    std::vector<Series> series;
  };

  template <class M, class... Args>
  M& find_or_add(std::string_view name, std::string_view help, prometheus::MetricType type, Labels labels,
                 Args&&... args);
  Family& family(std::string_view name, std::string_view help, prometheus::MetricType type);

  mutable std::mutex mutex_;
  std::vector<Family> families_;  // under mutex_
};

}  // namespace zl::runtime
