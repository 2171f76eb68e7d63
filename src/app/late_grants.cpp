#include "app/late_grants.hpp"

#include <map>
#include <utility>

#include "base/crash_point.hpp"
#include "runtime/log.hpp"

namespace zl::app {

void ReturnLateGrants::on_late_grants(std::vector<LateGrant> grants) {
  counted_.add(grants.size());
  runtime::log::warning("late_grants", {{"count", grants.size()}});
  ZL_CRASH_POINT("late_grant.heard");
  group_.spawn(give_back(std::move(grants)), "late_grants");
}

/// Where it does not come to that, or is lost on the way, the holds end by their deadline.
asio::awaitable<void> ReturnLateGrants::give_back(std::vector<LateGrant> grants) {
  co_await group_.sleeper().sleep_for(patience_);
  if (group_.stopping()) co_return;
  ZL_CRASH_POINT("late_grant.waited");
  std::map<std::pair<base::ProgrammeId, base::ActivityId>, std::vector<HoldRef>> holds;
  for (const auto& [wish, grant] : grants) holds[{wish.programme_id, wish.activity_id}].push_back({wish.id, grant});
  for (auto& [of, unheard] : holds) {
    (void)co_await gate_.remove(of.first, of.second, std::move(unheard), Unit::returns);
    ZL_CRASH_POINT("late_grant.returned");
  }
}

}  // namespace zl::app
