#include "runtime/metrics.hpp"

#include <prometheus/metric_type.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

#include "base/invariant.hpp"

namespace zl::runtime {
namespace {

constexpr double ns_per_second = 1e9;
constexpr double longest_observation_s = 1e6;  // keeps the sum of many within 64 bits

/// A value that somebody else keeps.
class ReadMetric final : public Metric {
 public:
  ReadMetric(prometheus::MetricType type, std::function<double()> read) : type_(type), read_(std::move(read)) {}

  void collect(prometheus::ClientMetric& into) const override {
    if (type_ == prometheus::MetricType::Counter) {
      into.counter.value = read_();
    } else {
      into.gauge.value = read_();
    }
  }

 private:
  prometheus::MetricType type_;
  std::function<double()> read_;
};

}  // namespace

std::size_t metric_slot() {
  static std::atomic<std::size_t> next = 0;
  thread_local const std::size_t slot = next.fetch_add(1, std::memory_order_relaxed) % metric_slots;
  return slot;
}

std::uint64_t Counter::value() const {
  std::uint64_t sum = 0;
  for (const Slot& slot : slots_) sum += slot.value.load(std::memory_order_relaxed);
  return sum;
}

void Counter::collect(prometheus::ClientMetric& into) const {
  into.counter.value = static_cast<double>(value());
}

void Gauge::collect(prometheus::ClientMetric& into) const {
  into.gauge.value = static_cast<double>(value());
}

Histogram::Histogram(std::span<const double> bounds) : bounds_(bounds.begin(), bounds.end()) {
  base::invariant(std::is_sorted(bounds_.begin(), bounds_.end()), "the bounds of a histogram ascend");
  for (Slot& slot : slots_) slot.buckets = std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1);
}

void Histogram::observe(double seconds) {
  const double kept = seconds > 0 ? std::min(seconds, longest_observation_s) : 0.0;
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), kept) - bounds_.begin();
  Slot& slot = slots_[metric_slot()];
  slot.buckets[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  slot.sum_ns.fetch_add(static_cast<std::uint64_t>(kept * ns_per_second), std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
  std::uint64_t sum = 0;
  for (const Slot& slot : slots_) {
    for (std::size_t i = 0; i <= bounds_.size(); ++i) sum += slot.buckets[i].load(std::memory_order_relaxed);
  }
  return sum;
}

void Histogram::collect(prometheus::ClientMetric& into) const {
  std::vector<std::uint64_t> counts(bounds_.size() + 1);
  std::uint64_t sum_ns = 0;
  for (const Slot& slot : slots_) {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += slot.buckets[i].load(std::memory_order_relaxed);
    sum_ns += slot.sum_ns.load(std::memory_order_relaxed);
  }
  // The count is the sum of what was read, so that the buckets always add up; the serializer adds the bucket +Inf.
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < bounds_.size(); ++i) {
    cumulative += counts[i];
    into.histogram.bucket.push_back({cumulative, bounds_[i]});
  }
  into.histogram.sample_count = cumulative + counts.back();
  into.histogram.sample_sum = static_cast<double>(sum_ns) / ns_per_second;
}

std::span<const double> latency_bounds() {
  static constexpr double bounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                      0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
  return bounds;
}

Metrics::Family& Metrics::family(std::string_view name, std::string_view help, prometheus::MetricType type) {
  const auto found = std::find_if(families_.begin(), families_.end(), [&](const Family& f) { return f.name == name; });
  if (found == families_.end()) return families_.emplace_back(Family{std::string(name), std::string(help), type, {}});
  base::invariant(found->type == type && found->help == help, "one metric's name has one kind and one help");
  return *found;
}

template <class M, class... Args>
M& Metrics::find_or_add(std::string_view name, std::string_view help, prometheus::MetricType type, Labels labels,
                        Args&&... args) {
  const std::lock_guard lock(mutex_);
  Family& family = this->family(name, help, type);
  for (const Series& series : family.series) {
    if (series.labels != labels) continue;
    auto* metric = dynamic_cast<M*>(series.metric.get());
    base::invariant(metric != nullptr, "one time series has one keeper");
    return *metric;
  }
  auto metric = std::make_unique<M>(std::forward<Args>(args)...);
  M& added = *metric;
  family.series.push_back(Series{std::move(labels), std::move(metric)});
  return added;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, Labels labels) {
  return find_or_add<Counter>(name, help, prometheus::MetricType::Counter, std::move(labels));
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, Labels labels) {
  return find_or_add<Gauge>(name, help, prometheus::MetricType::Gauge, std::move(labels));
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, Labels labels,
                              std::span<const double> bounds) {
  return find_or_add<Histogram>(name, help, prometheus::MetricType::Histogram, std::move(labels), bounds);
}

void Metrics::gauge(std::string_view name, std::string_view help, Labels labels, std::function<double()> read) {
  constexpr auto type = prometheus::MetricType::Gauge;
  find_or_add<ReadMetric>(name, help, type, std::move(labels), type, std::move(read));
}

void Metrics::counter(std::string_view name, std::string_view help, Labels labels, std::function<double()> read) {
  constexpr auto type = prometheus::MetricType::Counter;
  find_or_add<ReadMetric>(name, help, type, std::move(labels), type, std::move(read));
}

std::vector<prometheus::MetricFamily> Metrics::Collect() const {
  const std::lock_guard lock(mutex_);
  std::vector<prometheus::MetricFamily> collected;
  collected.reserve(families_.size());
  for (const Family& family : families_) {
    auto& into = collected.emplace_back();
    into.name = family.name;
    into.help = family.help;
    into.type = family.type;
    for (const Series& series : family.series) {
      auto& metric = into.metric.emplace_back();
      for (const auto& [label, value] : series.labels) metric.label.push_back({label, value});
      series.metric->collect(metric);
    }
  }
  return collected;
}

std::string Metrics::render() const {
  return prometheus::TextSerializer().Serialize(Collect());
}

}  // namespace zl::runtime
