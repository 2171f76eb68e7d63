#include "runtime/metrics.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

#include "runtime/latency.hpp"
#include "unit/runtime/support.hpp"

namespace zl::runtime {
namespace {

TEST(Metrics, renders_the_text_format) {
  Metrics metrics;
  metrics.counter("requests_total", "Requests.", {{"route", "/time"}, {"status", "200"}}).add(3);
  metrics.gauge("connections", "Open connections.").set(-2);
  metrics.gauge("queue_depth", "Waiting calls.", {{"pool", "a\"b"}}, [] { return 1.5; });
  EXPECT_EQ(metrics.render(),
            "# HELP requests_total Requests.\n"
            "# TYPE requests_total counter\n"
            "requests_total{route=\"/time\",status=\"200\"} 3\n"
            "# HELP connections Open connections.\n"
            "# TYPE connections gauge\n"
            "connections -2\n"
            "# HELP queue_depth Waiting calls.\n"
            "# TYPE queue_depth gauge\n"
            "queue_depth{pool=\"a\\\"b\"} 1.5\n");
}

TEST(Metrics, a_histogram_counts_into_cumulative_buckets) {
  Metrics metrics;
  const double bounds[] = {0.5, 1};
  auto& histogram = metrics.histogram("stage_seconds", "Stage.", {{"stage", "gate"}}, bounds);
  for (const double seconds : {0.25, 0.5, 0.75, 2.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    histogram.observe(seconds);
  }
  EXPECT_EQ(histogram.count(), 6U);
  EXPECT_EQ(metrics.render(),
            "# HELP stage_seconds Stage.\n"
            "# TYPE stage_seconds histogram\n"
            "stage_seconds_count{stage=\"gate\"} 6\n"
            "stage_seconds_sum{stage=\"gate\"} 3.5\n"
            "stage_seconds_bucket{stage=\"gate\",le=\"0.5\"} 4\n"
            "stage_seconds_bucket{stage=\"gate\",le=\"1\"} 5\n"
            "stage_seconds_bucket{stage=\"gate\",le=\"+Inf\"} 6\n");
}

TEST(Metrics, the_same_name_and_labels_give_the_same_metric) {
  Metrics metrics;
  auto& first = metrics.counter("c", "Count.", {{"code", "sold_out"}});
  EXPECT_EQ(&first, &metrics.counter("c", "Count.", {{"code", "sold_out"}}));
  EXPECT_NE(&first, &metrics.counter("c", "Count.", {{"code", "closed"}}));
}

TEST(MetricsDeathTest, one_name_has_one_kind) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Metrics metrics;
  metrics.counter("c", "Count.");
  EXPECT_DEATH(metrics.gauge("c", "Count."), "one kind");
}

TEST(Metrics, nothing_that_threads_count_is_lost) {
  Metrics metrics;
  auto& counter = metrics.counter("c", "Count.");
  auto& histogram = metrics.histogram("h", "Time.");
  std::vector<std::thread> threads;
  threads.reserve(metric_slots + 4);
  for (std::size_t t = 0; t < metric_slots + 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        counter.add();
        histogram.observe(0.001);
      }
    });
  }
  metrics.render();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 1000 * (metric_slots + 4));
  EXPECT_EQ(histogram.count(), 1000 * (metric_slots + 4));
}

TEST(StageTimer, observes_the_time_to_its_end_once) {
  test::ManualClock clock;
  Metrics metrics;
  auto& histogram = metrics.histogram("h", "Time.");
  {
    StageTimer timer(histogram, clock);
    clock.advance(base::Milliseconds(250));
    timer.stop();
    clock.advance(base::Milliseconds(250));
  }
  EXPECT_EQ(histogram.count(), 1U);
  EXPECT_NE(metrics.render().find("h_sum 0.25\n"), std::string::npos);
}

}  // namespace
}  // namespace zl::runtime
