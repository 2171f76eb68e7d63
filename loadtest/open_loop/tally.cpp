#include "open_loop/tally.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace zl::open_loop {
namespace {

constexpr std::chrono::milliseconds slice_length{100};

float milliseconds(SteadyTime::duration time) {
  return std::chrono::duration<float, std::milli>(time).count();
}

/// By nearest rank; 0 where there is none.
float percentile(std::vector<float> samples, double share) {
  if (samples.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(samples.size())));
  const auto at = samples.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(samples.begin(), at, samples.end());
  return *at;
}

std::string summary(const std::vector<float>& samples) {
  return fmt::format(R"({{"count":{},"p50_ms":{:.3f},"p99_ms":{:.3f},"max_ms":{:.3f}}})", samples.size(),
                     percentile(samples, 0.5), percentile(samples, 0.99), percentile(samples, 1));
}

std::string phase_json(const PhaseTally& phase) {
  std::string kinds;
  for (const Kind& kind : phase.kinds) {
    if (!kinds.empty()) kinds += ',';
    kinds += fmt::format(R"("{}":{})", kind.name, summary(kind.latencies_ms));
  }
  std::string retry;
  for (std::size_t seconds = 0; seconds < phase.retry_s.size(); ++seconds) {
    if (phase.retry_s[seconds] == 0) continue;
    if (!retry.empty()) retry += ',';
    retry += fmt::format(R"("{}":{})", seconds, phase.retry_s[seconds]);
  }
  return fmt::format(
      R"({{"name":"{}","rate":{:.1f},"seconds":{:.3f},"meant":{},"created":{},"lag":{},"answers":{{{}}},"retry_after_s":{{{}}}}})",
      phase.name, phase.rate, phase.seconds, phase.meant, phase.created, summary(phase.lags_ms), kinds, retry);
}

}  // namespace

void Tally::begin_phase(std::string name, double rate, double seconds, SteadyTime start) {
  if (phases_.empty()) start_ = start;
  PhaseTally& phase = phases_.emplace_back();
  phase.name = std::move(name);
  phase.rate = rate;
  phase.seconds = seconds;
}

Slice& Tally::slice_of(SteadyTime moment) {
  const auto index = static_cast<std::size_t>((moment - start_) / slice_length);
  if (index >= slices_.size()) slices_.resize(index + 1);
  return slices_[index];
}

void Tally::count_sent(const Asked& asked, SteadyTime now) {
  PhaseTally& phase = phases_[asked.phase];
  ++phase.meant;
  phase.lags_ms.push_back(milliseconds(now - asked.intended));
  ++slice_of(asked.intended).meant;
}

void Tally::count_answer(const Asked& asked, const Answer& answer, SteadyTime now) {
  PhaseTally& phase = phases_[asked.phase];
  const float latency_ms = milliseconds(now - asked.intended);
  const bool created = answer.status == 201;
  const std::string name =
      answer.code.empty() ? std::to_string(answer.status) : fmt::format("{} {}", answer.status, answer.code);
  auto kind = std::ranges::find(phase.kinds, name, &Kind::name);
  if (kind == phase.kinds.end()) kind = phase.kinds.insert(kind, Kind{name, {}});
  kind->latencies_ms.push_back(latency_ms);
  if (created) ++phases_.back().created;
  if (answer.retry_after_s > 0) {
    const auto seconds = static_cast<std::size_t>(answer.retry_after_s);
    if (seconds >= phase.retry_s.size()) phase.retry_s.resize(seconds + 1);
    ++phase.retry_s[seconds];
  }
  Slice& slice = slice_of(asked.intended);
  if (created) slice.created_ms.push_back(latency_ms);
  if (answer.status == 503) ++slice.refused;
}

std::string Tally::json(std::size_t sent, std::size_t unanswered, std::size_t broken, std::size_t reconnected) const {
  std::string phases;
  for (const PhaseTally& phase : phases_) {
    if (!phases.empty()) phases += ',';
    phases += phase_json(phase);
  }
  std::string slices;
  for (const Slice& slice : slices_) {
    if (!slices.empty()) slices += ',';
    slices += fmt::format(R"({{"meant":{},"refused":{},"created":{},"p99_ms":{:.3f}}})", slice.meant, slice.refused,
                          slice.created_ms.size(), percentile(slice.created_ms, 0.99));
  }
  return fmt::format(
      R"({{"sent":{},"unanswered":{},"broken":{},"reconnected":{},"phases":[{}],"slice_s":0.1,"slices":[{}]}})", sent,
      unanswered, broken, reconnected, phases, slices);
}

}  // namespace zl::open_loop
