// Every sample is kept, so nothing is estimated: a rush has some ten thousand presses, not millions.
#include "rush/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace zl::rush {
namespace {

double nearest_rank(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

std::map<std::string, Latencies> group(std::map<std::string, std::vector<double>> samples_ms) {
  std::map<std::string, Latencies> grouped;
  for (auto& [code, samples] : samples_ms) {
    grouped.emplace(code, latencies_of(std::move(samples)));
  }
  return grouped;
}

std::vector<SeatsAt> steps_of(std::vector<double> decided_ms) {
  std::sort(decided_ms.begin(), decided_ms.end());
  std::vector<SeatsAt> steps;
  steps.reserve(decided_ms.size());
  for (const double at_ms : decided_ms) {
    steps.push_back({.at_ms = at_ms, .gone = steps.size() + 1});
  }
  return steps;
}

}  // namespace

Latencies latencies_of(std::vector<double> samples_ms) {
  if (samples_ms.empty()) {
    return {};
  }
  std::sort(samples_ms.begin(), samples_ms.end());
  return {.count = samples_ms.size(),
          .p50_ms = nearest_rank(samples_ms, 0.5),
          .p90_ms = nearest_rank(samples_ms, 0.9),
          .p99_ms = nearest_rank(samples_ms, 0.99),
          .p999_ms = nearest_rank(samples_ms, 0.999),
          .max_ms = samples_ms.back()};
}

Statistics summarise(const Programme& programme, const std::vector<Press>& presses, const std::vector<Look>& looks) {
  Statistics statistics;
  std::map<std::string, std::vector<double>> by_code;
  std::map<std::string, std::vector<double>> looked;
  std::vector<double> all;
  std::vector<double> lag;
  std::vector<double> decided_ms;
  for (const Press& press : presses) {
    by_code[press.code].push_back(press.answered_ms - press.intended_ms);
    all.push_back(press.answered_ms - press.intended_ms);
    lag.push_back(press.sent_ms - press.intended_ms);
    statistics.sends += static_cast<std::size_t>(press.sends);
    if (press.outcome == Outcome::granted) {
      statistics.granted += 1;
      const bool has_receipt = press.decided_at.has_value();
      decided_ms.push_back(has_receipt ? static_cast<double>(*press.decided_at - programme.release)
                                       : press.answered_ms);
    }
    statistics.cancelled += press.cancelled_ms ? 1 : 0;
  }
  for (const Look& look : looks) {
    looked[look.code].push_back(look.answered_ms - look.intended_ms);
  }
  statistics.presses = presses.size();
  statistics.by_code = group(std::move(by_code));
  statistics.looks = group(std::move(looked));
  statistics.all = latencies_of(std::move(all));
  statistics.lag = latencies_of(std::move(lag));
  statistics.seats_gone = steps_of(std::move(decided_ms));
  if (!statistics.seats_gone.empty()) {
    statistics.last_seat_ms = statistics.seats_gone.back().at_ms;
  }
  return statistics;
}

std::size_t seats_gone_by(const std::vector<SeatsAt>& steps, double at_ms) {
  const auto later = std::upper_bound(steps.begin(), steps.end(), at_ms,
                                      [](double value, const SeatsAt& step) { return value < step.at_ms; });
  return later == steps.begin() ? 0 : std::prev(later)->gone;
}

}  // namespace zl::rush
