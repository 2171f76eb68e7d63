#include "app/seal_audit.hpp"

#include <chrono>

#include "runtime/log.hpp"

namespace zl::app {
namespace {

constexpr std::chrono::minutes interval{1};

}  // namespace

asio::awaitable<void> keep_sealed(AuditSealer& sealer, runtime::TaskGroup& group) {
  std::uint64_t logged = 0;
  while (!group.stopping()) {
    const base::Outcome<std::optional<AuditSeal>> newest = co_await sealer.seal();
    if (!newest) {
      runtime::log::warning("audit_not_sealed", {});
    } else if (*newest && (*newest)->number != logged) {
      logged = (*newest)->number;
      runtime::log::info("audit_sealed", {{"number", logged}, {"seal", (*newest)->hash}});
    }
    co_await group.sleeper().sleep_for(interval);
  }
}

}  // namespace zl::app
