// What differs between kinds of activity, as policy data. A new kind is a new row here and its checks beside it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "domain/catalogue.hpp"

namespace zl::domain {

struct KindPolicy {
  Kind kind;
  std::string_view name;     ///< on the wire
  std::size_t sessions_min;  ///< 1..n; bounded by limits::sessions_per_activity
  std::size_t sessions_max;
};

const KindPolicy& policy_of(Kind kind);

/// Nothing for a name that no kind has.
std::optional<Kind> kind_named(std::string_view name);

}  // namespace zl::domain
