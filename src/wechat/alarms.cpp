#include "wechat/alarms.hpp"

#include <chrono>

#include "runtime/log.hpp"

namespace zl::wechat {
namespace {

constexpr std::chrono::minutes log_pause{10};
// Calls are the program's own and codes the platform's; more pairs than this mean that neither is true.
constexpr std::size_t kept_max = 1000;

}  // namespace

Alarms::Alarms(const base::Clock& clock, runtime::Metrics& metrics)
    : clock_(clock),
      counter_(
          metrics.counter("zhonglou_wechat_alarms_total", "Answers of the platform that only an operator can mend.")) {}

void Alarms::raise(std::string_view call, int errcode, std::string_view rid) {
  counter_.add();
  const base::SteadyTime now = clock_.steady_now();
  {
    const std::lock_guard lock(mutex_);
    std::pair<std::string, int> key(call, errcode);
    if (kept_.size() >= kept_max && !kept_.contains(key)) return;
    const auto [place, is_new] = kept_.try_emplace(std::move(key));
    Kept& kept = place->second;
    kept.alarm = {std::string(call), errcode, std::string(rid), clock_.wall_now(), kept.alarm.times + 1};
    if (!is_new && now - kept.logged_at < log_pause) return;
    kept.logged_at = now;
  }
  runtime::log::error("wechat_alarm", {{"call", call}, {"errcode", errcode}, {"rid", rid}});
}

std::vector<Alarm> Alarms::raised() const {
  const std::lock_guard lock(mutex_);
  std::vector<Alarm> alarms;
  alarms.reserve(kept_.size());
  for (const auto& [key, kept] : kept_) alarms.push_back(kept.alarm);
  return alarms;
}

}  // namespace zl::wechat
