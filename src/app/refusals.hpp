// Refusals that several use cases give.
#pragma once

#include <utility>

#include "base/outcome.hpp"
#include "domain/validation.hpp"

namespace zl::app {

inline base::Refused invalid(domain::Faults faults) {
  return {base::Code::invalid_request, "some fields are out of bounds", std::move(faults), 0};
}

}  // namespace zl::app
