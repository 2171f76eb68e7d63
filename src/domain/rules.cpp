#include "domain/rules.hpp"

#include <algorithm>

namespace zl::domain {

bool overlap(const Interval& a, const Interval& b) {
  return a.starts_at < b.ends_at && b.starts_at < a.ends_at;
}

bool any_overlap(const std::vector<Interval>& a, const std::vector<Interval>& b) {
  return std::ranges::any_of(a, [&b](const Interval& one) {
    return std::ranges::any_of(b, [&one](const Interval& other) { return overlap(one, other); });
  });
}

}  // namespace zl::domain
