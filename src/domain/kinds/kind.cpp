#include "domain/kinds/kind.hpp"

#include <array>

#include "base/invariant.hpp"
#include "base/limits.hpp"

namespace zl::domain {
namespace {

constexpr std::array<KindPolicy, 2> policies{{
    {Kind::class_, "class", 1, base::limits::sessions_per_activity},
    {Kind::camp, "camp", 1, base::limits::sessions_per_activity},
}};

}  // namespace

const KindPolicy& policy_of(Kind kind) {
  for (const KindPolicy& policy : policies) {
    if (policy.kind == kind) return policy;
  }
  base::fail_invariant("every kind has a policy", std::source_location::current());
}

std::optional<Kind> kind_named(std::string_view name) {
  for (const KindPolicy& policy : policies) {
    if (policy.name == name) return policy.kind;
  }
  return std::nullopt;
}

}  // namespace zl::domain
