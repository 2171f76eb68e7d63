#include "rush/statistics.hpp"

#include <gtest/gtest.h>

namespace zl::rush {
namespace {

TEST(LatenciesTest, are_exact_nearest_ranks) {
  std::vector<double> samples_ms;
  for (int sample = 1000; sample >= 1; --sample) {
    samples_ms.push_back(sample);
  }
  const Latencies latencies = latencies_of(samples_ms);
  EXPECT_EQ(latencies.count, 1000U);
  EXPECT_EQ(latencies.p50_ms, 500);
  EXPECT_EQ(latencies.p90_ms, 900);
  EXPECT_EQ(latencies.p99_ms, 990);
  EXPECT_EQ(latencies.p999_ms, 999);
  EXPECT_EQ(latencies.max_ms, 1000);
}

TEST(LatenciesTest, of_nothing_are_zero_and_of_one_sample_are_that_sample) {
  EXPECT_EQ(latencies_of({}).count, 0U);
  EXPECT_EQ(latencies_of({7}).p50_ms, 7);
  EXPECT_EQ(latencies_of({7}).p999_ms, 7);
}

Press make_press(std::string code, Outcome outcome, double intended_ms, double sent_ms, double answered_ms) {
  Press press;
  press.code = std::move(code);
  press.outcome = outcome;
  press.intended_ms = intended_ms;
  press.sent_ms = sent_ms;
  press.answered_ms = answered_ms;
  press.sends = 1;
  return press;
}

TEST(StatisticsTest, count_latency_from_the_intended_moment_and_by_outcome) {
  std::vector<Press> presses{make_press("granted", Outcome::granted, 100, 140, 150),
                             make_press("sold_out", Outcome::refused, 200, 200, 203)};
  presses.front().decided_at = 1'000'145;
  Programme programme;
  programme.release = 1'000'000;
  const Statistics statistics =
      summarise(programme, presses, {{.intended_ms = 10, .answered_ms = 30, .code = "looked"}});
  EXPECT_EQ(statistics.by_code.at("granted").max_ms, 50);
  EXPECT_EQ(statistics.by_code.at("sold_out").max_ms, 3);
  EXPECT_EQ(statistics.lag.max_ms, 40);
  EXPECT_EQ(statistics.looks.at("looked").p50_ms, 20);
  EXPECT_EQ(statistics.granted, 1U);
  EXPECT_EQ(statistics.last_seat_ms, 145);
}

TEST(StatisticsTest, tell_the_seats_gone_at_any_moment) {
  const std::vector<SeatsAt> steps{{.at_ms = 10, .gone = 1}, {.at_ms = 10, .gone = 2}, {.at_ms = 40, .gone = 3}};
  EXPECT_EQ(seats_gone_by(steps, 9.9), 0U);
  EXPECT_EQ(seats_gone_by(steps, 10), 2U);
  EXPECT_EQ(seats_gone_by(steps, 39), 2U);
  EXPECT_EQ(seats_gone_by(steps, 1000), 3U);
}

}  // namespace
}  // namespace zl::rush
