// What the tests of runtime share: coroutines run to their end on real loops, and waits that end.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

#include "runtime/run_on.hpp"
#include "support/manual_clock.hpp"

namespace zl::test {

using runtime::start_on;

/// Waits until `condition` holds; false after ten seconds.
template <class Condition>
bool eventually(Condition condition) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::yield();
  }
  return true;
}

/// Longer than any test; a wait that ends by it has failed.
inline constexpr base::Milliseconds long_wait = std::chrono::seconds(60);

}  // namespace zl::test
