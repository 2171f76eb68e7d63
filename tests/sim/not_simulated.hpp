// What the simulation does not do.
#pragma once

#include "sim/pool.hpp"

namespace zl::sim {

template <class T>
Answer<T> not_simulated() {
  co_return base::Code::internal;
}

}  // namespace zl::sim
