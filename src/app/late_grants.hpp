// What becomes of seats that the gate gave to somebody who no longer waits.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <vector>

#include "app/gate.hpp"
#include "base/time.hpp"
#include "runtime/metrics.hpp"
#include "runtime/task_group.hpp"

namespace zl::app {

/// Gives late grants back, but not before their callers had time to come again with the same key: who does finds the
/// seat held, under a newer grant that this does not touch. Callable on any loop.
class ReturnLateGrants final : public LateGrants {
 public:
  /// Covers the Retry-After that such a caller is told, 1 or 2 s, and the way.
  static constexpr base::Milliseconds usual_patience{3000};

  ReturnLateGrants(Gate& gate, runtime::TaskGroup& group, runtime::Counter& counted,
                   base::Milliseconds patience = usual_patience)
      : gate_(gate), group_(group), counted_(counted), patience_(patience) {}

  void on_late_grants(std::vector<LateGrant> grants) override;

 private:
  asio::awaitable<void> give_back(std::vector<LateGrant> grants);

  Gate& gate_;
  runtime::TaskGroup& group_;
  runtime::Counter& counted_;
  const base::Milliseconds patience_;
};

}  // namespace zl::app
